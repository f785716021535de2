/** PyTorch's ReduceLROnPlateau, with its defaults. */
export interface PlateauOptions {
  /** Whether a smaller or a larger figure is better. Default `min`. */
  readonly mode?: 'min' | 'max';
  /** What the rate is multiplied by. Default 0.1. */
  readonly factor?: number;
  /** How many figures without improvement are borne before the rate falls. Default 10. */
  readonly patience?: number;
  /** How much better counts as an improvement. Default 1e-4. */
  readonly threshold?: number;
  /** Whether `threshold` is a share of the best figure so far. Default `relative`. */
  readonly thresholdMode?: 'relative' | 'absolute';
  /** How many figures after a reduction are not counted. Default 0. */
  readonly cooldown?: number;
  readonly minimumRate?: number;
}

/** A smaller change of the rate than this is none (PyTorch's `eps`). */
const SMALLEST_CHANGE = 1e-8;

/**
 * The rate after all figures of `history`, oldest first: PyTorch's ReduceLROnPlateau as a fold over what it has seen
 * instead of an object that remembers.
 */
export function plateauRate(baseRate: number, options: PlateauOptions, history: readonly number[]): number {
  const { mode = 'min', factor = 0.1, patience = 10, threshold = 1e-4, thresholdMode = 'relative' } = options;
  const { cooldown = 0, minimumRate = 0 } = options;
  const sign = mode === 'min' ? -1 : 1;
  const isBetter = (figure: number, best: number): boolean => {
    const bar = thresholdMode === 'relative' ? best * (1 + sign * threshold) : best + sign * threshold;
    return mode === 'min' ? figure < bar : figure > bar;
  };
  let rate = baseRate;
  let best = mode === 'min' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  let [bad, cooling] = [0, 0];
  for (const figure of history) {
    if (isBetter(figure, best)) [best, bad] = [figure, 0];
    else bad++;
    if (cooling > 0) [cooling, bad] = [cooling - 1, 0];
    if (bad <= patience) continue;
    const lower = Math.max(rate * factor, minimumRate);
    if (rate - lower > SMALLEST_CHANGE) rate = lower;
    [cooling, bad] = [cooldown, 0];
  }
  return rate;
}
