/**
 * Groups of pictures that look the same: their difference hashes lie within a Hamming distance, and the 72 grey cells
 * behind the hashes correlate. Hashes alone are not enough for small simple pictures: of the 60,000 MNIST digits, 8.2
 * million pairs lie within distance 4, among them nearly every "1". The search is exact: see `comparePairs`.
 */
import { allocateSketches, Sketcher, type Sketches } from './cell-sketch.ts';
import { comparePairs, sortIntoGrid } from './correlation-grid.ts';
import { DisjointSets } from './disjoint-sets.ts';
import { hammingDistance, type PerceptualHashes } from './perceptual-hash.ts';

/** Grey levels up to which two flat pictures look the same. */
const FLAT_BRIGHTNESS_DIFFERENCE = 4;

type Groups = readonly (readonly number[])[];

/** Groups of items that look the same, exact duplicates included: what pairs that look the same connect. */
export function nearDuplicates(hashes: PerceptualHashes, distance: number): Groups {
  const count = hashes.brightness.length;
  const sketches: Sketches = { ...allocateSketches(count), ...hashes };
  new Sketcher().sketch(sketches);
  const omitted = new Uint8Array(count);
  const pairs = comparePairs(sortIntoGrid(sketches, omitted), sketches, distance);
  return joinPairs(count, [pairs, flatPairs(sketches, omitted, distance)]);
}

/** Flat pictures have no correlation: only their brightness and their hashes are compared. @returns pairs, one after the other */
export function flatPairs(sketches: Sketches, omitted: Uint8Array, distance: number): readonly number[] {
  const { words, brightness, scales } = sketches;
  const flat: number[] = [];
  for (let item = 0; item < scales.length; item++) if (scales[item] === 0 && omitted[item] === 0) flat.push(item);
  flat.sort((a, b) => brightness[a] - brightness[b]);
  const pairs: number[] = [];
  for (const [i, a] of flat.entries())
    for (let j = i + 1; j < flat.length && brightness[flat[j]] - brightness[a] <= FLAT_BRIGHTNESS_DIFFERENCE; j++)
      if (hammingDistance(words, a, flat[j]) <= distance) pairs.push(a, flat[j]);
  return pairs;
}

/** What lists of pairs connect, among `count` items. */
export function joinPairs(count: number, lists: readonly (readonly number[])[]): Groups {
  const sets = new DisjointSets(count);
  for (const pairs of lists) for (let i = 0; i < pairs.length; i += 2) sets.join(pairs[i], pairs[i + 1]);
  return sets.groups();
}
