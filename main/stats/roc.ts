export interface RocCurve {
  /** From (0, 0) to (1, 1); points where neither rate turns are left out. */
  readonly falsePositiveRates: readonly number[];
  readonly truePositiveRates: readonly number[];
  /** Scores from which on an item counts as positive; the first is +Infinity. */
  readonly thresholds: readonly number[];
  /** Area under the curve by trapezoids: the chance that a positive scores above a negative, ties counting half. */
  readonly area: number;
}

/**
 * Receiver operating characteristic of one class against the rest (T. Fawcett, "An introduction to ROC analysis", 2006).
 * Null when there are no positives or no negatives: the curve is then not defined.
 *
 * @param positive 1 for items of the class, else 0
 */
export function rocCurve(positive: ArrayLike<number>, scores: ArrayLike<number>): RocCurve | null {
  const order = Uint32Array.from({ length: positive.length }, (_, i) => i).sort((a, b) => scores[b] - scores[a]);
  let positives = 0;
  for (let i = 0; i < positive.length; i++) positives += positive[i] ? 1 : 0;
  const negatives = positive.length - positives;
  if (positives === 0 || negatives === 0) return null;

  const points: { hits: number; alarms: number; threshold: number }[] = [
    { hits: 0, alarms: 0, threshold: Number.POSITIVE_INFINITY },
  ];
  let hits = 0;
  let alarms = 0;
  let doubledArea = 0;
  for (let i = 0; i < order.length; ) {
    const threshold = scores[order[i]];
    const [hitsBefore, alarmsBefore] = [hits, alarms];
    for (; i < order.length && scores[order[i]] === threshold; i++) {
      if (positive[order[i]]) hits++;
      else alarms++;
    }
    doubledArea += (alarms - alarmsBefore) * (hits + hitsBefore);
    points.push({ hits, alarms, threshold });
  }
  const kept = points.filter((point, i) => {
    const [before, after] = [points[i - 1], points[i + 1]];
    if (before === undefined || after === undefined) return true;
    return (
      (point.hits - before.hits) * (after.alarms - point.alarms) !==
      (after.hits - point.hits) * (point.alarms - before.alarms)
    );
  });
  return {
    falsePositiveRates: kept.map((point) => point.alarms / negatives),
    truePositiveRates: kept.map((point) => point.hits / positives),
    thresholds: kept.map((point) => point.threshold),
    area: doubledArea / (2 * positives * negatives),
  };
}

/**
 * One curve per class, the class against the rest.
 *
 * @param probabilities items × classes, row-major
 */
export function rocOneVersusRest(
  labels: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  classCount: number,
): readonly (RocCurve | null)[] {
  return Array.from({ length: classCount }, (_, index) => {
    const positive = Uint8Array.from({ length: labels.length }, (_, item) => (labels[item] === index ? 1 : 0));
    const scores = Float64Array.from({ length: labels.length }, (_, item) => probabilities[item * classCount + index]);
    return rocCurve(positive, scores);
  });
}
