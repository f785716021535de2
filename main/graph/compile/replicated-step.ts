import { BATCH } from '../dimension.ts';
import { add, divide, maximum, multiply } from '../expression.ts';
import type { Module } from '../layers/module.ts';
import type { LossSpec } from '../losses/loss.ts';
import { encodeModel } from '../onnx/encode.ts';
import type { OnnxModel } from '../onnx/model.ts';
import type { Graph, Tensor } from '../tensor.ts';
import type { AdamPlan } from './adam-plan.ts';
import { isAdamAlone, planAdam } from './adam-plan.ts';
import { WEIGHT } from './micro-batches.ts';
import type { CompilableModel, CompiledGraph, StateTensor, TensorSpec } from './model.ts';
import { expectedStepMs, stepsAtOnce } from './steps-at-once.ts';
import { summarize } from './summary.ts';
import type { TrainStepOptions } from './train-step.ts';
import { gradientName, lower, nextName, pickTarget, separateGraphs, stateInParts } from './train-step.ts';

/** A training step as two graphs: the first for each part of a batch, the second once. */
export interface ReplicatedStep {
  /**
   * Inputs: what a training step reads of the samples, parameters, and `step` and `seed` where it draws random numbers.
   * Outputs: `loss`, `batch.weight` (what its means count for), the figures, `gradient.<name>`, and `next.<name>` of buffers.
   */
  readonly backward: CompiledGraph;
  /**
   * Compiled when asked for. Inputs: `learningRate`, `step`, the state in parts, `weight.<part>`, and
   * `gradient.<name>.<part>`.
   */
  readonly update: () => CompiledGraph;
  /** The same update in numbers, where it is Adam's and nothing else. */
  readonly adam: AdamPlan | undefined;
  readonly state: readonly StateTensor[];
  readonly figures: readonly { readonly name: string; readonly isCount: boolean }[];
  readonly gradients: readonly { readonly name: string; readonly shape: readonly number[] }[];
  /** Names of the outputs of `backward` that are state: running statistics, which only a batch as a whole has. */
  readonly buffers: readonly string[];
}

/** Losses whose value over a batch is the mean of its parts', weighted by what each counts for. */
const MEANS: ReadonlySet<LossSpec['kind']> = new Set([
  'cross_entropy',
  'binary_cross_entropy',
  'multi_margin',
  'hinge',
  'distillation',
  'mse',
  'l1',
  'huber',
  'smooth_l1',
  'pixel_cross_entropy',
  'focal',
]);

/** Layers whose work a runtime divides badly among the threads of one session; measured, see resources/training.md. */
const RECURRENT: ReadonlySet<string> = new Set(['LSTM', 'GRU', 'RNN']);
const CONVOLUTION: ReadonlySet<string> = new Set(['Conv2d']);
const ATTENTION: ReadonlySet<string> = new Set(['MultiHeadAttention']);
const GAINS: ReadonlySet<string> = new Set([...RECURRENT, ...CONVOLUTION, ...ATTENTION]);

/** All samples of a batch may weigh nothing. */
export const SMALLEST_WEIGHT = 1e-30;

/** Below that a replica has too little to do at a time. */
const SMALLEST_SHARE = 8;

/**
 * Where each weight is used so often, two passes through half a share are faster than one: what an operator leaves for the
 * next is then closer to the core. Operations of a forward pass of one sample per weight; see resources/training.md.
 */
const MANY_USES = 100;
/** Below that, in operations of a forward pass, a part has too little to do at a time. */
const SMALLEST_PART = 3e8;

/** From there on all threads update the weights faster where they lie than a graph does with several steps in one go. */
const MANY_PARAMETERS = 100_000;

/** How the threads of a training step take a batch. */
export interface BatchPlan {
  /** Threads with a session of their own; 1: one session with all threads takes the batch as a whole. */
  readonly replicas: number;
  /** Parts that each replica takes one after the other. */
  readonly partsEach: 1 | 2 | 4;
  /** The gradients leave their graph, and are applied without it or by another. Always so where there are several parts. */
  readonly updatesApart: boolean;
}

export const WHOLE_BATCH: BatchPlan = { replicas: 1, partsEach: 1, updatesApart: false };

/**
 * One replica per thread where that gives what the whole batch gives, to rounding, and is known to be faster. A function of
 * its arguments alone, so that a run repeats.
 */
