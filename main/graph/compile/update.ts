import { elementCount } from '../dimension.ts';
import { add, cast, divide, maximum, minimum, multiply, scale, shift, squareRoot, subtract } from '../expression.ts';
import { GraphError } from '../graph-error.ts';
import type { OptimizerSpec } from '../optimizers/optimizer.ts';
import type { ParameterGroup } from '../optimizers/parameter-groups.ts';
import { chooseOptimizers } from '../optimizers/parameter-groups.ts';
import type { Graph, Tensor } from '../tensor.ts';
import type { BoundParameter } from './backward.ts';
import type { ParameterValues } from './model.ts';
import type { StateList } from './state-list.ts';

export interface UpdateOptions {
  readonly optimizer: OptimizerSpec;
  readonly parameterGroups?: readonly ParameterGroup[];
  readonly weightDecayExclusions?: 'none' | 'biases_and_norms';
  readonly clipNorm?: number;
  readonly clipValue?: number;
  readonly weightAverage?: WeightAverageOptions;
  readonly mixedPrecision?: MixedPrecisionOptions;
}

/** An exponential moving average of the weights, and of the running statistics that go with them, kept beside them. */
export interface WeightAverageOptions {
  /** Share of the old average, such as 0.999. */
  readonly decay: number;
  /** Early averages follow faster: the decay of step t is at most (1 + t) / (10 + t). Default false. */
  readonly warmup?: boolean;
}

/** Dynamic loss scaling, with the defaults of PyTorch's GradScaler. */
export interface MixedPrecisionOptions {
  readonly initialLossScale?: number;
  readonly growthFactor?: number;
  readonly backoffFactor?: number;
  /** So many steps in a row without an overflow before the scale grows. */
  readonly growthInterval?: number;
}

/** The state that loss scaling keeps: the scale, steps since it last changed, steps left out so far. */
export interface LossScaling {
  readonly scale: Tensor;
  readonly goodSteps: Tensor;
  readonly skippedSteps: Tensor;
}

export interface UpdateScalars {
  readonly learningRate: Tensor;
  /** The number of the step, from 1. */
  readonly step: () => Tensor;
  readonly scaling: LossScaling | undefined;
}

export interface Update {
  /** The global norm of the gradients before clipping. */
  readonly gradientNorm: Tensor;
  /** Keeps the moving average of what `value` is after this step, where averages are asked for. */
  keepAverage(name: string, shape: readonly number[], value: Tensor, start: () => Float32Array): void;
}

/** What `torch.nn.utils.clip_grad_norm_` adds to the norm before dividing. */
export const CLIP_EPSILON = 1e-6;

export const declareLossScaling = (graph: Graph, options: MixedPrecisionOptions | undefined): LossScaling | undefined =>
  options && {
    scale: graph.input('lossScale', 'float32', []),
    goodSteps: graph.input('goodSteps', 'float32', []),
    skippedSteps: graph.input('skippedSteps', 'float32', []),
  };

/** Unscales, clips, updates and averages the parameters; what comes out is kept in `state`. */
export function buildUpdate(
  graph: Graph,
  parameters: readonly BoundParameter[],
  options: UpdateOptions,
  scalars: UpdateScalars,
  state: StateList,
  initial: () => ParameterValues,
): Update {
  check(options);
  const { scaling } = scalars;
  const trained = parameters.filter(({ gradient }) => gradient !== undefined);
  if (trained.length === 0) throw new GraphError('invalid-argument', 'Every parameter is frozen: nothing can learn.');
  const unscale = scaling && divide(graph.scalar(1), scaling.scale);
  const raw = trained.map(({ gradient }) => (unscale ? multiply(gradient as Tensor, unscale) : (gradient as Tensor)));
  const gradientNorm = globalNorm(raw);
  const finite = scaling && graph.apply('IsFinite', [gradientNorm]);
  const guard = (next: Tensor, old: Tensor): Tensor => (finite ? graph.apply('Select', [finite, next, old]) : next);
  const factor = options.clipNorm === undefined ? undefined : clipFactor(gradientNorm, options.clipNorm);
  const clipped = raw.map((gradient) => clip(gradient, factor, options.clipValue));
  const choose = chooseOptimizers(
    options,
    {
      learningRate: scalars.learningRate,
      // Steps that were left out are no updates.
      step: scaling ? () => subtract(cast(scalars.step(), 'float32'), scaling.skippedSteps) : scalars.step,
    },
    parameters.map(({ name }) => name),
  );
  const average = options.weightAverage && averaging(graph, options.weightAverage, scalars.step);
  const keepAverage: Update['keepAverage'] = (name, shape, value, start) => {
    if (!average) return;
    const mean = graph.input(`average.${name}`, 'float32', shape);
    state.keep('average', `average.${name}`, shape, guard(average(mean, value), mean), start);
  };
  const gradients = new Map(trained.map(({ name }, index) => [name, clipped[index] as Tensor]));
  for (const { name, parameter, tensor } of parameters) {
    const { shape } = parameter;
    const start = (): Float32Array => initial()[name] as Float32Array;
    const gradient = gradients.get(name);
    const optimizer = gradient && choose(name, parameter);
    if (!gradient || !optimizer) {
      state.keep('parameter', name, shape, tensor, start);
      continue;
    }
    const slots = optimizer.slots.map((slot) => graph.input(`${slot}.${name}`, 'float32', shape));
    const [next, ...nextSlots] = optimizer.update(tensor, gradient, slots) as readonly [Tensor, ...Tensor[]];
    const kept = guard(next, tensor);
    state.keep('parameter', name, shape, kept, start);
    optimizer.slots.forEach((slot, place) => {
      const value = guard(nextSlots[place] as Tensor, slots[place] as Tensor);
      state.keep('optimizer', `${slot}.${name}`, shape, value, () => new Float32Array(elementCount(shape)));
    });
    keepAverage(name, shape, kept, start);
  }
  if (scaling && finite) keepScaling(graph, scaling, finite, options.mixedPrecision ?? {}, state);
  return { gradientNorm, keepAverage };
}

