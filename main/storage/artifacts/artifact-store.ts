import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  createReadStream,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LightbenchError } from '../../contract/errors.ts';

/** Systems write at most 2 GiB at once. */
const WRITE_SIZE_BYTES = 2 ** 30;

export interface StoredArtifact {
  readonly digest: string;
  readonly sizeBytes: number;
}

/** Bytes on their way into the store. Nothing is visible under the digest until `commit`. */
export interface ArtifactWriter {
  write(bytes: Uint8Array): void;
  commit(): StoredArtifact;
  abort(): void;
}

/**
 * Content-addressed files, write-once: `artifacts/ab/cdef…` named by the SHA-256 of their content. Written to
 * `artifacts/incoming/`, fsynced, renamed, so that a kill leaves either the whole file or none. Several processes may
 * write to one store: whoever renames last replaces a file by an identical one.
 */
export class ArtifactStore {
  readonly folder: string;

  constructor(workspaceFolder: string) {
    this.folder = join(workspaceFolder, 'artifacts');
    mkdirSync(join(this.folder, 'incoming'), { recursive: true });
  }

  put(bytes: Uint8Array): StoredArtifact {
    const digest = sha256(bytes);
    if (this.has(digest, bytes.byteLength)) return { digest, sizeBytes: bytes.byteLength };
    const writer = this.writer();
    writer.write(bytes);
    return writer.commit();
  }

  /** As `put`, writing in the background, so that the caller can go on with the same bytes (unchanged). They may be shared memory. */
  async putInBackground(bytes: Uint8Array): Promise<StoredArtifact> {
    const sizeBytes = bytes.byteLength;
    const digest = sha256(bytes);
    if (this.has(digest, sizeBytes)) return { digest, sizeBytes };
    const temporary = this.#temporaryPath();
    try {
      const file = await open(temporary, 'wx');
      try {
        // As few steps as the system allows: each waits for a thread that may be busy. `writeFile` makes one of every 512 KiB.
        for (let written = 0; written < sizeBytes; )
          written += (await file.write(bytes, written, Math.min(sizeBytes - written, WRITE_SIZE_BYTES))).bytesWritten;
        await file.sync();
      } finally {
        await file.close();
      }
      this.#publish(temporary, digest);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw LightbenchError.from(error);
    }
    return { digest, sizeBytes };
  }

  writer(): ArtifactWriter {
    const temporary = this.#temporaryPath();
    const file = openSync(temporary, 'wx');
    const hash = createHash('sha256');
    let sizeBytes = 0;
    let open = true;
    const close = () => {
      if (open) closeSync(file);
      open = false;
    };
    const abort = () => {
      close();
      rmSync(temporary, { force: true });
    };
    return {
      write: (bytes) => {
        hash.update(bytes);
        try {
          for (let offset = 0; offset < bytes.byteLength; ) offset += writeSync(file, bytes, offset);
        } catch (error) {
          abort();
          throw LightbenchError.from(error);
        }
        sizeBytes += bytes.byteLength;
      },
      commit: () => {
        const digest = hash.digest('hex');
        try {
          if (this.has(digest, sizeBytes)) {
            abort();
            return { digest, sizeBytes };
          }
          fsyncSync(file);
          close();
          this.#publish(temporary, digest);
        } catch (error) {
          abort();
          throw LightbenchError.from(error);
        }
        return { digest, sizeBytes };
      },
      abort,
    };
  }

  /** A file for reading and writing that is gone once it is closed, or this process ends. @returns its descriptor */
  openScratch(): number {
    const path = this.#temporaryPath();
    const file = openSync(path, 'wx+');
    // What cannot be removed while it is open is removed by the next start.
    rmSync(path, { force: true });
    return file;
  }

  /** Absolute path of an artifact, whether or not it exists. For handing to a worker or to a native reader. */
  path(digest: string): string {
    return join(this.folder, digest.slice(0, 2), digest.slice(2));
  }

  has(digest: string, sizeBytes?: number): boolean {
    const path = this.path(digest);
    return existsSync(path) && (sizeBytes === undefined || statSync(path).size === sizeBytes);
  }

  /** @throws LightbenchError workspace.damaged when the file is missing. The content is not re-hashed: `verify` does. */
  read(digest: string): Buffer {
    try {
      return readFileSync(this.path(digest));
    } catch (error) {
      throw new LightbenchError('workspace.damaged', `Artifact ${digest} is missing from the workspace.`, {
        details: { digest },
        cause: error,
      });
    }
  }

  /** Removes a file that no record needs any more. */
  remove(digest: string): void {
    rmSync(this.path(digest), { force: true });
  }

  /** Re-hashes one artifact. */
  async verify(digest: string): Promise<'intact' | 'missing' | 'altered'> {
    if (!this.has(digest)) return 'missing';
    const hash = createHash('sha256');
    try {
      for await (const chunk of createReadStream(this.path(digest), { highWaterMark: 1 << 20 }))
        hash.update(chunk as Buffer);
    } catch {
      return 'altered';
    }
    return hash.digest('hex') === digest ? 'intact' : 'altered';
  }

  /** Removes what a killed process left half-written. Only the holder of the workspace lock may call it, at the start. */
  clearIncoming(): number {
    const folder = join(this.folder, 'incoming');
    const names = readdirSync(folder);
    for (const name of names) rmSync(join(folder, name), { force: true, recursive: true });
    return names.length;
  }

  #temporaryPath(): string {
    return join(this.folder, 'incoming', `${process.pid}-${randomBytes(8).toString('hex')}`);
  }

  /** Gives a finished, fsynced file its name. */
  #publish(temporary: string, digest: string): void {
    const target = this.path(digest);
    mkdirSync(dirname(target), { recursive: true });
    renameSync(temporary, target);
    syncFolder(dirname(target));
  }
}

export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Makes the rename itself durable. Windows cannot open folders, and flushes renames on its own. */
function syncFolder(path: string): void {
  if (process.platform === 'win32') return;
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
