export interface ForecastErrors {
  readonly meanAbsoluteError: number;
  readonly rootMeanSquaredError: number;
  /** Mean of 2·|truth − forecast| / (|truth| + |forecast|), from 0 to 2; 0 where both are 0. */
  readonly symmetricMeanAbsolutePercentageError: number;
}

/** How far forecasts are off, in the units of the truth. Both are of one length, at least one. */
export function forecastErrors(truth: ArrayLike<number>, forecast: ArrayLike<number>): ForecastErrors {
  let [absolute, squares, relative] = [0, 0, 0];
  for (let i = 0; i < truth.length; i++) {
    const difference = Math.abs(truth[i] - forecast[i]);
    const size = Math.abs(truth[i]) + Math.abs(forecast[i]);
    absolute += difference;
    squares += difference ** 2;
    relative += size === 0 ? 0 : (2 * difference) / size;
  }
  const { length } = truth;
  return {
    meanAbsoluteError: absolute / length,
    rootMeanSquaredError: Math.sqrt(squares / length),
    symmetricMeanAbsolutePercentageError: relative / length,
  };
}
