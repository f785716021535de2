import { dimensionProduct } from '../dimension.ts';
import { add, multiply, relu, reshape } from '../expression.ts';
import { GraphError } from '../graph-error.ts';
import type { Tensor } from '../tensor.ts';
import { Module } from './module.ts';
import type { Trace } from './trace.ts';

/** Runs modules one after the other. */
export class Sequential extends Module {
  readonly kind = 'Sequential';
  readonly layers: readonly Module[];

  constructor(layers: readonly Module[]) {
    super();
    this.layers = layers;
  }

  forward(x: Tensor, trace: Trace): Tensor {
    return this.layers.reduce((value, layer, index) => trace.run(`layers.${index}`, layer, value), x);
  }
}

/** body(x) + shortcut(x), then optionally a rectifier; without a shortcut, x itself. */
export class Residual extends Module {
  readonly kind = 'Residual';
  readonly body: Module;
  readonly shortcut: Module | undefined;
  readonly #rectified: boolean;

  constructor(body: Module, options: { readonly shortcut?: Module; readonly relu?: boolean } = {}) {
    super();
    this.body = body;
    this.shortcut = options.shortcut;
    this.#rectified = options.relu ?? false;
  }

  forward(x: Tensor, trace: Trace): Tensor {
    const side = this.shortcut ? trace.run('shortcut', this.shortcut, x) : x;
    const sum = add(trace.run('body', this.body, x), side);
    return this.#rectified ? relu(sum) : sum;
  }
}

/** [N, ...] → [N, product]. */
export class Flatten extends Module {
  readonly kind = 'Flatten';

  forward(x: Tensor): Tensor {
    const [batch, ...rest] = x.shape;
    if (batch === undefined) throw new GraphError('shape-mismatch', 'A scalar cannot be flattened.');
    return reshape(x, [batch, dimensionProduct(rest)]);
  }
}

/** Zeroes each element with the given probability while training and scales the rest up by 1 / (1 − p). */
export class Dropout extends Module {
  readonly kind = 'Dropout';
  readonly probability: number;

  constructor(probability: number) {
    super();
    if (!(probability >= 0 && probability < 1)) {
      throw new GraphError('invalid-argument', `A dropout probability lies in [0, 1), not at ${probability}.`);
    }
    this.probability = probability;
  }

  forward(x: Tensor, trace: Trace): Tensor {
    if (!trace.training || this.probability === 0) return x;
    const mask = x.graph.apply('DropoutMask', [x, trace.randomKey()], { probability: this.probability });
    return multiply(x, mask);
  }

  override describe(): string {
    return `p = ${this.probability}`;
  }
}
