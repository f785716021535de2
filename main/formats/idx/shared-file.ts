import { open } from 'node:fs/promises';

/** Systems read at most 2 GiB at once; smaller parts let the first items be looked at while the others are read. */
const PART_SIZE_BYTES = 2 ** 22;

/** A file that is read into shared memory, from its beginning on, so that several threads can look at the same images. */
export class SharedFile {
  readonly #path: string;
  readonly bytes: Uint8Array;
  #filled = 0;
  #reading: Promise<void> | undefined;
  #waiting: { readonly end: number; readonly resolve: () => void }[] = [];

  private constructor(path: string, sizeBytes: number) {
    this.#path = path;
    this.bytes = new Uint8Array(new SharedArrayBuffer(sizeBytes));
  }

  static async open(path: string): Promise<SharedFile> {
    const file = await open(path);
    try {
      return new SharedFile(path, (await file.stat()).size);
    } finally {
      await file.close();
    }
  }

  /**
   * Resolves when `bytes` holds the file up to `end`. The first call begins to read, and reading goes on to the end.
   * @throws what reading throws; an error with the code EIO when the file was cut short since it was opened
   */
  async until(end: number): Promise<void> {
    this.#reading ??= this.#read();
    // Whoever waits is told below.
    this.#reading.catch(() => {});
    if (this.#filled >= end) return;
    const filled = new Promise<void>((resolve) => this.#waiting.push({ end, resolve }));
    await Promise.race([filled, this.#reading]);
  }

  async #read(): Promise<void> {
    const file = await open(this.#path);
    try {
      while (this.#filled < this.bytes.length) {
        const length = Math.min(PART_SIZE_BYTES, this.bytes.length - this.#filled);
        const { bytesRead } = await file.read(this.bytes, this.#filled, length, this.#filled);
        if (bytesRead === 0) {
          const message = `${this.#path} was cut short while it was read.`;
          throw Object.assign(new Error(message), { code: 'EIO' });
        }
        this.#filled += bytesRead;
        for (const { end, resolve } of this.#waiting) if (end <= this.#filled) resolve();
        this.#waiting = this.#waiting.filter(({ end }) => end > this.#filled);
      }
    } finally {
      await file.close();
    }
  }
}
