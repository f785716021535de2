/** Losses that a new one is compared with. */
const WINDOW = 100;
const LEAST_LOSSES = 30;
/** Robust deviations above the median, and times the median, from which a loss is a spike. */
const DEVIATIONS = 10;
const TIMES = 1.5;
/** The median absolute deviation of normal numbers, times this, is their standard deviation. */
const MAD_TO_DEVIATION = 1.4826;

/** Finds losses far above those just before, by median and median absolute deviation (Hampel 1974). */
export class LossSpikes {
  readonly #recent: number[] = [];

  /** How many robust deviations the loss lies above the median of the losses before it, if it is a spike; else null. */
  add(loss: number): number | null {
    const recent = this.#recent;
    const spike = recent.length < LEAST_LOSSES ? null : deviationsAbove(loss, recent);
    recent.push(loss);
    if (recent.length > WINDOW) recent.shift();
    return spike;
  }
}

function deviationsAbove(loss: number, before: readonly number[]): number | null {
  const median = medianOf(before);
  if (loss <= median * TIMES) return null;
  const spread = medianOf(before.map((value) => Math.abs(value - median))) * MAD_TO_DEVIATION;
  const deviations = (loss - median) / Math.max(spread, Number.EPSILON * Math.abs(median));
  return deviations >= DEVIATIONS ? deviations : null;
}

function medianOf(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
