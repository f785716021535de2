/** Tables whose rows were taken out of another format: texts and nodes of graphs. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Edges } from '../dataset-pack/annotations.ts';
import { readNodeLink } from '../node-link/node-link.ts';
import { readTextFile } from '../text/text-file.ts';

export interface RowTable {
  /** A file of JSON records. */
  readonly path: string;
  readonly edges?: Edges;
  readonly warnings: readonly string[];
  dispose(): void;
}

/** @param folder for the file; a temporary one when absent */
export async function rowTable(format: 'node-link' | 'text', path: string, folder?: string): Promise<RowTable> {
  const into = folder ?? mkdtempSync(join(tmpdir(), 'lightbench-rows-'));
  mkdirSync(into, { recursive: true });
  const file = join(into, 'rows.json');
  const dispose = () => rmSync(folder === undefined ? into : file, { recursive: true, force: true });
  try {
    const graph = format === 'node-link' ? await readNodeLink(path) : undefined;
    writeFileSync(file, JSON.stringify(graph?.nodes ?? (await readTextFile(path))));
    return {
      path: file,
      warnings: graph?.warnings ?? [],
      dispose,
      ...(graph === undefined ? {} : { edges: graph.edges }),
    };
  } catch (error) {
    dispose();
    throw error;
  }
}
