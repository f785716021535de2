/** A metric of the candidate beside the same metric of what it would replace. */
export interface ComparedMetric {
  readonly key: string;
  readonly candidate: number | null;
  readonly current: number | null;
  readonly difference: number | null;
  /** Whether the difference is for the better; null when it is none or cannot be said. */
  readonly better: boolean | null;
}

/** Smaller is better for errors; larger for everything else that a model is judged by. */
const smallerIsBetter = /loss|error|brier|perplexity|latency/i;

/** What says how good a model is, apart from what says how training went. */
const judging = /^(test|validation)\./;

/** The metrics to decide by: those of an evaluation, or all when there was none. */
export function judgingMetrics(rows: readonly ComparedMetric[]): readonly ComparedMetric[] {
  const found = rows.filter((row) => judging.test(row.key));
  return found.length === 0 ? rows : found;
}

/** Every metric that either version has: those of the test split first, the rest by name. */
export function compareMetrics(
  candidate: Readonly<Record<string, number>>,
  current: Readonly<Record<string, number>> | undefined,
): readonly ComparedMetric[] {
  const keys = [...new Set([...Object.keys(candidate), ...Object.keys(current ?? {})])].sort(
    (a, b) => Number(b.startsWith('test.')) - Number(a.startsWith('test.')) || a.localeCompare(b),
  );
  return keys.map((key) => {
    const mine = candidate[key] ?? null;
    const theirs = current?.[key] ?? null;
    const difference = mine === null || theirs === null ? null : mine - theirs;
    const better = difference === null || difference === 0 ? null : smallerIsBetter.test(key) === difference < 0;
    return { key, candidate: mine, current: theirs, difference, better };
  });
}
