import { dimensionProduct } from '../dimension.ts';
import { divide, maximum, multiply, reduceSum, reshape, subtract } from '../expression.ts';
import type { LossRow } from './loss-row.ts';
import { requireRank } from './loss-row.ts';

/** PyTorch's default of `ignore_index`. */
const IGNORED = -100;

/** Losses of one prediction per step of a sequence. */
export type SequenceLossSpec = {
  /**
   * Softmax cross-entropy of logits [batch, steps, classes] against ids `y` int64 [batch, steps], averaged over the
   * steps whose id is not `ignoreIndex` (-100 by default; 0 leaves padding out).
   */
  readonly kind: 'token_cross_entropy';
  readonly ignoreIndex?: number;
  readonly labelSmoothing?: number;
};

export const sequenceLosses: { readonly token_cross_entropy: LossRow<SequenceLossSpec> } = {
  token_cross_entropy: {
    target: (graph, output) => {
      requireRank(output, 3, '[batch, steps, classes]');
      return graph.input('y', 'int64', output.shape.slice(0, 2));
    },
    build: (output, y, { ignoreIndex = IGNORED, labelSmoothing = 0 }) => {
      const { graph } = output;
      const rows = dimensionProduct(output.shape.slice(0, 2));
      const logits = reshape(output, [rows, output.shape[2] ?? 1]);
      const ids = reshape(y, [rows]);
      const counted = subtract(graph.scalar(1), graph.apply('EqualsId', [ids], { id: ignoreIndex }));
      const perToken = graph.apply('SoftmaxCrossEntropy', [logits, ids], { labelSmoothing });
      const weight = reduceSum(counted, [0]);
      const total = reduceSum(multiply(perToken, counted), [0]);
      const correct = reduceSum(multiply(graph.apply('Hits', [logits, ids]), counted), [0]);
      return {
        loss: divide(total, maximum(weight, graph.scalar(1))),
        weight,
        figures: [
          { name: 'correct', tensor: correct, isCount: true },
          { name: 'tokens', tensor: weight, isCount: true },
        ],
      };
    },
  },
};
