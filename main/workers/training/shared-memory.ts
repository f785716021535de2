import { MOST_PAGES } from './adam-kernel.ts';

const PAGE_BYTES = 2 ** 16;
/** What a kernel reads at a time at most, so that no array ends within; arrays begin at its multiples. */
export const GRAIN_BYTES = 64;

/** Bytes that an array of float32 numbers takes up here. */
export const grainsOf = (length: number): number => Math.ceil((length * 4) / GRAIN_BYTES) * GRAIN_BYTES;

export const sharedFloats = (length: number): Float32Array<ArrayBuffer> =>
  // The type of a view names one kind of buffer; everything here works on either.
  new Float32Array(new SharedArrayBuffer(length * 4)) as unknown as Float32Array<ArrayBuffer>;

/** One memory of all threads, in which a kernel finds arrays by their addresses. */
export class SharedMemory {
  readonly memory: WebAssembly.Memory;
  #next = 0;

  private constructor(pages: number) {
    this.memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  }

  /** Room for arrays of these lengths; null where they are more than a kernel can address, or than the machine has. */
  static forLengths(lengths: readonly number[]): SharedMemory | null {
    const bytes = lengths.reduce((sum, length) => sum + grainsOf(length), 0);
    const pages = Math.max(1, Math.ceil(bytes / PAGE_BYTES));
    if (pages > MOST_PAGES) return null;
    try {
      return new SharedMemory(pages);
    } catch (error) {
      if (error instanceof RangeError) return null;
      throw error;
    }
  }

  /** Zeros. @throws RangeError when there is no room left */
  floats(length: number): Float32Array<ArrayBuffer> {
    const view = new Float32Array(this.memory.buffer, this.#next, length);
    this.#next += grainsOf(length);
    return view as unknown as Float32Array<ArrayBuffer>;
  }
}
