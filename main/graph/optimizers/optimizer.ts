import { add, cast, divide, maximum, multiply, power, scale, shift, squareRoot, subtract } from '../expression.ts';
import { GraphError } from '../graph-error.ts';
import type { Tensor } from '../tensor.ts';

/** Every kind takes `weightDecay`; parameter groups may override it. Defaults are PyTorch's. */
export type OptimizerSpec =
  /** Adam with decoupled decay (Loshchilov & Hutter 2019). */
  | {
      readonly kind: 'adamw';
      readonly beta1?: number;
      readonly beta2?: number;
      readonly epsilon?: number;
      readonly weightDecay?: number;
    }
  /** Adam (Kingma & Ba 2015); decay is an L2 penalty inside the gradient. */
  | {
      readonly kind: 'adam';
      readonly beta1?: number;
      readonly beta2?: number;
      readonly epsilon?: number;
      readonly weightDecay?: number;
    }
  | {
      readonly kind: 'sgd';
      readonly momentum?: number;
      readonly nesterov?: boolean;
      readonly weightDecay?: number;
    }
  /** Gradients divided by a running root mean square (Hinton 2012), with momentum after the division as in PyTorch. */
  | {
      readonly kind: 'rmsprop';
      readonly smoothing?: number;
      readonly momentum?: number;
      readonly epsilon?: number;
      /** Subtracts the running mean: an estimate of the variance instead (Graves 2013). */
      readonly centered?: boolean;
      readonly weightDecay?: number;
    }
  /** Steps along the sign of an interpolated momentum, with decoupled decay (Chen et al. 2023, algorithm 2). */
  | { readonly kind: 'lion'; readonly beta1?: number; readonly beta2?: number; readonly weightDecay?: number };

/** What the scalars of a step are made from; asking for `step` declares that graph input. */
export interface OptimizerScalars {
  readonly learningRate: Tensor;
  /** The number of this update, from 1. */
  readonly step: () => Tensor;
}

export interface Optimizer {
  /** Names of the zero-initialised tensors kept per parameter. */
  readonly slots: readonly string[];
  /** One parameter's update: its new value and the new values of its slots. */
  readonly update: (parameter: Tensor, gradient: Tensor, slots: readonly Tensor[]) => readonly Tensor[];
}

type OptimizerTable = {
  readonly [Kind in OptimizerSpec['kind']]: (
    spec: Extract<OptimizerSpec, { kind: Kind }>,
    scalars: OptimizerScalars,
  ) => Optimizer;
};

/** A learning rate of zero (a warm-up's start) must not divide by zero. */
export const SMALLEST_RATE = 1e-30;

const withPenalty = (parameter: Tensor, gradient: Tensor, weightDecay: number): Tensor =>
  weightDecay === 0 ? gradient : add(gradient, scale(parameter, weightDecay));

/** 1 − learningRate·weightDecay, in float64 until the end. */
function decayFactor(learningRate: Tensor, weightDecay: number): Tensor {
  const number = (value: number): Tensor => learningRate.graph.scalar(value, 'float64');
  return cast(subtract(number(1), multiply(cast(learningRate, 'float64'), number(weightDecay))), 'float32');
}

