import { GraphError } from '../graph-error.ts';
import type { Figure } from '../losses/loss-row.ts';
import type { NamedOutput } from '../lowering/lower-graph.ts';
import { lowerGraph } from '../lowering/lower-graph.ts';
import type { Target } from '../lowering/target.ts';
import { STANDARD } from '../lowering/target.ts';
import { encodeModel } from '../onnx/encode.ts';
import type { OnnxModel } from '../onnx/model.ts';
import { operators } from '../operators/index.ts';
import { withoutDeadNodes } from '../passes/dead-nodes.ts';
import { toMixedPrecision } from '../passes/mixed-precision.ts';
import type { Graph, Tensor } from '../tensor.ts';
import type { Backward, BackwardOptions } from './backward.ts';
import { buildBackward } from './backward.ts';
import { carryInParts } from './carry-in-parts.ts';
import type { Accumulation } from './micro-batches.ts';
import { accumulateMicroBatches, WEIGHT } from './micro-batches.ts';
import type { CompilableModel, CompiledGraph, ParameterValues, StateTensor } from './model.ts';
import { bindInputs, createGraph, initializeParameters, modelInput, traceModel } from './model.ts';
import { once, StateList } from './state-list.ts';
import { loopSteps } from './step-loop.ts';
import type { LossScaling, UpdateOptions } from './update.ts';
import { buildUpdate, declareLossScaling } from './update.ts';

/**
 * - `loss`, `optimizer`: what is minimised and how.
 * - `parameterGroups`: learning-rate factor, weight decay or freezing by pattern of name; `weightDecayExclusions` spares
 *   biases and norms.
 * - `clipNorm` scales gradients down to a global norm, as torch.nn.utils.clip_grad_norm_ does; `clipValue` limits each
 *   number.
 * - `weightAverage` keeps a moving average of each weight and running statistic as state `average.<name>`.
 * - `mixedPrecision` multiplies in float16, with a loss scale that adapts; steps that overflow change no weight and are
 *   counted (figures `currentLossScale` and `stepsSkipped`).
 * - `checkpointSegments` recomputes activations in the backward pass instead of keeping them; the results are the same.
 * - `augmentation` changes samples as they enter, differently at each step.
 */
export interface TrainStepOptions extends BackwardOptions, UpdateOptions {
  /** Splits each batch into at most so many parts, one after the other, and updates once. Default 1. */
  readonly microBatches?: number;
  /** Adds the output `gradientNorm` (before clipping). Always there when clipping. Default true. */
  readonly reportGradientNorm?: boolean;
  readonly target?: Target;
  /**
   * One run does several steps: `x`, `y` and `learningRate` get a leading dimension `steps`, `step` is the number of the
   * first, and the figures come as [steps]. The weights are the same to the bit as by single steps. Faster, because
   * state crosses into the runtime and back once per run; cancelling and progress then come once per run.
   */
  readonly manySteps?: boolean;
  /**
   * Large state comes and goes in parts, as it is updated: the same numbers in the same order under the shapes of `inputs`.
   * Saves a copy of it per run. Default false: every state has its own shape.
   */
  readonly stateInParts?: boolean;
  /** Seed of the initial weights. Ignored where `parameters` has a value. Default 0. */
  readonly seed?: number;
  /** Starting values, for fine-tuning or comparison. */
  readonly parameters?: Partial<ParameterValues>;
}

export interface TrainStep extends CompiledGraph {
  readonly state: readonly StateTensor[];
  /**
   * Names of the scalar outputs between `loss` and `gradientNorm`: of the loss, such as `correct` (count in the batch) or
   * `absoluteError` (mean of the batch), then those that the modules named.
   */
  readonly figures: readonly string[];
}

/**
 * Forward, backward and optimiser update as one ONNX graph.
 *
 * Inputs (only those that are read; see `inputs`): `x` [batch, ...], the model's further inputs, `y` as the loss declares
 * it (int64 [batch] class ids, or float32 [batch, K]), `learningRate` float32 scalar, `step` int32 scalar counting from 1, `seed` int32 scalar (with dropout
 * only), and all state. Outputs: `loss`, the figures, `gradientNorm` (float32 scalars), and all state.
 */
export function compileTrainStep(model: CompilableModel, options: TrainStepOptions): TrainStep {
  const { onnx, state, figures } = lowerTrainStep(model, options);
  return { onnx: encodeModel(onnx), inputs: onnx.graph.inputs, outputs: onnx.graph.outputs, state, figures };
}

export interface LoweredTrainStep extends Pick<TrainStep, 'state' | 'figures'> {
  readonly onnx: OnnxModel;
}

