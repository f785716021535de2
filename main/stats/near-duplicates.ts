/**
 * Groups of pictures that look the same: their difference hashes lie within a Hamming distance, and the 72 grey cells
 * behind the hashes correlate. Hashes alone are not enough for small simple pictures: of the 60,000 MNIST digits, 8.2
 * million pairs lie within distance 4, among them nearly every "1".
 *
 * The search is exact. Cells without mean and length are unit vectors; a correlation of ρ is a distance of √(2 − 2ρ)
 * between them, so two pictures that look the same lie no further apart than that on any orthonormal axis. The axes are those
 * on which the pictures differ most. Only pictures in the same or in touching cells of the grid over these axes are compared:
 * of the 1.8 billion pairs of MNIST, 8 million.
 */
import { cellCount, hammingDistance, type PerceptualHashes } from './perceptual-hash.ts';
import { principalAxes } from './principal-axes.ts';

/** Pearson correlation of the cells. Re-encoding, resizing, brightness and contrast stay above; another drawing of the same digit does not. */
export const CELL_CORRELATION = 0.998;
/** Pictures that vary less than this (standard deviation of the cells, in 256ths of a level) are flat: only their brightness is compared. */
const FLAT_DEVIATION = 256;
/** Grey levels up to which two flat pictures look the same. */
const FLAT_BRIGHTNESS_DIFFERENCE = 4;
/** Axes of the grid. */
const DIMENSIONS = 4;
/** Axes on which two pictures are compared before all of their cells are: these lie close together in memory. */
const COMPARED_AXES = 8;
/** What float32 may add to a squared distance. */
const ROUNDING = 1e-6;

export interface DuplicateGroups {
  /** Ascending items, groups in the order of their first item; only groups of at least two. */
  readonly groups: readonly (readonly number[])[];
}

/** Groups of items with equal digests. `digests` holds `sizeBytes` bytes per item. */
export function exactDuplicates(digests: Uint8Array, sizeBytes = 32): DuplicateGroups {
  const count = digests.length / sizeBytes;
  const sets = new DisjointSets(count);
  // Open addressing by the first bytes: digests are as good as random already.
  const slots = new Int32Array(2 ** Math.ceil(Math.log2(2 * count + 2))).fill(-1);
  const start = (item: number) => {
    const at = item * sizeBytes;
    return (
      digests[at] | (digests[at + 1] << 8) | (sizeBytes < 4 ? 0 : (digests[at + 2] << 16) | (digests[at + 3] << 24))
    );
  };
  const equal = (a: number, b: number) => {
    for (let i = 0; i < sizeBytes; i++) if (digests[a * sizeBytes + i] !== digests[b * sizeBytes + i]) return false;
    return true;
  };
  for (let item = 0; item < count; item++) {
    let slot = start(item) & (slots.length - 1);
    while (slots[slot] >= 0 && !equal(slots[slot], item)) slot = (slot + 1) & (slots.length - 1);
    if (slots[slot] < 0) slots[slot] = item;
    else sets.join(slots[slot], item);
  }
  return { groups: sets.groups() };
}

/** Groups of items that look the same, exact duplicates included: what pairs that look the same connect. */
export function nearDuplicates(hashes: PerceptualHashes, distance: number): DuplicateGroups {
  const { words, cells, brightness } = hashes;
  const sets = new DisjointSets(words.length >> 1);
  const { unit, varied, flat } = unitVectors(cells);
  const joinIfNear = (a: number, b: number) => {
    if (hammingDistance(words, a, b) <= distance) sets.join(a, b);
  };
  correlatedPairs(unit, varied, joinIfNear);
  flat.sort((a, b) => brightness[a] - brightness[b]);
  for (let i = 0; i < flat.length; i++)
    for (let j = i + 1; j < flat.length && brightness[flat[j]] - brightness[flat[i]] <= FLAT_BRIGHTNESS_DIFFERENCE; j++)
      joinIfNear(flat[i], flat[j]);
  return { groups: sets.groups() };
}

/** Cells without mean and length, so that the correlation is a scalar product; zero for flat pictures. */
function unitVectors(cells: Uint16Array): {
  readonly unit: Float32Array;
  readonly varied: Uint32Array;
  readonly flat: Uint32Array;
} {
  const count = cells.length / cellCount;
  const unit = new Float32Array(cells.length);
  const varied = new Uint32Array(count);
  const flat = new Uint32Array(count);
  let variedCount = 0;
  for (let item = 0; item < count; item++) {
    const at = item * cellCount;
    let sum = 0;
    let squares = 0;
    for (let i = at; i < at + cellCount; i++) {
      sum += cells[i];
      squares += cells[i] * cells[i];
    }
    const mean = sum / cellCount;
    const variance = Math.max(0, squares - sum * mean);
    if (variance < FLAT_DEVIATION ** 2 * cellCount) {
      flat[item - variedCount] = item;
      continue;
    }
    varied[variedCount++] = item;
    const scale = 1 / Math.sqrt(variance);
    for (let i = at; i < at + cellCount; i++) unit[i] = (cells[i] - mean) * scale;
  }
  return { unit, varied: varied.slice(0, variedCount), flat: flat.slice(0, count - variedCount) };
}

