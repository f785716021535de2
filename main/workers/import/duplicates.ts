import { exactDuplicates } from '../../stats/near-duplicates.ts';
import type { SimilarityAnswer } from './similarity-thread.ts';

export interface Duplicates {
  readonly exact: SimilarityAnswer;
  /** Without the groups that only exact copies form: these are no news. */
  readonly near: SimilarityAnswer;
  /** Bits in which the hashes of near duplicates may differ. */
  readonly distance: number;
}

/** Brings exact copies, by digest, together with what looks the same. */
export async function findDuplicates(
  digests: Uint8Array,
  looksAlike: Promise<SimilarityAnswer>,
  distance: number,
): Promise<Duplicates> {
  const exact = exactDuplicates(digests).groups;
  const leader = new Map(exact.flatMap((group) => group.map((item) => [item, group[0]])));
  const first = (item: number) => leader.get(item) ?? item;
  const near = await looksAlike;
  return { exact, near: near.filter((group) => group.some((item) => first(item) !== first(group[0]))), distance };
}