const optimizers: OptimizerTable = {
  /**
   * The slots are the moments divided by 1 − β: see AdamWUpdate. Corrections are computed in float64, since 1 − 0.999
   * loses four digits in float32.
   */
  adamw: (spec, { learningRate, step }) => {
    const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0.01 } = spec;
    const { graph } = learningRate;
    const number = (value: number): Tensor => graph.scalar(value, 'float64');
    const time = cast(step(), 'float64');
    const rate = maximum(cast(learningRate, 'float64'), number(SMALLEST_RATE));
    const correction = (beta: number): Tensor =>
      divide(number(1 - beta), subtract(number(1), power(number(beta), time)));
    const unit = multiply(rate, correction(beta1));
    const perRoot = cast(divide(squareRoot(correction(beta2)), unit), 'float32');
    const offset = cast(divide(number(epsilon), unit), 'float32');
    const decay = decayFactor(learningRate, weightDecay);
    return {
      slots: ['firstMoment', 'secondMoment'],
      update: (parameter, gradient, [first, second]) =>
        graph.applyAll('AdamWUpdate', [parameter, gradient, first, second, perRoot, offset, decay], { beta1, beta2 }),
    };
  },
  adam: (spec, scalars) => {
    const { weightDecay = 0 } = spec;
    const decoupled = optimizers.adamw({ ...spec, kind: 'adamw', weightDecay: 0 }, scalars);
    return {
      slots: decoupled.slots,
      update: (parameter, gradient, slots) =>
        decoupled.update(parameter, withPenalty(parameter, gradient, weightDecay), slots),
    };
  },
  sgd: (spec, { learningRate }) => {
    const { momentum = 0, nesterov = false, weightDecay = 0 } = spec;
    return {
      slots: momentum === 0 ? [] : ['velocity'],
      update: (parameter, gradient, [velocity]) =>
        learningRate.graph.applyAll('SgdUpdate', [parameter, gradient, velocity, learningRate], {
          momentum,
          nesterov,
          weightDecay,
        }),
    };
  },
  rmsprop: (spec, { learningRate }) => {
    const { smoothing = 0.99, momentum = 0, epsilon = 1e-8, centered = false, weightDecay = 0 } = spec;
    const blend = (old: Tensor, value: Tensor): Tensor => add(scale(old, smoothing), scale(value, 1 - smoothing));
    return {
      slots: ['squareAverage', ...(momentum === 0 ? [] : ['velocity']), ...(centered ? ['gradientAverage'] : [])],
      update: (parameter, raw, slots) => {
        const gradient = withPenalty(parameter, raw, weightDecay);
        const [square, ...rest] = slots as readonly [Tensor, ...Tensor[]];
        const velocity = momentum === 0 ? undefined : rest[0];
        const mean = centered ? rest.at(-1) : undefined;
        const nextSquare = blend(square, multiply(gradient, gradient));
        const nextMean = mean && blend(mean, gradient);
        const variance = nextMean ? subtract(nextSquare, multiply(nextMean, nextMean)) : nextSquare;
        const direction = divide(gradient, shift(squareRoot(variance), epsilon));
        const nextVelocity = velocity && add(scale(velocity, momentum), direction);
        const next = subtract(parameter, multiply(nextVelocity ?? direction, learningRate));
        return [next, nextSquare, ...(nextVelocity ? [nextVelocity] : []), ...(nextMean ? [nextMean] : [])];
      },
    };
  },
  lion: (spec, { learningRate }) => {
    const { beta1 = 0.9, beta2 = 0.99, weightDecay = 0 } = spec;
    const decay = decayFactor(learningRate, weightDecay);
    const blend = (old: Tensor, value: Tensor, beta: number): Tensor => add(scale(old, beta), scale(value, 1 - beta));
    return {
      slots: ['firstMoment'],
      update: (parameter, gradient, slots) => {
        const [moment] = slots as readonly [Tensor];
        const direction = learningRate.graph.apply('Sign', [blend(moment, gradient, beta1)]);
        const decayed = weightDecay === 0 ? parameter : multiply(parameter, decay);
        return [subtract(decayed, multiply(direction, learningRate)), blend(moment, gradient, beta2)];
      },
    };
  },
};

export function createOptimizer(spec: OptimizerSpec, scalars: OptimizerScalars): Optimizer {
  const build = optimizers[spec.kind] as ((spec: OptimizerSpec, scalars: OptimizerScalars) => Optimizer) | undefined;
  if (!build) throw new GraphError('invalid-argument', `There is no optimizer named ${String(spec.kind)}.`);
  return build(spec, scalars);
}
