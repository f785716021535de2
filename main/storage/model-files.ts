import { lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LightbenchError } from '../contract/errors.ts';
import { modelFilePath } from '../contract/models/own.ts';
import { sha256 } from './artifacts/artifact-store.ts';

/** A model is a page or two; more is something else. */
const LARGEST_BYTES = 1_000_000;

export interface StoredModelFile {
  /** `models/my-net.ts` */
  readonly path: string;
  readonly text: string;
  /** SHA-256 of the text. */
  readonly digest: string;
  readonly modifiedMs: number;
}

/** The model files of a workspace: plain TypeScript in `models/`, which any editor can change as well. */
export class ModelFiles {
  readonly #workspaceFolder: string;

  constructor(workspaceFolder: string) {
    this.#workspaceFolder = workspaceFolder;
  }

  /** By name. Folders, links and files of other kinds are passed over. */
  list(): StoredModelFile[] {
    let names: string[];
    try {
      names = readdirSync(join(this.#workspaceFolder, 'models'));
    } catch {
      return [];
    }
    return names
      .map((name) => `models/${name}`)
      .filter((path) => modelFilePath.safeParse(path).success)
      .toSorted()
      .flatMap((path) => {
        const file = this.find(path);
        return file === undefined ? [] : [file];
      });
  }

  /** Undefined when there is no such file. @throws LightbenchError source.unreadable when it is no plain file, or too large */
  find(path: string): StoredModelFile | undefined {
    const full = join(this.#workspaceFolder, modelFilePath.parse(path));
    const about = lstatSync(full, { throwIfNoEntry: false });
    if (about === undefined) return undefined;
    if (!about.isFile() || about.size > LARGEST_BYTES)
      throw new LightbenchError('source.unreadable', `${path} is not a file of less than 1 MB.`, {
        suggestion: 'Put a plain TypeScript file there.',
      });
    const bytes = readFileSync(full);
    return { path, text: bytes.toString('utf8'), digest: sha256(bytes), modifiedMs: Math.round(about.mtimeMs) };
  }

  /** Whole, or not at all. @throws LightbenchError storage.disk_full, storage.unwritable */
  write(path: string, text: string): StoredModelFile {
    const full = join(this.#workspaceFolder, modelFilePath.parse(path));
    const temporary = `${full}.incoming`;
    try {
      mkdirSync(join(this.#workspaceFolder, 'models'), { recursive: true });
      writeFileSync(temporary, text, { flush: true });
      renameSync(temporary, full);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw LightbenchError.from(error);
    }
    const bytes = Buffer.from(text, 'utf8');
    return { path, text, digest: sha256(bytes), modifiedMs: Math.round(lstatSync(full).mtimeMs) };
  }
}
