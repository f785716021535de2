/** Means of the loss over the steps since the point before, by the last of these steps. */
export interface LossCurve {
  readonly steps: readonly number[];
  readonly losses: readonly number[];
}

/** Of every step in order: its loss, and how many samples it learned from. */
export interface StepLosses {
  readonly losses: readonly number[];
  readonly samples: readonly number[];
}

/** Steps that are averaged before the curves are compared: one batch is easier than another for both. */
const WINDOW = 100;
const FIRST_STEPS = 200;

/**
 * How far a curve lies from another run's losses: point by point over the first steps, over windows of a hundred steps, and
 * over the last such window. Differences are shares of the other's loss.
 */
export function trainLossAgreement(curve: LossCurve, peer: StepLosses) {
  const theirs = sameMeans(curve, peer);
  const points = curve.steps.map((step, index) => ({
    step,
    weight: step - (curve.steps[index - 1] ?? 0),
    ours: curve.losses[index],
    peer: theirs[index],
  }));
  const windows = Object.values(Object.groupBy(points, ({ step }) => Math.ceil(step / WINDOW))).map((group = []) => {
    const mean = (of: 'ours' | 'peer'): number =>
      group.reduce((sum, point) => sum + point[of] * point.weight, 0) /
      group.reduce((sum, { weight }) => sum + weight, 0);
    return { ours: mean('ours'), peer: mean('peer') };
  });
  const largest = (pairs: readonly { readonly ours: number; readonly peer: number }[]): number =>
    Math.max(...pairs.map(({ ours, peer: other }) => Math.abs(ours / other - 1)));
  return {
    largestDifferenceOfFirstSteps: largest(points.filter(({ step }) => step <= FIRST_STEPS)),
    largestDifferenceOfWindows: largest(windows),
    lastWindow: windows.at(-1),
    windows: windows.map(({ ours, peer: other }) => [ours, other].map((loss) => Math.round(loss * 1e4) / 1e4)),
  };
}

/** The other losses, averaged over the same steps as the points of the curve. */
function sameMeans({ steps }: LossCurve, { losses, samples }: StepLosses): number[] {
  return steps.map((step, index) => {
    let [sum, count] = [0, 0];
    for (let at = steps[index - 1] ?? 0; at < step; at++) {
      sum += losses[at] * samples[at];
      count += samples[at];
    }
    return sum / count;
  });
}
