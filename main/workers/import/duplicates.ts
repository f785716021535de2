import { exactDuplicates } from '../../stats/near-duplicates.ts';
import { allocateHashes, cellCount, type PerceptualHashes } from '../../stats/perceptual-hash.ts';
import type { SimilarityThread } from './similarity-thread.ts';

type Groups = readonly (readonly number[])[];

export interface Duplicates {
  readonly exact: Groups;
  /** Without the groups that only exact copies form: these are no news. */
  readonly near: Groups;
  /** Bits in which the hashes of near duplicates may differ. */
  readonly distance: number;
}

/** Compares all pictures with each other. @param hashes in shared memory */
export async function findDuplicates(
  digests: Uint8Array,
  hashes: PerceptualHashes,
  distance: number,
  similarity: SimilarityThread,
): Promise<Duplicates> {
  const exact = exactDuplicates(digests).groups;
  const near = await nearGroups(hashes, exact, distance, similarity);
  const leader = new Map(exact.flatMap((group) => group.map((item) => [item, group[0]])));
  const first = (item: number) => leader.get(item) ?? item;
  return { exact, near: near.filter((group) => group.some((item) => first(item) !== first(group[0]))), distance };
}

/** Near duplicates of one item per exact group, with the other exact copies put back. */
async function nearGroups(
  hashes: PerceptualHashes,
  exact: Groups,
  distance: number,
  similarity: SimilarityThread,
): Promise<Groups> {
  const copies = new Map(exact.map((group) => [group[0], group]));
  const later = new Set(exact.flatMap((group) => group.slice(1)));
  const count = hashes.brightness.length;
  if (later.size === 0) return similarity.group(hashes, distance);
  const kept = Uint32Array.from({ length: count }, (_, item) => item).filter((item) => !later.has(item));
  const reduced = allocateHashes(kept.length);
  for (const [i, item] of kept.entries()) {
    reduced.words.set(hashes.words.subarray(2 * item, 2 * item + 2), 2 * i);
    reduced.cells.set(hashes.cells.subarray(cellCount * item, cellCount * (item + 1)), cellCount * i);
    reduced.brightness[i] = hashes.brightness[item];
  }
  return (await similarity.group(reduced, distance)).map((group) =>
    group.flatMap((i) => copies.get(kept[i]) ?? [kept[i]]).sort((a, b) => a - b),
  );
}