export function planBatch(
  model: CompilableModel,
  options: TrainStepOptions,
  threads: number,
  batchSize: number,
): BatchPlan {
  const replicas = Math.min(threads, Math.floor(batchSize / SMALLEST_SHARE));
  const separates =
    !model.fullBatch &&
    (options.target?.provider ?? 'standard') !== 'webgpu' &&
    options.mixedPrecision === undefined &&
    (options.microBatches ?? 1) === 1 &&
    (model.moreInputs ?? []).every(({ shape }) => shape[0] === BATCH);
  if (!separates) return WHOLE_BATCH;
  const divides = MEANS.has(options.loss.kind) && model.module.namedBuffers().length === 0;
  if (replicas > 1 && divides && contains(model.module, GAINS))
    return { replicas, partsEach: partsOf(model, batchSize / replicas, options.target?.native), updatesApart: true };
  return { ...WHOLE_BATCH, updatesApart: isAdamAlone(options) && gainsApart(model, batchSize) };
}

/** Small networks whose steps are quick gain more by several steps in one go. */
function gainsApart(model: CompilableModel, batchSize: number): boolean {
  const { flops, parameterCount } = summarize(model);
  return parameterCount >= MANY_PARAMETERS || stepsAtOnce(expectedStepMs(flops, batchSize, 0)) === 1;
}

/** Steps of recurrent networks are small as it is; attention gains by smaller parts, convolutions lose by them. */
function partsOf(model: CompilableModel, share: number, native = false): BatchPlan['partsEach'] {
  if (contains(model.module, RECURRENT)) return 1;
  const { flops, parameterCount } = summarize(model);
  if (flops < MANY_USES * parameterCount) return 1;
  const isWorth = (parts: number): boolean => (flops * share) / parts >= SMALLEST_PART;
  const isSmaller = native && contains(model.module, ATTENTION) && !contains(model.module, CONVOLUTION);
  if (isSmaller && isWorth(4)) return 4;
  return isWorth(2) ? 2 : 1;
}

const contains = (module: Module, kinds: ReadonlySet<string>): boolean =>
  kinds.has(module.kind) || module.children().some(([, child]) => contains(child, kinds));

/** @throws GraphError where layers, loss or options do not fit each other */
export function compileReplicatedStep(
  model: CompilableModel,
  options: TrainStepOptions,
  parts: number,
): ReplicatedStep {
  const { backward, update, ...rest } = lowerReplicatedStep(model, options, parts);
  return { ...rest, backward: compiled(backward), update: () => compiled(update()) };
}

/** The two graphs before they are written as bytes. */
export function lowerReplicatedStep(
  model: CompilableModel,
  options: TrainStepOptions,
  parts: number,
): Omit<ReplicatedStep, 'backward' | 'update'> & { readonly backward: OnnxModel; readonly update: () => OnnxModel } {
  let shares: readonly Tensor[] | undefined;
  const sharesIn = (graph: Graph): readonly Tensor[] => {
    if (shares) return shares;
    const weights = Array.from({ length: parts }, (_, part) => graph.input(`weight.${part}`, 'float32', []));
    const total = maximum(weights.reduce(add), graph.scalar(SMALLEST_WEIGHT));
    shares = weights.map((weight) => divide(weight, total));
    return shares;
  };
  const { graph, backward, outputs, second, finished } = separateGraphs(model, options, (into, name, shape) =>
    sharesIn(into)
      .map((share, part) => multiply(into.input(`${gradientName(name)}.${part}`, 'float32', shape), share))
      .reduce(add),
  );
  return {
    backward: lower(graph, outputs, options),
    update: () => stateInParts(lower(second, finished.named, pickTarget(options)), finished.state),
    adam: planAdam(options, backward.parameters),
    state: finished.state,
    figures: backward.figures.map(({ name, isCount }) => ({ name, isCount: isCount ?? false })),
    gradients: backward.parameters.flatMap(({ name, parameter, gradient }) =>
      gradient === undefined ? [] : [{ name, shape: parameter.shape }],
    ),
    buffers: backward.buffers.map(({ name }) => nextName(name)),
  };
}

/** The scalar output that says what a replica's means count for. */
export const REPLICA_WEIGHT = WEIGHT;

const compiled = (onnx: OnnxModel): CompiledGraph => ({
  onnx: encodeModel(onnx),
  inputs: onnx.graph.inputs as readonly TensorSpec[],
  outputs: onnx.graph.outputs as readonly TensorSpec[],
});