/** The training step before it is written as bytes. */
export function lowerTrainStep(model: CompilableModel, options: TrainStepOptions): LoweredTrainStep {
  const parts = options.microBatches ?? 1;
  for (const [name, value] of Object.entries({
    microBatches: parts,
    checkpointSegments: options.checkpointSegments ?? 1,
  })) {
    if (!Number.isInteger(value) || value < 1)
      throw new GraphError('invalid-argument', `${name} is a whole number from 1, not ${value}.`);
  }
  const whole = parts === 1 ? wholeBatch(model, options) : inMicroBatches(model, options, parts);
  const lowered = options.stateInParts ? { ...whole, onnx: stateInParts(whole.onnx, whole.state) } : whole;
  if (!options.manySteps) return lowered;
  return { ...lowered, onnx: loopSteps(lowered.onnx, lowered.state, model.fullBatch) };
}

/** The same graph with large state in parts, see `carryInParts`. */
export function stateInParts(onnx: OnnxModel, state: readonly StateTensor[]): OnnxModel {
  const carried = new Map(state.map(({ name, outputName }) => [name, outputName]));
  return { ...onnx, graph: carryInParts(onnx.graph, carried).graph };
}

/** The operators that training and evaluating a model apply, by their names in the operator table. */
export function trainStepOperators(model: CompilableModel, options: TrainStepOptions): ReadonlySet<string> {
  const { graph, outputs } = buildWholeBatch(model, options);
  const evaluation = createGraph();
  const x = modelInput(evaluation, model);
  const trace = traceModel(evaluation, model, { training: false, bind: bindInputs(evaluation) });
  const output = model.module.forward(x, trace);
  const trained = withoutDeadNodes(
    graph.nodes,
    outputs.map(({ tensor }) => tensor),
  );
  return new Set([...trained, ...withoutDeadNodes(evaluation.nodes, [output])].map(({ operator }) => operator));
}

/** Forward, backward and update in one graph. */
function wholeBatch(model: CompilableModel, options: TrainStepOptions): LoweredTrainStep {
  const { graph, outputs, state, figures } = buildWholeBatch(model, options);
  return { onnx: lower(graph, outputs, options), state, figures };
}

function buildWholeBatch(
  model: CompilableModel,
  options: TrainStepOptions,
): Pick<LoweredTrainStep, 'state' | 'figures'> & { readonly graph: Graph; readonly outputs: readonly NamedOutput[] } {
  const graph = createGraph();
  const scalars = declareScalars(graph, options);
  const backward = buildBackward(graph, model, options, scalars);
  const { named, state, figures } = finish(graph, model, backward, options, scalars);
  const outputs: NamedOutput[] = [
    { name: 'loss', tensor: backward.loss },
    ...backward.figures.map(({ name, tensor }) => ({ name, tensor })),
    ...named,
  ];
  return { graph, outputs, state, figures: [...namesOf(backward.figures), ...figures] };
}

/** A backward graph and an update graph that reads the gradients of the first under their own names. */
interface SeparateGraphs {
  readonly graph: Graph;
  readonly backward: Backward;
  /** What backward gives: the loss, what it counts for, its figures, gradients, next buffers. */
  readonly outputs: readonly NamedOutput[];
  readonly second: Graph;
  readonly finished: ReturnType<typeof finish>;
}

export const gradientName = (name: string): string => `gradient.${name}`;
export const nextName = (name: string): string => `next.${name}`;

/** @param gradientIn where the update finds the gradient of a parameter; default: the input of its name */
export function separateGraphs(
  model: CompilableModel,
  options: TrainStepOptions,
  gradientIn = (graph: Graph, name: string, shape: readonly number[]): Tensor =>
    graph.input(gradientName(name), 'float32', shape),
): SeparateGraphs {
  const graph = createGraph();
  const backward = buildBackward(graph, model, options, declareScalars(graph, options));
  const trained = backward.parameters.filter(({ gradient }) => gradient !== undefined);
  const outputs: NamedOutput[] = [
    { name: 'loss', tensor: backward.loss },
    { name: WEIGHT, tensor: backward.weight() },
    ...backward.figures.map(({ name, tensor }) => ({ name, tensor })),
    ...trained.map(({ name, gradient }) => ({ name: gradientName(name), tensor: gradient as Tensor })),
    ...backward.buffers.map(({ name, next }) => ({ name: nextName(name), tensor: next })),
  ];
  const second = createGraph();
  const parameters = backward.parameters.map(({ name, parameter, gradient }) => ({
    name,
    parameter,
    tensor: second.input(name, 'float32', parameter.shape),
    gradient: gradient && gradientIn(second, name, parameter.shape),
  }));
  const buffers = backward.buffers.map(({ name, shape, isStatistic }) => ({
    name,
    shape,
    next: second.input(nextName(name), 'float32', shape),
    isStatistic,
  }));
  const scalars = declareScalars(second, options);
  const finished = finish(second, model, { parameters, buffers }, options, scalars);
  return { graph, backward, outputs, second, finished };
}

