import type { Sketches } from '../../stats/cell-sketch.ts';
import { exactDuplicates } from '../../stats/exact-duplicates.ts';
import type { SimilarityThread } from './similarity-thread.ts';

type Groups = readonly (readonly number[])[];

export interface Duplicates {
  readonly exact: Groups;
  /** Without the groups that only exact copies form: these are no news. */
  readonly near: Groups;
  /** Bits in which the hashes of near duplicates may differ. */
  readonly distance: number;
}

/** Compares all pictures with each other: one of each exact group, with the other copies put back in the end. */
export async function findDuplicates(
  digests: Uint8Array,
  sketches: Sketches,
  distance: number,
  similarity: SimilarityThread,
): Promise<Duplicates> {
  const exact = exactDuplicates(digests);
  const copies = new Map(exact.map((group) => [group[0], group]));
  const omitted = new Uint8Array(new SharedArrayBuffer(sketches.brightness.length));
  for (const group of exact) for (const item of group.slice(1)) omitted[item] = 1;
  const near = await similarity.group(sketches, omitted, distance);
  return {
    exact,
    near: near.map((group) => group.flatMap((item) => copies.get(item) ?? [item]).sort((a, b) => a - b)),
    distance,
  };
}
