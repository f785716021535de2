import { seededRandom } from '../../base/random.ts';

/** Stream of the seed for the order of items; epochs count from here. */
const SHUFFLE_STREAM = 1000;

/** Which rows of a training set the batches hold. */
export interface BatchSampler {
  readonly batchSize: number;
  /** How many rows an epoch takes: the last of its batches may be smaller than the others. */
  readonly rowsPerEpoch: number;
  /** The rows of an epoch, batch after batch: a function of seed and epoch alone. */
  order(epoch: number): Uint32Array;
}

/** Each row once an epoch, in any order. */
export function shuffledBatches(count: number, batchSize: number, seed: number): BatchSampler {
  return {
    batchSize,
    rowsPerEpoch: count,
    order: (epoch) => {
      const rows = Uint32Array.from({ length: count }, (_, row) => row);
      return seededRandom(seed, SHUFFLE_STREAM + epoch).shuffle(rows);
    },
  };
}

/**
 * Batches of so many rows each of different classes (“PK batches”, Hermans et al. 2017), whole ones only. A class goes through
 * its rows in any order and begins anew when too few are left; one that never has enough repeats them.
 *
 * @param labels class of each row
 * @param perClass rows of a class in a batch
 */
export function classBalancedBatches(
  labels: ArrayLike<number>,
  batchSize: number,
  perClass: number,
  seed: number,
): BatchSampler {
  const rowsOf = Map.groupBy(Uint32Array.from(labels).keys(), (row) => labels[row]);
  const classCount = Math.min(rowsOf.size, Math.max(1, Math.floor(batchSize / perClass)));
  const size = classCount * perClass;
  const rowsPerEpoch = Math.max(1, Math.floor(labels.length / size)) * size;
  return {
    batchSize: size,
    rowsPerEpoch,
    order: (epoch) => {
      const random = seededRandom(seed, SHUFFLE_STREAM + epoch);
      const left = new Map<number, number[]>();
      const take = (label: number, rows: readonly number[]): readonly number[] => {
        let queue = left.get(label) ?? [];
        if (queue.length < perClass) queue = [];
        while (queue.length < perClass) queue = queue.concat(random.shuffle([...rows]));
        left.set(label, queue);
        return queue.splice(-perClass);
      };
      const order: number[] = [];
      while (order.length < rowsPerEpoch)
        for (const [label, rows] of random.shuffle([...rowsOf]).slice(0, classCount)) order.push(...take(label, rows));
      return Uint32Array.from(order);
    },
  };
}
