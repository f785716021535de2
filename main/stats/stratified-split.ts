import { seededRandom } from '../base/random.ts';

/**
 * Deals items to parts so that every class keeps the proportions, by largest remainder within the class and a seeded
 * shuffle. The same labels, fractions and seed give the same split on every platform.
 *
 * @param labels class index per item; items of class -1 (unlabeled) form a stratum of their own
 * @param fractions share of each part; must add up to 1
 * @returns the part of every item
 */
export function stratifiedSplit(labels: ArrayLike<number>, fractions: readonly number[], seed: number): Uint8Array {
  const total = fractions.reduce((sum, fraction) => sum + fraction, 0);
  if (fractions.some((fraction) => fraction < 0) || Math.abs(total - 1) > 1e-9)
    throw new RangeError(`The fractions ${fractions.join(', ')} must not be negative and add up to 1.`);
  const strata = new Map<number, number[]>();
  for (let item = 0; item < labels.length; item++) {
    const stratum = strata.get(labels[item]);
    if (stratum) stratum.push(item);
    else strata.set(labels[item], [item]);
  }
  const parts = new Uint8Array(labels.length);
  // What rounding took from a part is given back in later classes, so that small classes do not all round the same way.
  const owed = fractions.map(() => 0);
  for (const [label, items] of [...strata].sort(([a], [b]) => a - b)) {
    seededRandom(seed, label + 1).shuffle(items);
    const sizes = largestRemainder(items.length, fractions, owed);
    let at = 0;
    for (const [part, size] of sizes.entries()) for (let i = 0; i < size; i++) parts[items[at++]] = part;
  }
  return parts;
}

function largestRemainder(count: number, fractions: readonly number[], owed: number[]): number[] {
  const exact = fractions.map((fraction) => fraction * count);
  const sizes = exact.map((value) => Math.floor(value + 1e-9));
  let left = count - sizes.reduce((sum, size) => sum + size, 0);
  const order = exact
    .map((value, part) => ({ part, claim: value - sizes[part] + owed[part] }))
    .sort((a, b) => b.claim - a.claim || a.part - b.part);
  for (const { part } of order) {
    if (left === 0) break;
    if (fractions[part] === 0) continue;
    sizes[part]++;
    left--;
  }
  for (const part of fractions.keys()) owed[part] += exact[part] - sizes[part];
  return sizes;
}
