import type { Split } from '../../../contract/datasets.ts';
import { LightbenchError } from '../../../contract/errors.ts';
import type { ItemSets } from '../item-sets.ts';

/** The rows of a table as a series: values in order of time, row-major, and the split of every row. */
export interface Series {
  readonly values: Float64Array;
  readonly columnCount: number;
  readonly splits: readonly Split[];
}

export interface WindowShape {
  readonly length: number;
  readonly horizon: number;
}

const PLACES: Readonly<Record<Split, number>> = { train: 0, validation: 1, test: 2 };

/** Values and splits in an order of the rows. */
export function seriesOf(
  numbers: Float64Array,
  columnCount: number,
  splits: readonly Split[],
  order: Int32Array | null,
): Series {
  if (order === null) return { values: numbers, columnCount, splits };
  const values = new Float64Array(numbers.length);
  order.forEach((row, place) => {
    values.set(numbers.subarray(row * columnCount, (row + 1) * columnCount), place * columnCount);
  });
  return { values, columnCount, splits: Array.from(order, (row) => splits[row]) };
}

/**
 * Windows by their first forecast row. What a window forecasts lies in one split; what it looks back on may reach into the
 * one before, as it will when the model is used. Windows with a gap are left out.
 *
 * @param validationFraction taken from the end of train when there is no validation split
 * @throws LightbenchError source.inconsistent when the splits are not in order of time, source.empty when train is too short
 */
export function seriesWindows(series: Series, shape: WindowShape, validationFraction: number): ItemSets {
  const splits = validatedSplits(series.splits, validationFraction);
  const { length, horizon } = shape;
  const gaps = rowsWithGaps(series);
  const sets: Record<Split, number[]> = { train: [], validation: [], test: [] };
  for (let row = length; row + horizon <= splits.length; row++) {
    const split = splits[row];
    if (splits[row + horizon - 1] === split && gaps[row + horizon] === gaps[row - length]) sets[split].push(row);
  }
  if (sets.train.length === 0)
    throw new LightbenchError(
      'source.empty',
      `No window of ${length} rows and ${horizon} to forecast fits into the train split.`,
      { suggestion: 'Make data.series.length or horizon smaller, or look for gaps in the columns.' },
    );
  return {
    train: Int32Array.from(sets.train),
    validation: Int32Array.from(sets.validation),
    test: Int32Array.from(sets.test),
  };
}

function validatedSplits(splits: readonly Split[], fraction: number): readonly Split[] {
  const disordered = splits.findIndex((split, row) => row > 0 && PLACES[split] < PLACES[splits[row - 1]]);
  if (disordered >= 0)
    throw new LightbenchError(
      'source.inconsistent',
      `The splits are not in order of time: row ${disordered} is ${splits[disordered]} and follows ${splits[disordered - 1]}. A model would be tested on what lies between the rows it has learned.`,
      { suggestion: 'Import the table again with the splits “ordered”.' },
    );
  if (splits.includes('validation') || fraction === 0) return splits;
  const trainCount = splits.filter((split) => split === 'train').length;
  const kept = trainCount - Math.round(trainCount * fraction);
  return splits.map((split, row) => (split === 'train' && row >= kept ? 'validation' : split));
}

/** How many rows before each row have a value missing. */
function rowsWithGaps({ values, columnCount, splits }: Series): Uint32Array {
  const counts = new Uint32Array(splits.length + 1);
  for (let row = 0; row < splits.length; row++) {
    const gap = values.subarray(row * columnCount, (row + 1) * columnCount).some(Number.isNaN);
    counts[row + 1] = counts[row] + (gap ? 1 : 0);
  }
  return counts;
}
