import { DisjointSets } from './disjoint-sets.ts';

/**
 * Groups of items with equal digests. `digests` holds `sizeBytes` bytes per item.
 * @returns ascending items, groups in the order of their first item; only groups of at least two
 */
export function exactDuplicates(digests: Uint8Array, sizeBytes = 32): readonly (readonly number[])[] {
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
  return sets.groups();
}
