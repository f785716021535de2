import { cast, divide, maximum, multiply, power, squareRoot, subtract } from '../expression.ts';
import { GraphError } from '../graph-error.ts';
import type { Tensor } from '../tensor.ts';

export type OptimizerSpec =
  | {
      readonly kind: 'adamw';
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
    };

/** What the scalars of a step are made from; asking for `step` declares that graph input. */
export interface OptimizerScalars {
  readonly learningRate: Tensor;
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
const SMALLEST_RATE = 1e-30;

const optimizers: OptimizerTable = {
  /**
   * AdamW (Loshchilov & Hutter 2019) with PyTorch's defaults. The slots are the moments divided by 1 − β: see
   * AdamWUpdate. Corrections are computed in float64, since 1 − 0.999 loses four digits in float32.
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
    const decay = cast(subtract(number(1), multiply(cast(learningRate, 'float64'), number(weightDecay))), 'float32');
    return {
      slots: ['firstMoment', 'secondMoment'],
      update: (parameter, gradient, [first, second]) =>
        graph.applyAll('AdamWUpdate', [parameter, gradient, first, second, perRoot, offset, decay], { beta1, beta2 }),
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
};

export function createOptimizer(spec: OptimizerSpec, scalars: OptimizerScalars): Optimizer {
  const build = optimizers[spec.kind] as ((spec: OptimizerSpec, scalars: OptimizerScalars) => Optimizer) | undefined;
  if (!build) throw new GraphError('invalid-argument', `There is no optimizer named ${String(spec.kind)}.`);
  return build(spec, scalars);
}
