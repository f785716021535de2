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
  let sum = 0;
  await forEachBatch(
    computing,
    parameters,
    set,
    (said) => {
      sum += floats(said.outputs.loss, 'loss')[0] * said.count;
      visit(said);
    },
    () => compileEvaluation(model, { parameters, loss, target }).onnx,
  );
  return sum / set.count;
}
