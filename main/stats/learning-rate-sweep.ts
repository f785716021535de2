/** Weight of the past in the smoothed loss. */
const MEMORY = 0.9;
/** The sweep has diverged when the smoothed loss is so many times its lowest value (fastai's rule) … */
const DIVERGED_TIMES = 4;
/** … or, having fallen to this share of its start, is back there: bounded losses never come to four times. */
const FALLEN = 0.95;
/** Steps to either side that a slope is taken over. */
const REACH = 3;
/** First losses say little: the average has not settled. */
const SETTLING = 8;

/** Rates from `minimum` to `maximum`, each the same factor above the one before. */
export function exponentialRates(minimum: number, maximum: number, steps: number): number[] {
  return Array.from({ length: steps }, (_, step) => minimum * (maximum / minimum) ** (step / (steps - 1)));
}

/** An exponential moving average, corrected for its start at zero. */
export function smoothLosses(losses: readonly number[]): number[] {
  let sum = 0;
  return losses.map((loss, step) => {
    sum = MEMORY * sum + (1 - MEMORY) * loss;
    return sum / (1 - MEMORY ** (step + 1));
  });
}

/** Whether a sweep need not go on after these losses. */
export function hasDiverged(smoothed: readonly number[]): boolean {
  const last = smoothed.at(-1);
  if (last === undefined) return false;
  if (!Number.isFinite(last)) return true;
  if (smoothed.length <= SETTLING) return false;
  const [lowest, start] = [Math.min(...smoothed), smoothed[0]];
  return last > DIVERGED_TIMES * lowest || (lowest < FALLEN * start && last > start);
}

export interface RateSuggestions {
  /** Where the smoothed loss falls fastest with the logarithm of the rate, before its lowest value; null if it never fell. */
  readonly steepest: number | null;
  readonly divergence: number | null;
  /** A tenth of the rate of divergence. */
  readonly tenthOfDivergence: number | null;
}

/**
 * What a sweep over growing learning rates suggests (Smith 2015, arXiv:1506.01186; 2017, arXiv:1708.07120). A tenth of
 * the divergence is the safer of the two when the curve is noisy.
 */
export function suggestRates(rates: readonly number[], smoothed: readonly number[]): RateSuggestions {
  const finite = smoothed.filter(Number.isFinite);
  const lowest = smoothed.indexOf(Math.min(...finite));
  let steepest: number | null = null;
  let fall = 0;
  // A curve that never falls by more than its noise has no descent to speak of.
  const fell = smoothed[lowest] < FALLEN * smoothed[0];
  for (let step = SETTLING; fell && step < lowest; step++) {
    const [from, to] = [step - REACH, Math.min(step + REACH, lowest)];
    const slope = (smoothed[to] - smoothed[from]) / Math.log(rates[to] / rates[from]);
    if (slope >= fall) continue;
    fall = slope;
    steepest = rates[step];
  }
  const divergence = hasDiverged(smoothed) ? (rates[smoothed.length - 1] ?? null) : null;
  return { steepest, divergence, tenthOfDivergence: divergence === null ? null : divergence / 10 };
}
