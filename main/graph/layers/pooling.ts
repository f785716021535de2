import { staticSize } from '../dimension.ts';
import { matmul, relu, reshape, transpose } from '../expression.ts';
import type { Graph, Tensor } from '../tensor.ts';
import type { Pair } from './convolution.ts';
import { toPair, windowAttributes } from './convolution.ts';
import { Module } from './module.ts';
import type { Trace } from './trace.ts';

export interface PoolOptions {
  /** The kernel's size if not given, as in PyTorch. */
  readonly stride?: Pair;
  readonly padding?: Pair;
}

export interface MaxPoolOptions extends PoolOptions {
  /** Others read the input too, as a skip connection does, so that nothing is won by pooling before a rectifier. */
  readonly sharedInput?: boolean;
}

export class MaxPool2d extends Module {
  readonly kind = 'MaxPool2d';
  readonly #attributes: ReturnType<typeof windowAttributes>;
  readonly #sharedInput: boolean;

  constructor(kernel: Pair, options: MaxPoolOptions = {}) {
    super();
    this.#attributes = windowAttributes(kernel, options.stride ?? kernel, options.padding ?? 0);
    this.#sharedInput = options.sharedInput ?? false;
  }

  forward(x: Tensor, trace: Trace): Tensor {
    // max(relu(x)) = relu(max(x)), with the same gradients, and the rectifier then works on the smaller tensor.
    const movable = trace.training && !this.#sharedInput && x.producer?.operator === 'Relu';
    const before = movable ? x.producer?.inputs[0] : undefined;
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

/** Averages over so many windows in each direction, whatever the image's size, as PyTorch divides it. */
export class AdaptiveAvgPool2d extends Module {
  readonly kind = 'AdaptiveAvgPool2d';
  readonly #size: readonly [number, number];

  constructor(size: Pair) {
    super();
    this.#size = toPair(size);
  }

  forward(x: Tensor, trace: Trace): Tensor {
    const sizes = [staticSize(x.shape[2]), staticSize(x.shape[3])] as const;
    const [rows, columns] = this.#size;
    if (rows === 1 && columns === 1) return trace.graph.apply('GlobalAveragePool', [x]);
    if (sizes[0] % rows === 0 && sizes[1] % columns === 0) {
      const kernel = [sizes[0] / rows, sizes[1] / columns] as const;
      return trace.graph.apply('AveragePool', [x], windowAttributes(kernel, kernel, 0));
    }
    const across = transpose(averages(trace.graph, sizes[1], columns), [1, 0]);
    return matmul(averages(trace.graph, sizes[0], rows), matmul(x, across));
  }

  override describe(): string {
    return `to ${this.#size.join(' x ')}`;
  }
}

/** [to, from]: each row averages its window; windows may overlap by one where the sizes do not divide. */
function averages(graph: Graph, from: number, to: number): Tensor {
  const weights = new Float32Array(to * from);
  for (let row = 0; row < to; row++) {
    const [start, end] = [Math.floor((row * from) / to), Math.ceil(((row + 1) * from) / to)];
    weights.fill(1 / (end - start), row * from + start, row * from + end);
  }
  return graph.constant('float32', [to, from], weights);
}
