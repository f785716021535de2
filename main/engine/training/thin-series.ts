import type { MetricPoint, MetricSeries } from '../../contract/training.ts';

/** One series per metric of a run, each at most `maximumPoints` long. */
export function seriesOf(
  runId: string,
  points: readonly MetricPoint[],
  keys: readonly string[] | undefined,
  maximumPoints: number,
): MetricSeries[] {
  const names = new Set(points.flatMap((point) => Object.keys(point.values)));
  return [...names]
    .filter((key) => keys === undefined || keys.includes(key))
    .map((key) => {
      const kept = thin(
        points.filter((point) => point.values[key] !== undefined),
        (point) => point.values[key],
        maximumPoints,
      );
      return {
        runId,
        key,
        steps: kept.map((point) => point.step),
        epochs: kept.map((point) => point.epoch),
        elapsedMs: kept.map((point) => point.elapsedMs),
        values: kept.map((point) => point.values[key]),
      };
    });
}

/** Keeps the first, the last, and of every interval between the lowest and the highest: spikes must not vanish. */
export function thin<T>(items: readonly T[], measure: (item: T) => number, maximum: number): readonly T[] {
  if (items.length <= maximum) return items;
  const intervals = Math.max(1, Math.floor((maximum - 2) / 2));
  const kept = new Set([0, items.length - 1]);
  const inner = items.length - 2;
  for (let interval = 0; interval < intervals; interval++) {
    const start = 1 + Math.floor((interval * inner) / intervals);
    const end = 1 + Math.floor(((interval + 1) * inner) / intervals);
    let [lowest, highest] = [start, start];
    for (let i = start; i < end; i++) {
      if (measure(items[i]) < measure(items[lowest])) lowest = i;
      if (measure(items[i]) > measure(items[highest])) highest = i;
    }
    kept.add(lowest).add(highest);
  }
  return [...kept].sort((a, b) => a - b).map((place) => items[place]);
}
