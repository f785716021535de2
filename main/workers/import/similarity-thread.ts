import { Worker } from 'node:worker_threads';
import type { ImageShape, PerceptualHashes } from '../../stats/perceptual-hash.ts';

export type SimilarityTask =
  | {
      readonly type: 'hash';
      readonly shape: ImageShape;
      /** Back to back, in shared memory; as many as `hashes` has room for. */
      readonly pixels: Uint8Array;
      /** In shared memory: written by the thread. */
      readonly hashes: PerceptualHashes;
    }
  | { readonly type: 'group'; readonly hashes: PerceptualHashes; readonly distance: number };

/** Groups of items, for the task `group`. */
export type SimilarityAnswer = readonly (readonly number[])[];

interface Waiting {
  readonly resolve: (answer: SimilarityAnswer) => void;
  readonly reject: (error: Error) => void;
}

/** The second thread of an import: hashes and compares pictures, one task after the other. Ends with the process. */
export class SimilarityThread {
  readonly #worker: Worker;
  /** In the order of their tasks, which is that of the answers. */
  readonly #waiting: Waiting[] = [];
  #failure: Error | undefined;

  /** @param programPath of workers/similarity, as source or built */
  constructor(programPath: string) {
    this.#worker = new Worker(programPath, { argv: [] });
    this.#worker.on('message', (answer: SimilarityAnswer) => this.#waiting.shift()?.resolve(answer));
    this.#worker.on('error', (error: Error) => this.#fail(error));
    this.#worker.on('exit', () => this.#fail(new Error('The similarity thread ended.')));
  }

  /** Hashes pictures of one shape that lie back to back; `hashes` is filled when the promise is. */
  async hash(shape: ImageShape, pixels: Uint8Array, hashes: PerceptualHashes): Promise<void> {
    const { width, height, channels } = shape;
    await this.#ask({ type: 'hash', shape: { width, height, channels }, pixels: inSharedMemory(pixels), hashes });
  }

  /** `nearDuplicates` of these hashes. */
  group(hashes: PerceptualHashes, distance: number): Promise<SimilarityAnswer> {
    return this.#ask({ type: 'group', hashes, distance });
  }

  #ask(task: SimilarityTask): Promise<SimilarityAnswer> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#worker.postMessage(task);
    });
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);
  }
}

/** Bytes that lie elsewhere, as those that were unpacked do, are copied once instead of with every message. */
function inSharedMemory(bytes: Uint8Array): Uint8Array {
  if (bytes.buffer instanceof SharedArrayBuffer) return bytes;
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  return shared;
}
