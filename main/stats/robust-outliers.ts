/** Iglewicz and Hoaglin, "How to Detect and Handle Outliers", 1993: |modified z| above 3.5. */
export const OUTLIER_THRESHOLD = 3.5;
/** 1 / Φ⁻¹(3/4): the median absolute deviation of a normal distribution is 0.6745 standard deviations. */
const NORMAL_SCALE = 0.674489750196082;
/** 1 / √(2/π): used instead when more than half of the values are equal and the median absolute deviation is 0. */
const MEAN_SCALE = 1.253314;

/**
 * Indices of values far from the median in units of the median absolute deviation; not moved by the outliers themselves.
 * Falls back to the mean absolute deviation when most values are equal. Non-finite values are outliers.
 */
export function robustOutliers(values: ArrayLike<number>, threshold = OUTLIER_THRESHOLD): number[] {
  const finite = new Float64Array(values.length);
  let count = 0;
  let even = true;
  for (let i = 0; i < values.length; i++) {
    if (values[i] !== values[0]) even = false;
    if (Number.isFinite(values[i])) finite[count++] = values[i];
  }
  if (even && count > 0) return [];
  if (count === 0) return Array.from(values, (_, index) => index);
  const own = finite.subarray(0, count);
  const center = median(own);
  let sum = 0;
  for (let i = 0; i < count; i++) {
    own[i] = Math.abs(own[i] - center);
    sum += own[i];
  }
  const spread = median(own);
  const scale = spread > 0 ? spread / NORMAL_SCALE : (sum / count) * MEAN_SCALE;
  const outliers: number[] = [];
  for (let i = 0; i < values.length; i++) {
    const distance = Math.abs(values[i] - center);
    if (!Number.isFinite(distance) || (scale > 0 && distance / scale > threshold)) outliers.push(i);
  }
  return outliers;
}

/** Reorders its argument. */
function median(values: Float64Array): number {
  const middle = values.length >> 1;
  const upper = select(values, middle);
  if (values.length % 2 === 1) return upper;
  let lower = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < middle; i++) lower = Math.max(lower, values[i]);
  return (lower + upper) / 2;
}

/** The value that sorting would put at `rank`; smaller ones come to lie before it (Hoare's quickselect, "Find", 1961). */
function select(values: Float64Array, rank: number): number {
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const pivot = values[(low + high) >> 1];
    let i = low;
    let j = high;
    while (i <= j) {
      while (values[i] < pivot) i++;
      while (values[j] > pivot) j--;
      if (i > j) break;
      const held = values[i];
      values[i++] = values[j];
      values[j--] = held;
    }
    if (rank <= j) high = j;
    else if (rank >= i) low = i;
    else break;
  }
  return values[rank];
}
