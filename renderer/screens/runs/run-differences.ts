import { splitMetric } from '../../charts/metric-groups.ts';

type Value = string | number | boolean;
type Direction = 'up' | 'down' | 'none';

export interface ParamDifference {
  readonly key: string;
  /** One per run; undefined where the run does not have the key. */
  readonly values: readonly (Value | undefined)[];
}

export interface MetricDifference {
  readonly key: string;
  readonly values: readonly (number | undefined)[];
  /** Position of the best value; null where no direction is better or all are equal. */
  readonly best: number | null;
}

const directions: Readonly<Record<string, Direction>> = {
  loss: 'down',
  rmse: 'down',
  mae: 'down',
  brier: 'down',
  expected_calibration_error: 'down',
  accuracy: 'up',
  macro_f1: 'up',
  weighted_f1: 'up',
  r2: 'up',
  auc: 'up',
  samples_per_second: 'up',
  steps_per_second: 'up',
};

export interface DescribedRun {
  readonly params: Readonly<Record<string, Value>>;
  readonly metrics: Readonly<Record<string, number>>;
}

/** Config keys in which the runs differ; `all` also those in which they agree. */
export function paramDifferences(runs: readonly DescribedRun[], all = false): readonly ParamDifference[] {
  const keys = [...new Set(runs.flatMap((run) => Object.keys(run.params)))].sort();
  return keys
    .map((key) => ({ key, values: runs.map((run) => run.params[key]) }))
    .filter(({ values }) => all || values.some((value) => value !== values[0]));
}

/** Every metric that any of the runs has, those that two or more share first. */
export function metricDifferences(runs: readonly DescribedRun[]): readonly MetricDifference[] {
  const keys = [...new Set(runs.flatMap((run) => Object.keys(run.metrics)))];
  const rank = (key: string) =>
    key.startsWith('test') ? 0 : key.startsWith('best') ? 1 : key.startsWith('validation') ? 2 : 3;
  return keys
    .sort((a, b) => rank(a) - rank(b) || a.localeCompare(b))
    .map((key) => {
      const values = runs.map((run) => run.metrics[key]);
      return { key, values, best: bestOf(values, betterDirection(key)) };
    });
}

/** Whether more of it is better. */
export function betterDirection(key: string): Direction {
  return directions[splitMetric(key).base] ?? 'none';
}

/** Change from a to b, and whether that is an improvement; null where nothing can be said. */
export function change(
  key: string,
  from: number | undefined,
  to: number | undefined,
): { readonly difference: number; readonly better: boolean | null } | null {
  if (from === undefined || to === undefined) return null;
  const difference = to - from;
  const direction = betterDirection(key);
  return {
    difference,
    better: direction === 'none' || difference === 0 ? null : difference > 0 === (direction === 'up'),
  };
}

function bestOf(values: readonly (number | undefined)[], direction: Direction): number | null {
  const known = values.filter((value): value is number => value !== undefined && Number.isFinite(value));
  if (direction === 'none' || known.length < 2 || known.every((value) => value === known[0])) return null;
  const best = direction === 'up' ? Math.max(...known) : Math.min(...known);
  return values.indexOf(best);
}
