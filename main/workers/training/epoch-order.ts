import { seededRandom } from '../../base/random.ts';

/** Stream of the seed for the order of items; epochs count from here. */
const SHUFFLE_STREAM = 1000;

/** The rows of the training set as an epoch takes them: a function of seed and epoch alone. */
export function epochOrder(count: number, seed: number, epoch: number): Uint32Array<ArrayBuffer> {
  const rows = Uint32Array.from({ length: count }, (_, row) => row);
  return seededRandom(seed, SHUFFLE_STREAM + epoch).shuffle(rows);
}