/** Two graphs, the first in a loop: see `accumulateMicroBatches`. */
function inMicroBatches(model: CompilableModel, options: TrainStepOptions, microBatches: number): LoweredTrainStep {
  const { graph, backward, outputs, second, finished } = separateGraphs(model, options);
  const { named, state, figures } = finished;
  const trained = backward.parameters.filter(({ gradient }) => gradient !== undefined);
  const accumulations: Accumulation[] = [
    { kind: 'mean', name: 'loss' },
    ...backward.figures.map(({ name, isCount }): Accumulation => ({ kind: isCount ? 'count' : 'mean', name })),
    ...trained.map(({ name }): Accumulation => ({ kind: 'mean', name: gradientName(name) })),
    ...backward.buffers.map(({ name }): Accumulation => ({ kind: 'carried', name: nextName(name), input: name })),
  ];
  const onOwn = new Set(backward.buffers.map(({ name }) => nextName(name)));
  const update = lower(
    second,
    named.filter(({ name }) => !onOwn.has(name)),
    pickTarget(options),
  );
  const names = ['loss', ...namesOf(backward.figures), ...named.map(({ name }) => name)];
  const first = lower(graph, outputs, options);
  return {
    onnx: accumulateMicroBatches({ microBatches, backward: first, accumulations, update, outputs: names }),
    state,
    figures: [...namesOf(backward.figures), ...figures],
  };
}

/** State that is reported too, under names of its own. */
const FIGURE_NAMES = { lossScale: 'currentLossScale', skippedSteps: 'stepsSkipped' } as const;

interface StepScalars {
  readonly step: () => Tensor;
  readonly seed: () => Tensor;
  readonly scaling: LossScaling | undefined;
  readonly lossScale?: Tensor;
}

function declareScalars(graph: Graph, options: TrainStepOptions): StepScalars {
  const scaling = declareLossScaling(graph, options.mixedPrecision);
  return {
    step: once(() => graph.input('step', 'int32', [])),
    seed: once(() => graph.input('seed', 'int32', [])),
    scaling,
    ...(scaling ? { lossScale: scaling.scale } : {}),
  };
}

/** Adds the update; yields the outputs after the loss and its figures, the state and the names of further figures. */
function finish(
  graph: Graph,
  model: CompilableModel,
  { parameters, buffers }: Pick<Backward, 'parameters' | 'buffers'>,
  options: TrainStepOptions,
  scalars: StepScalars,
): {
  readonly named: readonly NamedOutput[];
  readonly state: readonly StateTensor[];
  readonly figures: readonly string[];
} {
  const { seed = 0, parameters: given } = options;
  // Drawn when first read: whoever only wants to know how large a model is need not wait for its numbers.
  const drawn = once(
    (): ParameterValues => ({ ...initializeParameters(model.module, seed), ...given }) as ParameterValues,
  );
  const state = new StateList();
  const learningRate = graph.input('learningRate', 'float32', []);
  const { gradientNorm, keepAverage } = buildUpdate(
    graph,
    parameters,
    options,
    { ...scalars, learningRate },
    state,
    drawn,
  );
  for (const { name, shape, next, isStatistic } of buffers) {
    const start = (): Float32Array => drawn()[name] as Float32Array;
    state.keep('buffer', name, shape, next, start);
    // Averaged weights do not fit the statistics of the newest ones.
    if (isStatistic) keepAverage(name, shape, next, start);
  }
  const figures: NamedOutput[] = (['lossScale', 'skippedSteps'] as const).flatMap((name) => {
    const kept = state.outputs.find((output) => output.name === `next.${name}`);
    return scalars.scaling && kept ? [{ name: FIGURE_NAMES[name], tensor: kept.tensor }] : [];
  });
  const withNorm = options.clipNorm !== undefined || options.reportGradientNorm !== false;
  const norm: NamedOutput[] = withNorm ? [{ name: 'gradientNorm', tensor: gradientNorm }] : [];
  return {
    named: [...figures, ...norm, ...state.outputs],
    state: state.entries,
    figures: figures.map(({ name }) => name),
  };
}

export function lower(
  graph: Graph,
  outputs: readonly NamedOutput[],
  options: Pick<TrainStepOptions, 'target' | 'mixedPrecision'>,
): OnnxModel {
  if (options.mixedPrecision) toMixedPrecision(graph, outputs);
  return lowerGraph(operators, graph, outputs, options.target ?? STANDARD, 'train_step');
}

export const pickTarget = ({ target }: TrainStepOptions): Pick<TrainStepOptions, 'target'> =>
  target ? { target } : {};

const namesOf = (figures: readonly Figure[]): readonly string[] => figures.map(({ name }) => name);
