import type { Dimension } from '../dimension.ts';
import { BATCH } from '../dimension.ts';
import { divide, maximum, multiply, reduceMean, reduceSum } from '../expression.ts';
import { GraphError } from '../graph-error.ts';
import type { Graph, Tensor } from '../tensor.ts';

/** A float32 scalar that a step reports besides its loss. */
export interface Figure {
  readonly name: string;
  readonly tensor: Tensor;
  /** A count over the batch rather than a mean: micro-batches add it up. */
  readonly isCount?: true;
}

export interface LossResult {
  /** Mean over the batch, a float32 scalar. */
  readonly loss: Tensor;
  /** What the mean was divided by, a float32 scalar; the number of samples where it is absent. */
  readonly weight?: Tensor;
  readonly figures: readonly Figure[];
}

export interface LossRow<Spec> {
  /** Declares the graph input `y` that fits the model's output. @throws GraphError if none can. */
  readonly target: (graph: Graph, output: Tensor, spec: Spec) => Tensor;
  /** @param x what the model took */
  readonly build: (output: Tensor, y: Tensor, spec: Spec, x: Tensor) => LossResult;
}

/** Losses that can count some samples more than others. */
export interface SampleWeighting {
  /**
   * Declares the input `sampleWeights` float32 [batch]: the loss becomes Σ weight·loss / Σ weight, and samples of weight
   * 0 take no part in the figures either.
   */
  readonly sampleWeights?: true;
}

/** How many rows of logits are largest at their class id `y`; those of weight 0 are left out. */
export const correctOf = (logits: Tensor, y: Tensor, weights: Tensor | undefined): Figure => ({
  name: 'correct',
  tensor: logits.graph.apply('CorrectCount', [logits, y, weights]),
  isCount: true,
});

/** What a loss asks of the output's rank. */
export function requireRank(output: Tensor, rank: number, meaning: string): void {
  if (output.shape.length !== rank)
    throw new GraphError('shape-mismatch', `This loss needs an output ${meaning}, not [${output.shape}].`);
}

export const sampleWeightsOf = (output: Tensor, spec: SampleWeighting): Tensor | undefined =>
  spec.sampleWeights
    ? output.graph.input('sampleWeights', 'float32', [output.shape[0] ?? (BATCH as Dimension)])
    : undefined;

/** All weights may be zero; no weight in use is this small. */
const SMALLEST_WEIGHT = 1e-30;

/** The mean of losses per sample [batch], weighted if weights [batch] are given. */
export function weightedMean(perSample: Tensor, weights: Tensor | undefined): Pick<LossResult, 'loss' | 'weight'> {
  if (!weights) return { loss: reduceMean(perSample, [0]) };
  const weight = reduceSum(weights, [0]);
  const floor = maximum(weight, weight.graph.scalar(SMALLEST_WEIGHT));
  return { loss: divide(reduceSum(multiply(perSample, weights), [0]), floor), weight };
}

/** The mean over all axes but the first. */
export function perSample(values: Tensor): Tensor {
  const axes = values.shape.slice(1).map((_, index) => index + 1);
  return axes.length === 0 ? values : reduceMean(values, axes);
}
