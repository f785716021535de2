export interface ClassBalance {
  /** Class indices; ties go to the first. */
  readonly largest: number;
  readonly smallest: number;
  /** Largest count / smallest count; null when a class is empty. */
  readonly ratio: number | null;
  /** Shannon entropy of the class shares / log of the number of classes: 1 when even, 0 when all items are of one class. */
  readonly entropy: number;
}

/** Undefined when there are fewer than two classes or no items. */
export function classBalance(counts: readonly number[]): ClassBalance | undefined {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (counts.length < 2 || total === 0) return undefined;
  let largest = 0;
  let smallest = 0;
  let entropy = 0;
  for (const [index, count] of counts.entries()) {
    if (count > counts[largest]) largest = index;
    if (count < counts[smallest]) smallest = index;
    if (count > 0) entropy -= (count / total) * Math.log(count / total);
  }
  return {
    largest,
    smallest,
    ratio: counts[smallest] === 0 ? null : counts[largest] / counts[smallest],
    entropy: entropy / Math.log(counts.length),
  };
}
