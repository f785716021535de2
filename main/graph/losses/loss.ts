import { add } from '../expression.ts';
import { GraphError } from '../graph-error.ts';
import type { AddedLoss } from '../layers/recording-trace.ts';
import type { Tensor } from '../tensor.ts';
import type { ClassificationLossSpec } from './classification.ts';
import { classificationLosses } from './classification.ts';
import type { ContrastiveLossSpec } from './contrastive.ts';
import { contrastiveLosses } from './contrastive.ts';
import type { DetectionLossSpec } from './detection.ts';
import { detectionLosses } from './detection.ts';
import type { Figure, LossResult, LossRow } from './loss-row.ts';
import type { RegressionLossSpec } from './regression.ts';
import { regressionLosses } from './regression.ts';
import type { SegmentationLossSpec } from './segmentation.ts';
import { segmentationLosses } from './segmentation.ts';
import type { SequenceLossSpec } from './sequence.ts';
import { sequenceLosses } from './sequence.ts';

export type LossSpec =
  | ClassificationLossSpec
  | RegressionLossSpec
  | ContrastiveLossSpec
  | SegmentationLossSpec
  | DetectionLossSpec
  | SequenceLossSpec
  /** The model adds its own losses while it is traced (`trace.addLoss`); there is no `y`. */
  | { readonly kind: 'module' };

type LossTable = {
  readonly [Kind in Exclude<LossSpec['kind'], 'module'>]: LossRow<Extract<LossSpec, { kind: Kind }>>;
};

/** Every loss of a model's output against `y`. A new group is a file of rows, joined here and in `LossSpec`. */
const losses: LossTable = {
  ...classificationLosses,
  ...regressionLosses,
  ...contrastiveLosses,
  ...sequenceLosses,
  ...segmentationLosses,
  ...detectionLosses,
};

export interface BuildLossOptions {
  /** What the modules added while they were traced. */
  readonly added?: readonly AddedLoss[];
  /** Turns the declared `y` into the target to learn, such as a mixture of two; may change class ids to distributions. */
  readonly prepareTarget?: (y: Tensor, output: Tensor) => Tensor;
}

/**
 * The loss of a step: that of the output against `y`, which is declared as a graph input, and what the modules added.
 * @param x what the model took
 * @throws GraphError if the model's output does not fit, or if there is no loss at all
 */
export function buildLoss(x: Tensor, output: Tensor, spec: LossSpec, options: BuildLossOptions = {}): LossResult {
  const { added = [], prepareTarget = (y) => y } = options;
  const own = added.flatMap(({ name, loss }): readonly Figure[] =>
    name === undefined ? [] : [{ name, tensor: loss }],
  );
  const sum = (terms: readonly Tensor[]): Tensor => terms.reduce(add);
  const extra = added.map(({ loss }) => loss);
  if (spec.kind === 'module') {
    if (extra.length === 0) throw new GraphError('invalid-argument', 'The model adds no loss of its own.');
    return { loss: sum(extra), figures: own };
  }
  const row = losses[spec.kind] as LossRow<LossSpec> | undefined;
  if (!row) throw new GraphError('invalid-argument', `There is no loss named ${String(spec.kind)}.`);
  const y = prepareTarget(row.target(output.graph, output, spec), output);
  const { loss, weight, figures } = row.build(output, y, spec, x);
  return { loss: sum([loss, ...extra]), ...(weight ? { weight } : {}), figures: [...figures, ...own] };
}
