export type Normalisation = 'counts' | 'row' | 'column';

export interface Confusion {
  readonly trueClass: number;
  readonly predictedClass: number;
  readonly count: number;
  /** Of all items of the true class. */
  readonly share: number;
}

/** A model that confuses next to nothing must not look as if it did. */
const smallestScale = 0.03;

/** Each cell's share of its row (recall on the diagonal) or of its column (precision on the diagonal); 0 for an empty one. */
export function cellShares(
  matrix: readonly (readonly number[])[],
  by: 'row' | 'column',
): readonly (readonly number[])[] {
  const columnSums = (matrix[0] ?? []).map((_, column) => matrix.reduce((sum, row) => sum + (row[column] ?? 0), 0));
  return matrix.map((row) => {
    const rowSum = row.reduce((sum, count) => sum + count, 0);
    return row.map((count, column) => {
      const total = by === 'row' ? rowSum : (columnSums[column] ?? 0);
      return total === 0 ? 0 : count / total;
    });
  });
}

/** The mistakes made most often, most frequent first. */
export function topConfusions(matrix: readonly (readonly number[])[], limit: number): readonly Confusion[] {
  return matrix
    .flatMap((row, trueClass) => {
      const total = row.reduce((sum, count) => sum + count, 0);
      return row.map((count, predictedClass) => ({
        trueClass,
        predictedClass,
        count,
        share: total === 0 ? 0 : count / total,
      }));
    })
    .filter(({ trueClass, predictedClass, count }) => trueClass !== predictedClass && count > 0)
    .sort((a, b) => b.count - a.count || b.share - a.share)
    .slice(0, limit);
}

/** How deep the colour of each cell is, 0 … 1. Mistakes are rare: they have a scale of their own, up to the most frequent. */
export function cellDepths(shares: readonly (readonly number[])[]): readonly (readonly number[])[] {
  const worst = Math.max(
    smallestScale,
    ...shares.flatMap((row, trueClass) => row.filter((_, predictedClass) => predictedClass !== trueClass)),
  );
  return shares.map((row, trueClass) =>
    row.map((share, predictedClass) => Math.sqrt(trueClass === predictedClass ? share : share / worst)),
  );
}
