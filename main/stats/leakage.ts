/** Items of one split that another split holds too: what makes a test score too good. */
export interface SplitLeakage {
  /** Indices of the splits, a < b. */
  readonly a: number;
  readonly b: number;
  /** Items of `b` that share a group with an item of `a`. */
  readonly count: number;
  /** Up to `examples` pairs [item of a, item of b]. */
  readonly examples: readonly (readonly [number, number])[];
}

/** @param groups duplicates (exact or near) @param splits the split index of every item */
export function leakageBetweenSplits(
  groups: readonly (readonly number[])[],
  splits: Uint8Array,
  splitCount: number,
  examples = 20,
): readonly SplitLeakage[] {
  const found = new Map<string, { a: number; b: number; count: number; examples: [number, number][] }>();
  for (const group of groups) {
    const bySplit: number[][] = Array.from({ length: splitCount }, () => []);
    for (const item of group) bySplit[splits[item]].push(item);
    for (let a = 0; a < splitCount; a++) {
      for (let b = a + 1; b < splitCount; b++) {
        if (bySplit[a].length === 0 || bySplit[b].length === 0) continue;
        const entry = found.get(`${a},${b}`) ?? { a, b, count: 0, examples: [] };
        found.set(`${a},${b}`, entry);
        entry.count += bySplit[b].length;
        for (const item of bySplit[b]) if (entry.examples.length < examples) entry.examples.push([bySplit[a][0], item]);
      }
    }
  }
  return [...found.values()].sort((x, y) => x.a - y.a || x.b - y.b);
}
