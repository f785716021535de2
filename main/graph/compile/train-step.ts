import { elementCount } from '../dimension.ts';
import { add, minimum, multiply, shift, squareRoot } from '../expression.ts';
import type { LossSpec } from '../losses/loss.ts';
import { buildLoss } from '../losses/loss.ts';
import type { NamedOutput } from '../lowering/lower-graph.ts';
import type { Target } from '../lowering/target.ts';
import { STANDARD } from '../lowering/target.ts';
import type { OnnxModel } from '../onnx/model.ts';
import { operators } from '../operators/index.ts';
import type { OptimizerSpec } from '../optimizers/optimizer.ts';
import { createOptimizer } from '../optimizers/optimizer.ts';
import { gradients } from '../passes/gradients.ts';
import type { Graph, Tensor } from '../tensor.ts';
import { assemble } from './assemble.ts';
import type { CompilableModel, CompiledGraph, ParameterValues, StateTensor } from './model.ts';
import { bindInputs, createGraph, initializeParameters, modelInput, traceModel } from './model.ts';
import { loopSteps } from './step-loop.ts';

export interface TrainStepOptions {
  readonly loss: LossSpec;
  readonly optimizer: OptimizerSpec;
  /** Gradients are scaled down to this global norm, as torch.nn.utils.clip_grad_norm_ does. */
  readonly clipNorm?: number;
  /** Adds the output `gradientNorm` (before clipping). Always there when clipping. Default true. */
  readonly reportGradientNorm?: boolean;
  readonly target?: Target;
  /**
   * One run does several steps: `x`, `y` and `learningRate` get a leading dimension `steps`, `step` is the number of the
   * first, and the figures come as [steps]. The weights are the same to the bit as by single steps. Faster, because
   * state crosses into the runtime and back once per run; cancelling and progress then come once per run.
   */
  readonly manySteps?: boolean;
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

/** What `torch.nn.utils.clip_grad_norm_` adds to the norm before dividing. */
const CLIP_EPSILON = 1e-6;

/**
 * Forward, backward and optimiser update as one ONNX graph.
 *
 * Inputs (only those that are read; see `inputs`): `x` [batch, ...], the model's further inputs, `y` as the loss declares
 * it (int64 [batch] class ids, or float32 [batch, K]), `learningRate` float32 scalar, `step` int32 scalar counting from 1, `seed` int32 scalar (with dropout
 * only), and all state. Outputs: `loss`, the figures, `gradientNorm` (float32 scalars), and all state.
 */
export function compileTrainStep(model: CompilableModel, options: TrainStepOptions): TrainStep {
  const { graph, outputs, state, figures } = buildTrainStep(model, options);
  const wrap = options.manySteps
    ? (single: OnnxModel): OnnxModel => loopSteps(single, state, model.fullBatch)
    : undefined;
  const compiled = assemble(graph, outputs, options.target ?? STANDARD, 'train_step', {}, wrap);
  return { ...compiled, state, figures };
}

export interface TrainStepGraph {
  readonly graph: Graph;
  readonly outputs: readonly NamedOutput[];
  readonly state: readonly StateTensor[];
  readonly figures: readonly string[];
}

/** The training step before lowering. */
export function buildTrainStep(model: CompilableModel, options: TrainStepOptions): TrainStepGraph {
  const graph = createGraph();
  const x = modelInput(graph, model);
  const step = once(() => graph.input('step', 'int32', []));
  const seed = once(() => graph.input('seed', 'int32', []));
  const bound = new Map<string, Tensor>();
  const bind = bindInputs(graph);
  const trace = traceModel(graph, model, {
    training: true,
    bind: (name, parameter) => {
      const tensor = bind(name, parameter);
      bound.set(name, tensor);
      return tensor;
    },
    random: () => ({ seed: seed(), step: step() }),
  });
  const output = model.module.forward(x, trace);
  const { loss, figures } = buildLoss(output, options.loss, { added: trace.addedLosses });
  const learningRate = graph.input('learningRate', 'float32', []);
  const optimizer = createOptimizer(options.optimizer, { learningRate, step });

  const parameters = model.module.namedParameters().filter(([name]) => bound.has(name));
  const tensors = parameters.map(([name]) => bound.get(name) as Tensor);
  const raw = gradients(operators, loss, tensors);
  const norm = globalNorm(graph, raw);
  const factor = options.clipNorm === undefined ? undefined : clipFactor(norm, options.clipNorm);

  // Drawn when first read: whoever only wants to know how large a model is need not wait for its numbers.
  const drawn = once(() => ({ ...initializeParameters(model.module, options.seed ?? 0), ...options.parameters }));
  const outputs: NamedOutput[] = [
    { name: 'loss', tensor: loss },
    ...figures.map(({ name, tensor }) => ({ name, tensor })),
  ];
  if (factor || options.reportGradientNorm !== false) outputs.push({ name: 'gradientNorm', tensor: norm });
  const state: StateTensor[] = [];
  const keep = (
    kind: StateTensor['kind'],
    name: string,
    shape: readonly number[],
    next: Tensor,
    values: () => Float32Array,
  ): void => {
    const outputName = `next.${name}`;
    const first = once(values);
    state.push({
      name,
      outputName,
      kind,
      dtype: 'float32',
      shape,
      get initial() {
        return first();
      },
    });
    outputs.push({ name: outputName, tensor: next });
  };
  parameters.forEach(([name, { shape }], index) => {
    const gradient = raw[index] as Tensor;
    const slots = optimizer.slots.map((slot) => graph.input(`${slot}.${name}`, 'float32', shape));
    const clipped = factor ? multiply(gradient, factor) : gradient;
    const [next, ...nextSlots] = optimizer.update(tensors[index] as Tensor, clipped, slots);
    keep('parameter', name, shape, next as Tensor, () => drawn()[name] as Float32Array);
    optimizer.slots.forEach((slot, place) => {
      const value = nextSlots[place] as Tensor;
      keep('optimizer', `${slot}.${name}`, shape, value, () => new Float32Array(elementCount(shape)));
    });
  });
  for (const [name, { shape }] of model.module.namedBuffers()) {
    const next = trace.bufferUpdates.get(name);
    if (next) keep('buffer', name, shape, next, () => drawn()[name] as Float32Array);
  }
  return { graph, outputs, state, figures: figures.map(({ name }) => name) };
}

function globalNorm(graph: Graph, tensors: readonly Tensor[]): Tensor {
  const squares = tensors.map((tensor) => graph.apply('SumOfSquares', [tensor]));
  return squareRoot(squares.reduce(add));
}

const clipFactor = (norm: Tensor, clipNorm: number): Tensor =>
  minimum(norm.graph.scalar(1), norm.graph.apply('Div', [norm.graph.scalar(clipNorm), shift(norm, CLIP_EPSILON)]));

function once<T>(make: () => T): () => T {
  let value: T | undefined;
  return () => {
    value ??= make();
    return value;
  };
}
