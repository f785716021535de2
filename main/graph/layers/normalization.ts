import { elementCount } from '../dimension.ts';
import { add, countAlong, divide, maximum, multiply, scale, shift, unitRows } from '../expression.ts';
import { GraphError } from '../graph-error.ts';
import type { Tensor } from '../tensor.ts';
import { Module } from './module.ts';
import { Parameter, RunningStatistic } from './parameter.ts';
import type { Trace } from './trace.ts';

export interface BatchNormOptions {
  readonly epsilon?: number;
  /** Share of the new batch in the running statistics. */
  readonly momentum?: number;
}

/** Per-channel normalisation of [N, C, H, W] (or [N, C]) by batch statistics, by running ones when not training. */
export class BatchNorm2d extends Module {
  readonly kind = 'BatchNorm2d';
  readonly weight: Parameter;
  readonly bias: Parameter;
  readonly runningMean: RunningStatistic;
  readonly runningVariance: RunningStatistic;
  readonly #epsilon: number;
  readonly #momentum: number;

  constructor(channels: number, options: BatchNormOptions = {}) {
    super();
    this.#epsilon = options.epsilon ?? 1e-5;
    this.#momentum = options.momentum ?? 0.1;
    const filled = (value: number) => ({ kind: 'constant', value }) as const;
    this.weight = new Parameter([channels], filled(1));
    this.bias = new Parameter([channels], filled(0));
    this.runningMean = new RunningStatistic([channels], filled(0));
    this.runningVariance = new RunningStatistic([channels], filled(1));
  }

  forward(x: Tensor, trace: Trace): Tensor {
    const [weight, bias] = [trace.tensor(this.weight), trace.tensor(this.bias)];
    const [mean, variance] = [trace.tensor(this.runningMean), trace.tensor(this.runningVariance)];
    const attributes = { epsilon: this.#epsilon };
    if (!trace.training) return x.graph.apply('BatchNormEvaluation', [x, weight, bias, mean, variance], attributes);
    const [y, batchMean, batchVariance] = x.graph.applyAll('BatchNormTrain', [x, weight, bias], attributes);
    if (!y || !batchMean || !batchVariance) throw new GraphError('shape-mismatch', 'BatchNormTrain lacks outputs.');
    // PyTorch keeps the unbiased variance.
    const count = countAlong(
      x,
      x.shape.map((_, axis) => axis).filter((axis) => axis !== 1),
    );
    const correction = divide(count, maximum(shift(count, -1), x.graph.scalar(1)));
    const blend = (running: Tensor, batch: Tensor): Tensor =>
      add(scale(running, 1 - this.#momentum), scale(batch, this.#momentum));
    trace.updateBuffer(this.runningMean, blend(mean, batchMean));
    trace.updateBuffer(this.runningVariance, blend(variance, multiply(batchVariance, correction)));
    return y;
  }

  override describe(): string {
    return `${this.weight.shape[0]} channels`;
  }
}

/** Normalises over the trailing axes of the given sizes. */
export class LayerNorm extends Module {
  readonly kind = 'LayerNorm';
  readonly weight: Parameter;
  readonly bias: Parameter;
  readonly #epsilon: number;

  constructor(sizes: number | readonly number[], options: { readonly epsilon?: number } = {}) {
    super();
    const shape = typeof sizes === 'number' ? [sizes] : sizes;
    this.#epsilon = options.epsilon ?? 1e-5;
    this.weight = new Parameter(shape, { kind: 'constant', value: 1 });
    this.bias = new Parameter(shape, { kind: 'constant', value: 0 });
  }

  forward(x: Tensor, trace: Trace): Tensor {
    const { shape } = this.weight;
    const axis = x.shape.length - shape.length;
    if (axis < 0 || shape.some((size, index) => x.shape[axis + index] !== size)) {
      throw new GraphError('shape-mismatch', `LayerNorm over [${shape}] does not fit [${x.shape}].`);
    }
    const inputs = [x, trace.tensor(this.weight), trace.tensor(this.bias)];
    return x.graph.apply('LayerNorm', inputs, { axis, epsilon: this.#epsilon });
  }

  override describe(): string {
    return `${elementCount(this.weight.shape)} features`;
  }
}

/** [N, features] → rows of length 1, so that the product of two is their cosine similarity. */
export class L2Normalize extends Module {
  readonly kind = 'L2Normalize';

  forward(x: Tensor): Tensor {
    return unitRows(x);
  }
}
