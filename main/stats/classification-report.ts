import type { ConfusionMatrix } from './confusion-matrix.ts';

/** As scikit-learn's `classification_report` with `zero_division=0`. */
export interface ClassScore {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** Items of the class. */
  readonly support: number;
}

export interface ClassificationReport {
  readonly accuracy: number;
  /** Mean recall over the classes that occur. */
  readonly balancedAccuracy: number;
  /** Cohen's kappa, unweighted: agreement beyond what the margins give by chance; 0 when chance explains everything. */
  readonly kappa: number;
  readonly perClass: readonly ClassScore[];
  /** Plain mean over all classes. */
  readonly macro: ClassScore;
  /** Mean weighted by support. */
  readonly weighted: ClassScore;
}

export function classificationReport({ classCount, counts }: ConfusionMatrix): ClassificationReport {
  const rowSums = new Float64Array(classCount);
  const columnSums = new Float64Array(classCount);
  let total = 0;
  let correct = 0;
  for (let row = 0; row < classCount; row++) {
    for (let column = 0; column < classCount; column++) {
      const count = counts[row * classCount + column];
      rowSums[row] += count;
      columnSums[column] += count;
      total += count;
    }
    correct += counts[row * classCount + row];
  }
  const perClass = Array.from({ length: classCount }, (_, index): ClassScore => {
    const hits = counts[index * classCount + index];
    const precision = ratio(hits, columnSums[index]);
    const recall = ratio(hits, rowSums[index]);
    return { precision, recall, f1: ratio(2 * hits, rowSums[index] + columnSums[index]), support: rowSums[index] };
  });
  const average = (weight: (score: ClassScore) => number): ClassScore => {
    const sum = perClass.reduce((all, score) => all + weight(score), 0);
    const mean = (value: (score: ClassScore) => number) =>
      ratio(
        perClass.reduce((all, score) => all + weight(score) * value(score), 0),
        sum,
      );
    return {
      precision: mean((score) => score.precision),
      recall: mean((score) => score.recall),
      f1: mean((score) => score.f1),
      support: total,
    };
  };
  const accuracy = ratio(correct, total);
  const present = perClass.filter((score) => score.support > 0);
  const chance = ratio(
    rowSums.reduce((sum, value, index) => sum + value * columnSums[index], 0),
    total * total,
  );
  return {
    accuracy,
    balancedAccuracy: ratio(
      present.reduce((sum, score) => sum + score.recall, 0),
      present.length,
    ),
    kappa: ratio(accuracy - chance, 1 - chance),
    perClass,
    macro: average(() => 1),
    weighted: average((score) => score.support),
  };
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
