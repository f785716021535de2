import { BATCH } from '../dimension.ts';
import { absolute, cast, multiply, reduceMean, subtract } from '../expression.ts';
import { GraphError } from '../graph-error.ts';
import type { Graph, Tensor } from '../tensor.ts';

export type LossSpec = { readonly kind: 'cross_entropy'; readonly labelSmoothing?: number } | { readonly kind: 'mse' };

export interface LossResult {
  /** Mean over the batch, a float32 scalar. */
  readonly loss: Tensor;
  /** One further figure per step, a float32 scalar. */
  readonly metric: { readonly name: 'correct' | 'absoluteError'; readonly tensor: Tensor };
}

interface LossRow<Spec extends LossSpec> {
  /** Declares the graph input `y` that fits the model's output [batch, K]. */
  readonly target: (graph: Graph, output: Tensor) => Tensor;
  readonly build: (output: Tensor, y: Tensor, spec: Spec) => LossResult;
}

type LossTable = { readonly [Kind in LossSpec['kind']]: LossRow<Extract<LossSpec, { kind: Kind }>> };

const losses: LossTable = {
  /** Mean softmax cross-entropy of logits against class ids; `correct` counts hits in the batch. */
  cross_entropy: {
    target: (graph) => graph.input('y', 'int64', [BATCH]),
    build: (logits, y, { labelSmoothing = 0 }) => {
      const perSample = logits.graph.apply('SoftmaxCrossEntropy', [logits, y], { labelSmoothing });
      const correct = logits.graph.apply('CorrectCount', [logits, y]);
      return { loss: reduceMean(perSample, [0]), metric: { name: 'correct', tensor: correct } };
    },
  },
  /** Mean squared error over all elements; `absoluteError` is the mean absolute error of the batch. */
  mse: {
    target: (graph, output) => graph.input('y', 'float32', output.shape),
    build: (output, y) => {
      const difference = subtract(output, y);
      const error = reduceMean(absolute(difference), [0, 1]);
      return {
        loss: reduceMean(multiply(difference, difference), [0, 1]),
        metric: { name: 'absoluteError', tensor: cast(error, 'float32') },
      };
    },
  },
};

/** Adds the input `y` and the loss to a graph. @throws GraphError if the model's output does not fit. */
export function buildLoss(output: Tensor, spec: LossSpec): LossResult {
  if (output.shape.length !== 2) {
    throw new GraphError('shape-mismatch', `A loss needs an output [batch, K], not [${output.shape}].`);
  }
  const row = losses[spec.kind] as LossRow<LossSpec> | undefined;
  if (!row) throw new GraphError('invalid-argument', `There is no loss named ${String(spec.kind)}.`);
  return row.build(output, row.target(output.graph, output), spec);
}
