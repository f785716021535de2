import { compileEvaluation, type LossSpec, type ParameterValues } from '../../graph/index.ts';
import { floats } from '../../runtime/index.ts';
import type { PreparedSet } from './feeds.ts';
import { type Computing, forEachBatch, type SaidOfRows } from './predict.ts';

/** The loss that a model is trained on, in evaluation mode over a whole set, and the mean of each of its figures. */
export async function evaluationLoss(
  computing: Computing,
  parameters: ParameterValues,
  set: PreparedSet,
  loss: LossSpec,
  visit: (said: SaidOfRows) => void = () => {},
): Promise<number> {
  const { model, target } = computing;
  let [sum, weight] = [0, 0];
  await forEachBatch(
    computing,
    parameters,
    set,
    (said) => {
      // Of sequences, tokens count, and padding does not.
      const counted = said.outputs.tokens === undefined ? said.count : floats(said.outputs.tokens, 'tokens')[0];
      sum += floats(said.outputs.loss, 'loss')[0] * counted;
      weight += counted;
      visit(said);
    },
    () => compileEvaluation(model, { parameters, loss, target }).onnx,
  );
  return sum / weight;
}