/** Grows the scale after a run of finite steps, halves it after one that was not, as GradScaler does. */
function keepScaling(
  graph: Graph,
  { scale: old, goodSteps, skippedSteps }: LossScaling,
  finite: Tensor,
  options: MixedPrecisionOptions,
  state: StateList,
): void {
  const { initialLossScale = 65536, growthFactor = 2, backoffFactor = 0.5, growthInterval = 2000 } = options;
  const one = cast(finite, 'float32');
  const counted = multiply(shift(goodSteps, 1), one);
  // 1 once the interval is full, 0 before.
  const grows = maximum(graph.scalar(0), minimum(graph.scalar(1), shift(counted, 1 - growthInterval)));
  const grown = add(old, scale(multiply(old, grows), growthFactor - 1));
  const keep = (name: string, next: Tensor, value: number): void =>
    state.keep('optimizer', name, [], next, () => Float32Array.of(value));
  keep('lossScale', graph.apply('Select', [finite, grown, scale(old, backoffFactor)]), initialLossScale);
  keep('goodSteps', subtract(counted, multiply(counted, grows)), 0);
  keep('skippedSteps', add(skippedSteps, subtract(graph.scalar(1), one)), 0);
}

function averaging(
  graph: Graph,
  { decay, warmup = false }: WeightAverageOptions,
  step: () => Tensor,
): (mean: Tensor, value: Tensor) => Tensor {
  if (!warmup) return (mean, value) => add(mean, scale(subtract(value, mean), 1 - decay));
  const time = cast(step(), 'float32');
  const share = subtract(graph.scalar(1), minimum(graph.scalar(decay), divide(shift(time, 1), shift(time, 10))));
  return (mean, value) => add(mean, multiply(subtract(value, mean), share));
}

function globalNorm(tensors: readonly Tensor[]): Tensor {
  const squares = tensors.map((tensor) => tensor.graph.apply('SumOfSquares', [tensor]));
  return squareRoot(squares.reduce(add));
}

const clipFactor = (norm: Tensor, clipNorm: number): Tensor =>
  minimum(norm.graph.scalar(1), divide(norm.graph.scalar(clipNorm), shift(norm, CLIP_EPSILON)));

function clip(gradient: Tensor, factor: Tensor | undefined, clipValue: number | undefined): Tensor {
  const { graph } = gradient;
  if (factor) return multiply(gradient, factor);
  if (clipValue === undefined) return gradient;
  return maximum(graph.scalar(-clipValue), minimum(graph.scalar(clipValue), gradient));
}

function check({ clipNorm, clipValue, weightAverage }: UpdateOptions): void {
  const refuse = (why: string): never => {
    throw new GraphError('invalid-argument', why);
  };
  if (clipNorm !== undefined && clipValue !== undefined) {
    refuse('Gradients are clipped by their norm or by value, not both: leave out one of the two.');
  }
  if (clipNorm !== undefined && !(clipNorm > 0)) refuse(`A clipping norm is above 0, not ${clipNorm}.`);
  if (clipValue !== undefined && !(clipValue > 0)) refuse(`A clipping value is above 0, not ${clipValue}.`);
  if (weightAverage && !(weightAverage.decay >= 0 && weightAverage.decay < 1)) {
    refuse(`The decay of a weight average lies in [0, 1), not at ${weightAverage.decay}.`);
  }
}
