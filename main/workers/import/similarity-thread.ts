import { Worker } from 'node:worker_threads';
import { type Sketches, sketchesOf } from '../../stats/cell-sketch.ts';
import { type CorrelationGrid, comparePairs } from '../../stats/correlation-grid.ts';
import { joinPairs } from '../../stats/near-duplicates.ts';
import { type ImageShape, type PerceptualHashes, perceptualHasher } from '../../stats/perceptual-hash.ts';

/** All arrays in it lie in shared memory. */
export type SimilarityTask =
  | ({ readonly type: 'hash' } & HashTask)
  | { readonly type: 'sketch'; readonly sketches: Sketches }
  | { readonly type: 'compare'; readonly sketches: Sketches; readonly omitted: Uint8Array; readonly distance: number };

export type SimilarityAnswer =
  | { readonly type: 'done' }
  /** The pictures can be compared: by both threads from now on. */
  | { readonly type: 'sorted'; readonly grid: CorrelationGrid }
  /** What the thread itself found, pairs one after the other; it has nothing left to do. */
  | { readonly type: 'compared'; readonly pairs: readonly number[] };

interface HashTask {
  readonly shape: ImageShape;
  /** Back to back; as many as `hashes` has room for. */
  readonly pixels: Uint8Array;
  readonly hashes: PerceptualHashes;
  /** How many pictures threads have claimed, and how many are hashed. */
  readonly counters: Int32Array;
}

/** Pictures that are taken at a time where two threads hash. */
const CLAIM = 256;

/** Hashes pictures until none is left that no other thread has claimed. @returns whether all are hashed */
export function hashPictures({ shape, pixels, hashes, counters }: HashTask): boolean {
  const hashItem = perceptualHasher(shape);
  const itemBytes = shape.width * shape.height * shape.channels;
  const count = hashes.brightness.length;
  for (let first = Atomics.add(counters, 0, CLAIM); first < count; first = Atomics.add(counters, 0, CLAIM)) {
    const end = Math.min(first + CLAIM, count);
    for (let item = first; item < end; item++) hashItem(pixels, item * itemBytes, hashes, item);
    Atomics.add(counters, 1, end - first);
  }
  return Atomics.load(counters, 1) === count;
}

interface Waiting {
  readonly resolve: (answer: SimilarityAnswer) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The second thread of an import: hashes and compares pictures, one task after the other. The import's own thread joins in
 * where it would have to wait. Ends with the process.
 */
export class SimilarityThread {
  readonly #worker: Worker;
  /** In the order of their tasks, which is that of the answers. */
  readonly #waiting: Waiting[] = [];
  #onSorted: ((grid: CorrelationGrid) => void) | undefined;
  #failure: Error | undefined;

  /** @param programPath of workers/similarity, as source or built */
  constructor(programPath: string) {
    this.#worker = new Worker(programPath, { argv: [] });
    this.#worker.on('message', (answer: SimilarityAnswer) => {
      if (answer.type === 'sorted') this.#onSorted?.(answer.grid);
      else this.#waiting.shift()?.resolve(answer);
    });
    this.#worker.on('error', (error: Error) => this.#fail(error));
    this.#worker.on('exit', () => this.#fail(new Error('The similarity thread ended.')));
  }

  /**
   * Begins to hash pictures of one shape that lie back to back.
   * @returns `finish`, which helps with what is left and resolves when all are hashed
   */
  hash(
    { width, height, channels }: ImageShape,
    pixels: Uint8Array,
    { words, cells, brightness }: PerceptualHashes,
  ): { readonly finish: () => Promise<void> } {
    const task: HashTask = {
      shape: { width, height, channels },
      pixels: inSharedMemory(pixels),
      hashes: { words, cells, brightness },
      counters: new Int32Array(new SharedArrayBuffer(8)),
    };
    const theirs = this.#ask({ type: 'hash', ...task });
    // What fails is told where it is awaited.
    theirs.catch(() => {});
    return {
      finish: async () => {
        if (!hashPictures(task)) await theirs;
      },
    };
  }

  /** Prepares hashed pictures to be compared. A failure shows when they are. */
  sketch(sketches: Sketches, from: number, to: number): void {
    this.#ask({ type: 'sketch', sketches: sketchesOf(sketches, from, to) }).catch(() => {});
  }

  /** `nearDuplicates` of sketched pictures, less those where `omitted` (in shared memory) is 1. */
  async group(sketches: Sketches, omitted: Uint8Array, distance: number): Promise<readonly (readonly number[])[]> {
    let own: readonly number[] = [];
    this.#onSorted = (grid) => {
      own = comparePairs(grid, sketches, distance);
    };
    const answer = await this.#ask({ type: 'compare', sketches, omitted, distance });
    return joinPairs(omitted.length, [own, answer.type === 'compared' ? answer.pairs : []]);
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
