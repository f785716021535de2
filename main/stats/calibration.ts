/** How far confidences can be believed (C. Guo et al., "On Calibration of Modern Neural Networks", 2017). */
export interface ReliabilityBin {
  /** The bin holds confidences in (lower, upper]; the first one also 0. */
  readonly lower: number;
  readonly upper: number;
  readonly count: number;
  /** Mean confidence and share of right predictions; null in an empty bin. */
  readonly confidence: number | null;
  readonly accuracy: number | null;
}

export interface Calibration {
  readonly bins: readonly ReliabilityBin[];
  /** Expected calibration error: mean |accuracy − confidence| of the bins, weighted by their counts. */
  readonly expectedError: number;
  /** The largest |accuracy − confidence| of a bin that is not empty. */
  readonly maximumError: number;
}

/** Top-label calibration with bins of equal width. @param correct 1 where the prediction was right, else 0 */
export function calibration(confidences: ArrayLike<number>, correct: ArrayLike<number>, binCount = 15): Calibration {
  const counts = new Float64Array(binCount);
  const confidenceSums = new Float64Array(binCount);
  const correctSums = new Float64Array(binCount);
  for (let i = 0; i < confidences.length; i++) {
    const bin = Math.min(binCount - 1, Math.max(0, Math.ceil(confidences[i] * binCount) - 1));
    counts[bin]++;
    confidenceSums[bin] += confidences[i];
    correctSums[bin] += correct[i] ? 1 : 0;
  }
  let expectedError = 0;
  let maximumError = 0;
  const bins = Array.from(counts, (count, bin): ReliabilityBin => {
    const bounds = { lower: bin / binCount, upper: (bin + 1) / binCount, count };
    if (count === 0) return { ...bounds, confidence: null, accuracy: null };
    const confidence = confidenceSums[bin] / count;
    const accuracy = correctSums[bin] / count;
    expectedError += (count / confidences.length) * Math.abs(accuracy - confidence);
    maximumError = Math.max(maximumError, Math.abs(accuracy - confidence));
    return { ...bounds, confidence, accuracy };
  });
  return { bins, expectedError, maximumError };
}

/**
 * Brier score over all classes: mean squared distance between the probabilities and the one-hot label, 0 to 2 (G. Brier,
 * 1950). Half of it is the usual score of two classes.
 *
 * @param probabilities items × classes, row-major
 */
export function brierScore(labels: ArrayLike<number>, probabilities: ArrayLike<number>, classCount: number): number {
  let sum = 0;
  for (let item = 0; item < labels.length; item++)
    for (let index = 0; index < classCount; index++)
      sum += (probabilities[item * classCount + index] - (labels[item] === index ? 1 : 0)) ** 2;
  return sum / labels.length;
}

/** Mean −ln of the probability given to the true class, clipped below so that one certain error does not make it infinite. */
export function logLoss(
  labels: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  classCount: number,
  smallest = 2.220446049250313e-16,
): number {
  let sum = 0;
  for (let item = 0; item < labels.length; item++)
    sum -= Math.log(Math.min(1, Math.max(smallest, probabilities[item * classCount + labels[item]])));
  return sum / labels.length;
}
