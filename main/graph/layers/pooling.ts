import { relu, reshape } from '../expression.ts';
import type { Tensor } from '../tensor.ts';
import type { Pair } from './convolution.ts';
import { toPair, windowAttributes } from './convolution.ts';
import { Module } from './module.ts';
import type { Trace } from './trace.ts';

export interface PoolOptions {
  /** The kernel's size if not given, as in PyTorch. */
  readonly stride?: Pair;
  readonly padding?: Pair;
}

export class MaxPool2d extends Module {
  readonly kind = 'MaxPool2d';
  readonly #attributes: ReturnType<typeof windowAttributes>;

  constructor(kernel: Pair, options: PoolOptions = {}) {
    super();
    this.#attributes = windowAttributes(kernel, options.stride ?? kernel, options.padding ?? 0);
  }

  forward(x: Tensor, trace: Trace): Tensor {
    // max(relu(x)) = relu(max(x)), with the same gradients, and the rectifier then works on the smaller tensor.
    const before = x.producer?.operator === 'Relu' && trace.training ? x.producer.inputs[0] : undefined;
    if (before) return relu(trace.graph.apply('MaxPool', [before], this.#attributes));
    return trace.graph.apply('MaxPool', [x], this.#attributes);
  }

  override describe(): string {
    return `kernel ${this.#attributes.kernel.join(' x ')}, stride ${this.#attributes.strides.join(' x ')}`;
  }
}

/** Counts padding as zeros, PyTorch's default. */
export class AvgPool2d extends Module {
  readonly kind = 'AvgPool2d';
  readonly #attributes: ReturnType<typeof windowAttributes>;

  constructor(kernel: Pair, options: PoolOptions = {}) {
    super();
    this.#attributes = windowAttributes(kernel, options.stride ?? toPair(kernel), options.padding ?? 0);
  }

  forward(x: Tensor, trace: Trace): Tensor {
    return trace.graph.apply('AveragePool', [x], this.#attributes);
  }

  override describe(): string {
    return `kernel ${this.#attributes.kernel.join(' x ')}, stride ${this.#attributes.strides.join(' x ')}`;
  }
}

/** [N, C, H, W] → [N, C]. */
export class GlobalAvgPool extends Module {
  readonly kind = 'GlobalAvgPool';

  forward(x: Tensor, trace: Trace): Tensor {
    return reshape(trace.graph.apply('GlobalAveragePool', [x]), x.shape.slice(0, 2));
  }
}
