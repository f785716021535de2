import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { WorkerEntry } from '../engine/core/context.ts';

export interface Layout {
  /** The folder with package.json: the repository, or the unpacked application. */
  readonly root: string;
  readonly rendererFolder: string;
  readonly applicationVersion: string;
  readonly workerEntry: WorkerEntry;
  /** Folder of an npm package that came with the program, whether or not it is there. */
  readonly packageFolder: (name: string) => string;
  /** Folder of the built model server. */
  readonly modelServerFolder: string;
}

/**
 * Where the parts of the program lie. Run from source, Node reads the TypeScript of `main/workers`; built, this file is
 * part of a bundle somewhere under `out/engine`, and the workers are bundles in `out/engine/workers`.
 */
export function findLayout(moduleUrl: string = import.meta.url): Layout {
  const here = fileURLToPath(moduleUrl);
  const built = !here.endsWith('.ts');
  const root = built
    ? dirname(join(here.slice(0, here.lastIndexOf(join('out', 'engine'))), 'out'))
    : join(dirname(here), '..', '..');
  const workers = built ? join(root, 'out', 'engine', 'workers') : join(root, 'main', 'workers');
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  return {
    root,
    rendererFolder: join(root, 'out', 'renderer'),
    applicationVersion: version,
    workerEntry: (name) => ({ path: join(workers, built ? `${name}.mjs` : `${name}.ts`) }),
    modelServerFolder: join(root, 'out', 'model-server'),
    packageFolder: (name) => join(root, 'node_modules', ...name.split('/')),
  };
}
