import { LightbenchError } from '../../contract/errors.ts';
import { DatasetFiles } from '../../formats/dataset-pack/dataset-files.ts';
import { FormatError } from '../../formats/format-error.ts';
import { ParquetRows } from '../../formats/table/table.ts';
import type { Workspace } from '../../storage/index.ts';

/** Datasets that stay open; an index of 60,000 images takes some 6 MB. */
const KEPT = 6;

export interface OpenDataset {
  readonly files: DatasetFiles;
  /** The rows of a table; opened when first asked for. */
  rows(): Promise<ParquetRows>;
}

interface Entry extends OpenDataset {
  close(): Promise<void>;
}

/** The datasets somebody has looked at lately, open. */
export class OpenDatasets {
  readonly #workspace: Workspace;
  readonly #open = new Map<string, Entry>();

  constructor(workspace: Workspace) {
    this.#workspace = workspace;
  }

  /** @throws LightbenchError record.not_found, workspace.damaged */
  get(digest: string): OpenDataset {
    const known = this.#open.get(digest);
    if (known !== undefined) {
      // To the end: the longest unused is first.
      this.#open.delete(digest);
      this.#open.set(digest, known);
      return known;
    }
    const stored = this.#workspace.datasets.version(digest);
    if (stored === undefined)
      throw new LightbenchError('record.not_found', `No dataset version has the digest ${digest}.`);
    const entry = this.#openEntry(stored.manifestDigest);
    this.#open.set(digest, entry);
    if (this.#open.size > KEPT) {
      const [[oldest, unused]] = this.#open;
      this.#open.delete(oldest);
      void unused.close();
    }
    return entry;
  }

  async close(): Promise<void> {
    const entries = [...this.#open.values()];
    this.#open.clear();
    await Promise.all(entries.map((entry) => entry.close()));
  }

  #openEntry(manifestDigest: string): Entry {
    const files = asDamaged(() => DatasetFiles.open(this.#workspace.artifacts, manifestDigest));
    let rows: Promise<ParquetRows> | undefined;
    return {
      files,
      rows: () => {
        if (files.tablePath === null) throw new Error('Only tables have rows');
        rows ??= ParquetRows.open(files.tablePath);
        return rows;
      },
      close: async () => {
        files.close();
        (await rows)?.close();
      },
    };
  }
}

/** Reading the workspace's own files: whatever is wrong with them is damage of the workspace. */
export function asDamaged<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw damaged(error);
  }
}

export function damaged(error: unknown): unknown {
  const missing = (error as { code?: string } | null)?.code === 'ENOENT';
  if (!missing && !(error instanceof FormatError) && !(error instanceof SyntaxError)) return error;
  return new LightbenchError(
    'workspace.damaged',
    `Part of a dataset ${missing ? 'is missing' : 'cannot be read'}: ${(error as Error).message}`,
    { cause: error },
  );
}