/** Calls `visit` once for every two of `items` whose unit vectors correlate. */
function correlatedPairs(unit: Float32Array, items: Uint32Array, visit: (a: number, b: number) => void): void {
  const limit = 2 - 2 * CELL_CORRELATION;
  // A little wider than the distance, for the rounding of float32.
  const step = Math.sqrt(limit) * 1.0001;
  const bins = Math.ceil(2 / step) + 2;
  const points = project(unit, items);

  // Counting sort by grid cell.
  const keys = new Uint32Array(items.length);
  for (let i = 0; i < items.length; i++)
    for (let d = 0; d < DIMENSIONS; d++)
      keys[i] = keys[i] * bins + 1 + Math.floor((points[i * COMPARED_AXES + d] + 1) / step);
  const starts = new Uint32Array(bins ** DIMENSIONS + 3);
  for (const key of keys) starts[key + 1]++;
  for (let key = 0; key < starts.length - 1; key++) starts[key + 1] += starts[key];
  const next = starts.slice(0, -1);
  const sorted = new Uint32Array(items.length);
  const place = new Float32Array(items.length * COMPARED_AXES);
  const sortedKeys = new Uint32Array(items.length);
  for (let i = 0; i < items.length; i++) {
    const at = next[keys[i]]++;
    sorted[at] = items[i];
    sortedKeys[at] = keys[i];
    for (let d = 0; d < COMPARED_AXES; d++) place[at * COMPARED_AXES + d] = points[i * COMPARED_AXES + d];
  }

  const compare = (at: number, from: number, to: number) => {
    const p = at * COMPARED_AXES;
    const p0 = place[p];
    const p1 = place[p + 1];
    const p2 = place[p + 2];
    const p3 = place[p + 3];
    const own = sorted[at] * cellCount;
    for (let other = from, q = from * COMPARED_AXES; other < to; other++, q += COMPARED_AXES) {
      const d0 = p0 - place[q];
      const d1 = p1 - place[q + 1];
      const d2 = p2 - place[q + 2];
      const d3 = p3 - place[q + 3];
      const near = d0 * d0 + d1 * d1 + d2 * d2 + d3 * d3;
      if (near > limit + ROUNDING) continue;
      const d4 = place[p + 4] - place[q + 4];
      const d5 = place[p + 5] - place[q + 5];
      const d6 = place[p + 6] - place[q + 6];
      const d7 = place[p + 7] - place[q + 7];
      if (near + d4 * d4 + d5 * d5 + d6 * d6 + d7 * d7 > limit + ROUNDING) continue;
      const theirs = sorted[other] * cellCount;
      let apart = 0;
      for (let i = 0; i < cellCount && apart <= limit; i++) apart += (unit[own + i] - unit[theirs + i]) ** 2;
      if (apart <= limit) visit(sorted[at], sorted[other]);
    }
  };
  // Cells that touch along the last axis follow each other, so three of them are one range.
  const offsets = forwardOffsets(bins);
  for (let from = 0; from < sorted.length; ) {
    const key = sortedKeys[from];
    const to = starts[key + 1];
    const rowEnd = starts[key + 2];
    for (let at = from; at < to; at++) compare(at, at + 1, rowEnd);
    for (let o = 0; o < offsets.length; o++) {
      const otherFrom = starts[key + offsets[o] - 1];
      const otherTo = starts[key + offsets[o] + 2];
      if (otherFrom < otherTo) for (let at = from; at < to; at++) compare(at, otherFrom, otherTo);
    }
    from = to;
  }
}

/** Coordinates of the items on the axes, within −1 and 1. */
function project(unit: Float32Array, items: Uint32Array): Float32Array {
  const axes = principalAxes(unit, cellCount, COMPARED_AXES);
  const points = new Float32Array(items.length * COMPARED_AXES);
  for (let first = 0; first < COMPARED_AXES; first += 4) {
    // Four at a time stay in registers.
    const [axis0, axis1, axis2, axis3] = axes.slice(first, first + 4);
    for (let i = 0; i < items.length; i++) {
      const from = items[i] * cellCount;
      let x0 = 0;
      let x1 = 0;
      let x2 = 0;
      let x3 = 0;
      for (let cell = 0; cell < cellCount; cell++) {
        const value = unit[from + cell];
        x0 += axis0[cell] * value;
        x1 += axis1[cell] * value;
        x2 += axis2[cell] * value;
        x3 += axis3[cell] * value;
      }
      const to = i * COMPARED_AXES + first;
      points[to] = x0;
      points[to + 1] = x1;
      points[to + 2] = x2;
      points[to + 3] = x3;
    }
  }
  return points;
}

/** Key differences to half of the touching rows of grid cells, so that every two rows meet once. */
function forwardOffsets(bins: number): readonly number[] {
  let offsets = [0];
  for (let d = 1; d < DIMENSIONS; d++)
    offsets = offsets.flatMap((offset) => [-1, 0, 1].map((move) => offset * bins + move));
  return offsets.filter((offset) => offset > 0).map((offset) => offset * bins);
}

/** Union-find with path halving. */
class DisjointSets {
  readonly #parent: Int32Array;

  constructor(count: number) {
    this.#parent = Int32Array.from({ length: count }, (_, i) => i);
  }

  /** The smaller root stays the root, so that groups come out in the order of their first item. */
  join(a: number, b: number): void {
    const rootA = this.#root(a);
    const rootB = this.#root(b);
    if (rootA < rootB) this.#parent[rootB] = rootA;
    else this.#parent[rootA] = rootB;
  }

  groups(): number[][] {
    const members = new Map<number, number[]>();
    for (let item = 0; item < this.#parent.length; item++) {
      const root = this.#root(item);
      if (root === item) continue;
      const group = members.get(root);
      if (group) group.push(item);
      else members.set(root, [root, item]);
    }
    return [...members.values()].sort((a, b) => a[0] - b[0]);
  }

  #root(item: number): number {
    const parent = this.#parent;
    let at = item;
    while (parent[at] !== at) {
      parent[at] = parent[parent[at]];
      at = parent[at];
    }
    return at;
  }
}
