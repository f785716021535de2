import { BATCH } from '../dimension.ts';
import { absolute, add, cast, multiply, reduceMean, subtract } from '../expression.ts';
import { GraphError } from '../graph-error.ts';
import type { AddedLoss } from '../layers/recording-trace.ts';
import type { Graph, Tensor } from '../tensor.ts';

export type LossSpec =
  | { readonly kind: 'cross_entropy'; readonly labelSmoothing?: number }
  | { readonly kind: 'mse' }
  /** The model adds its own losses while it is traced (`trace.addLoss`); there is no `y`. */
  | { readonly kind: 'module' };

/** A float32 scalar that a step reports besides its loss. */
export interface Figure {
  readonly name: string;
  readonly tensor: Tensor;
}

export interface LossResult {
  /** Mean over the batch, a float32 scalar. */
  readonly loss: Tensor;
  readonly figures: readonly Figure[];
}

interface LossRow<Spec extends LossSpec> {
  /** Declares the graph input `y` that fits the model's output. @throws GraphError if none can. */
  readonly target: (graph: Graph, output: Tensor) => Tensor;
  readonly build: (output: Tensor, y: Tensor, spec: Spec) => LossResult;
}

/** What a loss asks of the output's rank. */
const ofRank = (output: Tensor, rank: number, meaning: string): void => {
  if (output.shape.length !== rank)
    throw new GraphError('shape-mismatch', `This loss needs an output ${meaning}, not [${output.shape}].`);
};

type LossTable = {
  readonly [Kind in Exclude<LossSpec['kind'], 'module'>]: LossRow<Extract<LossSpec, { kind: Kind }>>;
};

const losses: LossTable = {
  /** Mean softmax cross-entropy of logits against class ids; `correct` counts hits in the batch. */
  cross_entropy: {
    target: (graph, output) => {
      ofRank(output, 2, '[batch, classes]');
      return graph.input('y', 'int64', [BATCH]);
    },
    build: (logits, y, { labelSmoothing = 0 }) => {
      const perSample = logits.graph.apply('SoftmaxCrossEntropy', [logits, y], { labelSmoothing });
      const correct = logits.graph.apply('CorrectCount', [logits, y]);
      return { loss: reduceMean(perSample, [0]), figures: [{ name: 'correct', tensor: correct }] };
    },
  },
  /** Mean squared error over all elements; `absoluteError` is the mean absolute error of the batch. */
  mse: {
    target: (graph, output) => graph.input('y', 'float32', output.shape),
    build: (output, y) => {
      const difference = subtract(output, y);
      const axes = output.shape.map((_, axis) => axis);
      const error = reduceMean(absolute(difference), axes);
      return {
        loss: reduceMean(multiply(difference, difference), axes),
        figures: [{ name: 'absoluteError', tensor: cast(error, 'float32') }],
      };
    },
  },
};

/**
 * The loss of a step: that of the output against `y`, which is declared as a graph input, and what the modules added
 * while they were traced.
 * @throws GraphError if the model's output does not fit, or if there is no loss at all
 */
export function buildLoss(output: Tensor, spec: LossSpec, added: readonly AddedLoss[] = []): LossResult {
  const own = added.flatMap(({ name, loss }): readonly Figure[] =>
    name === undefined ? [] : [{ name, tensor: loss }],
  );
  const sum = (losses: readonly Tensor[]): Tensor => losses.reduce(add);
  const extra = added.map(({ loss }) => loss);
  if (spec.kind === 'module') {
    if (extra.length === 0) throw new GraphError('invalid-argument', 'The model adds no loss of its own.');
    return { loss: sum(extra), figures: own };
  }
  const row = losses[spec.kind] as LossRow<LossSpec> | undefined;
  if (!row) throw new GraphError('invalid-argument', `There is no loss named ${String(spec.kind)}.`);
  const { loss, figures } = row.build(output, row.target(output.graph, output), spec);
  return { loss: sum([loss, ...extra]), figures: [...figures, ...own] };
}
