/**
 * Groups of pictures that look the same. Candidates are the pairs whose difference hashes lie within a Hamming distance;
 * a pair counts when the 72 grey cells behind the hashes also correlate. Without the second look, small simple pictures
 * collide: of the 60,000 MNIST digits 8.2 million pairs lie within distance 4, among them nearly every "1".
 */
import { hammingPairs } from './hamming-pairs.ts';
import { cellCount, type PerceptualHashes } from './perceptual-hash.ts';

/** Pearson correlation of the cells. Re-encoding, resizing, brightness and contrast stay above; another drawing of the same digit does not. */
export const CELL_CORRELATION = 0.998;
/** Pictures that vary less than this (standard deviation of the cells, in 256ths of a level) are flat: only their brightness is compared. */
const FLAT_DEVIATION = 256;
/** Grey levels up to which two flat pictures look the same. */
const FLAT_BRIGHTNESS_DIFFERENCE = 4;

export interface DuplicateGroups {
  /** Ascending items, groups in the order of their first item; only groups of at least two. */
  readonly groups: readonly (readonly number[])[];
}

/** Groups of items with equal digests. `digests` holds `sizeBytes` bytes per item. */
export function exactDuplicates(digests: Uint8Array, sizeBytes = 32): DuplicateGroups {
  const count = digests.length / sizeBytes;
  const buffer = Buffer.from(digests.buffer, digests.byteOffset, digests.byteLength);
  const first = new Map<string, number>();
  const sets = new DisjointSets(count);
  for (let item = 0; item < count; item++) {
    const key = buffer.toString('latin1', item * sizeBytes, (item + 1) * sizeBytes);
    const other = first.get(key);
    if (other === undefined) first.set(key, item);
    else sets.join(other, item);
  }
  return { groups: sets.groups() };
}

/**
 * Groups of items that look the same, exact duplicates included. Exact for pairs: any pair within `distance` whose cells
 * correlate is in one group; a group is what such pairs connect.
 */
export function nearDuplicates(hashes: PerceptualHashes, distance: number): DuplicateGroups {
  const { words, cells, brightness } = hashes;
  const count = words.length >> 1;
  const unit = unitCells(cells);
  const flat = (item: number) => unit[item * cellCount] === FLAT_MARK;
  // |u − v|² = 2 − 2 × correlation for unit vectors.
  const limit = 2 - 2 * CELL_CORRELATION;
  const sets = new DisjointSets(count);
  hammingPairs(words, distance, (a, b) => {
    const atA = a * cellCount;
    const atB = b * cellCount;
    let difference = 0;
    for (let cell = 0; cell < cellCount; cell += 8) {
      for (let i = cell; i < cell + 8; i++) {
        const step = unit[atA + i] - unit[atB + i];
        difference += step * step;
      }
      if (difference > limit) break;
    }
    if (difference > limit) return;
    if (flat(a) && Math.abs(brightness[a] - brightness[b]) > FLAT_BRIGHTNESS_DIFFERENCE) return;
    sets.join(a, b);
  });
  return { groups: sets.groups() };
}

/** A first cell that no unit vector has: flat pictures are at distance 0 from each other and far from all others. */
const FLAT_MARK = 4;

/** Cells without mean and length, so that the correlation is a scalar product. */
function unitCells(cells: Uint16Array): Float32Array {
  const unit = new Float32Array(cells.length);
  for (let at = 0; at < cells.length; at += cellCount) {
    let sum = 0;
    let squares = 0;
    for (let i = at; i < at + cellCount; i++) {
      sum += cells[i];
      squares += cells[i] * cells[i];
    }
    const mean = sum / cellCount;
    const variance = Math.max(0, squares - sum * mean);
    if (variance < FLAT_DEVIATION ** 2 * cellCount) {
      unit[at] = FLAT_MARK;
      continue;
    }
    const scale = 1 / Math.sqrt(variance);
    for (let i = at; i < at + cellCount; i++) unit[i] = (cells[i] - mean) * scale;
  }
  return unit;
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
