import { BATCH } from '../dimension.ts';
import { add, divide, maximum, multiply } from '../expression.ts';
import type { Module } from '../layers/module.ts';
import type { LossSpec } from '../losses/loss.ts';
import { encodeModel } from '../onnx/encode.ts';
import type { OnnxModel } from '../onnx/model.ts';
import type { Graph, Tensor } from '../tensor.ts';
import type { AdamPlan } from './adam-plan.ts';
import { planAdam } from './adam-plan.ts';
import { WEIGHT } from './micro-batches.ts';
import type { CompilableModel, CompiledGraph, StateTensor, TensorSpec } from './model.ts';
import type { TrainStepOptions } from './train-step.ts';
import { gradientName, lower, pickTarget, separateGraphs, stateInParts } from './train-step.ts';

/** A training step as two graphs: several replicas run the first, each on its share of the batch, one the second. */
export interface ReplicatedStep {
  /**
   * Inputs: what a training step reads of the samples, parameters, and `step` and `seed` where it draws random numbers.
   * Outputs: `loss`, `batch.weight` (what its means count for), the figures, and `gradient.<name>`.
   */
  readonly backward: CompiledGraph;
  /** Inputs: `learningRate`, `step`, the state in parts, `weight.<replica>`, and `gradient.<name>.<replica>`. */
  readonly update: CompiledGraph;
  /** The same update in numbers, where it is Adam's and nothing else. */
  readonly adam: AdamPlan | undefined;
  readonly state: readonly StateTensor[];
  readonly figures: readonly { readonly name: string; readonly isCount: boolean }[];
  readonly gradients: readonly { readonly name: string; readonly shape: readonly number[] }[];
}

/** Losses whose value over a batch is the mean of its parts', weighted by what each counts for. */
const MEANS: ReadonlySet<LossSpec['kind']> = new Set([
  'cross_entropy',
  'binary_cross_entropy',
  'multi_margin',
  'hinge',
  'mse',
  'l1',
  'huber',
  'smooth_l1',
  'pixel_cross_entropy',
  'focal',
]);

/** Layers whose work a runtime divides badly among the threads of one session; measured, see resources/training.md. */
const GAINS: ReadonlySet<string> = new Set(['LSTM', 'GRU', 'RNN', 'Conv2d', 'MultiHeadAttention']);

/** All samples of a batch may weigh nothing. */
export const SMALLEST_WEIGHT = 1e-30;

/** Below that a replica has too little to do at a time. */
const SMALLEST_SHARE = 8;

/**
 * How many replicas should share the batches of a training step: one per thread where that gives what the whole batch
 * gives, to rounding, and is known to be faster; otherwise 1. A function of its arguments alone, so that a run repeats.
 */
export function replicaCount(
  model: CompilableModel,
  options: TrainStepOptions,
  threads: number,
  batchSize: number,
): number {
  const count = Math.min(threads, Math.floor(batchSize / SMALLEST_SHARE));
  const divides =
    !model.fullBatch &&
    MEANS.has(options.loss.kind) &&
    (options.target?.provider ?? 'standard') !== 'webgpu' &&
    options.mixedPrecision === undefined &&
    (options.microBatches ?? 1) === 1 &&
    (model.moreInputs ?? []).every(({ shape }) => shape[0] === BATCH) &&
    model.module.namedBuffers().length === 0;
  return count > 1 && divides && gains(model.module) ? count : 1;
}

const gains = (module: Module): boolean =>
  GAINS.has(module.kind) || module.children().some(([, child]) => gains(child));

/** @throws GraphError where layers, loss or options do not fit each other */
export function compileReplicatedStep(
  model: CompilableModel,
  options: TrainStepOptions,
  replicas: number,
): ReplicatedStep {
  const { backward, update, ...rest } = lowerReplicatedStep(model, options, replicas);
  return { ...rest, backward: compiled(backward), update: compiled(update) };
}

/** The two graphs before they are written as bytes. */
export function lowerReplicatedStep(
  model: CompilableModel,
  options: TrainStepOptions,
  replicas: number,
): Omit<ReplicatedStep, 'backward' | 'update'> & { readonly backward: OnnxModel; readonly update: OnnxModel } {
  let shares: readonly Tensor[] | undefined;
  const sharesIn = (graph: Graph): readonly Tensor[] => {
    if (shares) return shares;
    const weights = Array.from({ length: replicas }, (_, replica) => graph.input(`weight.${replica}`, 'float32', []));
    const total = maximum(weights.reduce(add), graph.scalar(SMALLEST_WEIGHT));
    shares = weights.map((weight) => divide(weight, total));
    return shares;
  };
  const { graph, backward, outputs, second, finished } = separateGraphs(model, options, (into, name, shape) =>
    sharesIn(into)
      .map((share, replica) => multiply(into.input(`${gradientName(name)}.${replica}`, 'float32', shape), share))
      .reduce(add),
  );
  return {
    backward: lower(graph, outputs, options),
    update: stateInParts(lower(second, finished.named, pickTarget(options)), finished.state),
    adam: planAdam(options, backward.parameters),
    state: finished.state,
    figures: backward.figures.map(({ name, isCount }) => ({ name, isCount: isCount ?? false })),
    gradients: backward.parameters.flatMap(({ name, parameter, gradient }) =>
      gradient === undefined ? [] : [{ name, shape: parameter.shape }],
    ),
  };
}

/** The scalar output that says what a replica's means count for. */
export const REPLICA_WEIGHT = WEIGHT;

const compiled = (onnx: OnnxModel): CompiledGraph => ({
  onnx: encodeModel(onnx),
  inputs: onnx.graph.inputs as readonly TensorSpec[],
  outputs: onnx.graph.outputs as readonly TensorSpec[],
});
