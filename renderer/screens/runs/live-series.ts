import type { MetricPoint, MetricSeries } from '../../../main/contract/training.ts';

/**
 * Adds points to series as they come. A point at or before the end of a curve means that the run went back to a
 * checkpoint: what lay after it is replaced. Returns the same array when nothing changed.
 */
export function appendPoints(
  series: readonly MetricSeries[],
  runId: string,
  points: readonly MetricPoint[],
): readonly MetricSeries[] {
  if (points.length === 0) return series;
  const byKey = new Map(series.map((entry) => [entry.key, entry]));
  const additions = new Map<string, MetricPoint[]>();
  for (const point of points)
    for (const key of Object.keys(point.values)) additions.set(key, [...(additions.get(key) ?? []), point]);
  for (const [key, added] of additions) byKey.set(key, extend(byKey.get(key) ?? empty(runId, key), key, added));
  return [...byKey.values()];
}

/** History as read, with what came in over the stream meanwhile on top. */
export function mergeSeries(history: readonly MetricSeries[], live: readonly MetricSeries[]): readonly MetricSeries[] {
  return live.reduce<readonly MetricSeries[]>((merged, entry) => {
    const last = merged.find(({ key }) => key === entry.key)?.steps.at(-1) ?? -1;
    const points = entry.steps.flatMap((step, index) =>
      step <= last
        ? []
        : [
            {
              step,
              epoch: entry.epochs[index] ?? 0,
              elapsedMs: entry.elapsedMs[index] ?? 0,
              values: { [entry.key]: entry.values[index] as number },
            },
          ],
    );
    return appendPoints(merged, entry.runId, points);
  }, history);
}

function extend(series: MetricSeries, key: string, points: readonly MetricPoint[]): MetricSeries {
  const first = points[0]?.step ?? 0;
  let keep = series.steps.length;
  while (keep > 0 && (series.steps[keep - 1] as number) >= first) keep -= 1;
  return {
    ...series,
    steps: [...series.steps.slice(0, keep), ...points.map(({ step }) => step)],
    epochs: [...series.epochs.slice(0, keep), ...points.map(({ epoch }) => epoch)],
    elapsedMs: [...series.elapsedMs.slice(0, keep), ...points.map(({ elapsedMs }) => elapsedMs)],
    values: [...series.values.slice(0, keep), ...points.map(({ values }) => values[key] as number)],
  };
}

function empty(runId: string, key: string): MetricSeries {
  return { runId, key, steps: [], epochs: [], elapsedMs: [], values: [] };
}
