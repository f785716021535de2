import type { Experiment } from './experiment.ts';
import { crossEntropy, largestAt, predict } from './predict.ts';
import type { PreparedSet } from './prepared-set.ts';

/** Loss and accuracy on the validation items; of a regression, errors in the unit of the target as well. */
export async function validate(
  experiment: Experiment,
  parameters: Record<string, Float32Array>,
  set: PreparedSet,
): Promise<Record<string, number>> {
  const outputs = await predict(experiment, parameters, set);
  const items = experiment.sets.validation;
  const { classes } = experiment.input;
  if (classes.length > 0) {
    const truth = Array.from(items, (item) => experiment.truth(item));
    const correct = truth.filter((label, row) => largestAt(outputs, row, classes.length) === label).length;
    return {
      validation_loss: crossEntropy(outputs, truth, classes.length),
      validation_accuracy: correct / truth.length,
    };
  }
  const scale = experiment.targetScale ?? { mean: 0, deviation: 1 };
  let [squares, absolute] = [0, 0];
  items.forEach((item, row) => {
    const difference = outputs[row] - (experiment.truth(item) - scale.mean) / scale.deviation;
    squares += difference ** 2;
    absolute += Math.abs(difference);
  });
  return {
    validation_loss: squares / items.length,
    validation_rmse: Math.sqrt(squares / items.length) * scale.deviation,
    validation_mae: (absolute / items.length) * scale.deviation,
  };
}
