import { AXES, type Sketches, unitValue } from './cell-sketch.ts';
import { cellCount, hammingDistance } from './perceptual-hash.ts';

/** Pearson correlation of the cells. Re-encoding, resizing, brightness and contrast stay above; another drawing of the same digit does not. */
export const CELL_CORRELATION = 0.998;
/** Axes of the grid. */
const DIMENSIONS = 4;
const LIMIT = 2 - 2 * CELL_CORRELATION;
/** A little wider than the distance, for the rounding of float32. */
const STEP = Math.sqrt(LIMIT) * 1.0001;
const BINS = Math.ceil(2 / STEP) + 2;
/** What float32 may add to a squared distance. */
const ROUNDING = 1e-6;
/** Pictures that are taken at a time where several threads compare. */
const CLAIM = 512;

/** Pictures sorted by the grid cell they lie in, in shared memory. */
export interface CorrelationGrid {
  /** Item at each place. */
  readonly items: Uint32Array;
  /** Grid cell of each place, ascending. */
  readonly keys: Uint32Array;
  /** `AXES` coordinates at each place. */
  readonly points: Float32Array;
  /** First place of each grid cell. */
  readonly starts: Uint32Array;
  /** How many places threads have claimed. */
  readonly claimed: Int32Array;
}

/** Counting sort of those pictures that are not flat. @param left out are the items where this is 1 */
export function sortIntoGrid({ scales, points }: Sketches, omitted: Uint8Array): CorrelationGrid {
  const keyOf = new Int32Array(scales.length).fill(-1);
  const starts = new Uint32Array(new SharedArrayBuffer(4 * (BINS ** DIMENSIONS + 3)));
  let count = 0;
  for (let item = 0; item < scales.length; item++) {
    if (scales[item] === 0 || omitted[item] === 1) continue;
    let key = 0;
    for (let d = 0; d < DIMENSIONS; d++) key = key * BINS + 1 + Math.floor((points[item * AXES + d] + 1) / STEP);
    keyOf[item] = key;
    // One place further than it ends up: filling moves every start to the next one's.
    starts[key + 2]++;
    count++;
  }
  for (let key = 2; key < starts.length - 1; key++) starts[key + 1] += starts[key];
  const grid: CorrelationGrid = {
    items: new Uint32Array(new SharedArrayBuffer(4 * count)),
    keys: new Uint32Array(new SharedArrayBuffer(4 * count)),
    points: new Float32Array(new SharedArrayBuffer(4 * AXES * count)),
    starts,
    claimed: new Int32Array(new SharedArrayBuffer(4)),
  };
  for (let item = 0; item < scales.length; item++) {
    const key = keyOf[item];
    if (key < 0) continue;
    const at = starts[key + 1]++;
    grid.items[at] = item;
    grid.keys[at] = key;
    for (let d = 0; d < AXES; d++) grid.points[at * AXES + d] = points[item * AXES + d];
  }
  return grid;
}

/**
 * Compares pictures in the same and in touching cells of the grid, until no places are left that no other thread has claimed:
 * of the 1.8 billion pairs of MNIST, 8 million.
 * @returns pairs of items that correlate and whose hashes are near, one after the other
 */
export function comparePairs(grid: CorrelationGrid, sketches: Sketches, distance: number): readonly number[] {
  const { items, keys, points, starts, claimed } = grid;
  const { words, cells, means, scales } = sketches;
  const pairs: number[] = [];
  const correlate = (a: number, b: number): boolean => {
    let apart = 0;
    for (let i = 0; i < cellCount && apart <= LIMIT; i++)
      apart +=
        (unitValue(cells[a * cellCount + i], means[a], scales[a]) -
          unitValue(cells[b * cellCount + i], means[b], scales[b])) **
        2;
    return apart <= LIMIT;
  };
  const compare = (at: number, from: number, to: number) => {
    const p = at * AXES;
    const p0 = points[p];
    const p1 = points[p + 1];
    const p2 = points[p + 2];
    const p3 = points[p + 3];
    for (let other = from, q = from * AXES; other < to; other++, q += AXES) {
      const d0 = p0 - points[q];
      const d1 = p1 - points[q + 1];
      const d2 = p2 - points[q + 2];
      const d3 = p3 - points[q + 3];
      const near = d0 * d0 + d1 * d1 + d2 * d2 + d3 * d3;
      if (near > LIMIT + ROUNDING) continue;
      const d4 = points[p + 4] - points[q + 4];
      const d5 = points[p + 5] - points[q + 5];
      const d6 = points[p + 6] - points[q + 6];
      const d7 = points[p + 7] - points[q + 7];
      if (near + d4 * d4 + d5 * d5 + d6 * d6 + d7 * d7 > LIMIT + ROUNDING) continue;
      const [a, b] = [items[at], items[other]];
      if (hammingDistance(words, a, b) <= distance && correlate(a, b)) pairs.push(a, b);
    }
  };
  for (;;) {
    const first = Atomics.add(claimed, 0, CLAIM);
    if (first >= items.length) return pairs;
    // A grid cell belongs to the claim in which it begins.
    let from = first > 0 && keys[first - 1] === keys[first] ? starts[keys[first] + 1] : first;
    const end = Math.min(first + CLAIM, items.length);
    while (from < end) {
      const key = keys[from];
      const to = starts[key + 1];
      // Cells that touch along the last axis follow each other, so three of them are one range.
      const rowEnd = starts[key + 2];
      for (let at = from; at < to; at++) compare(at, at + 1, rowEnd);
      for (let o = 0; o < forwardRows.length; o++) {
        const otherFrom = starts[key + forwardRows[o] - 1];
        const otherTo = starts[key + forwardRows[o] + 2];
        if (otherFrom < otherTo) for (let at = from; at < to; at++) compare(at, otherFrom, otherTo);
      }
      from = to;
    }
  }
}

/** Key differences to half of the touching rows of grid cells, so that every two rows meet once. */
const forwardRows: readonly number[] = (() => {
  let offsets = [0];
  for (let d = 1; d < DIMENSIONS; d++)
    offsets = offsets.flatMap((offset) => [-1, 0, 1].map((move) => offset * BINS + move));
  return offsets.filter((offset) => offset > 0).map((offset) => offset * BINS);
})();
