import { divide, multiply, reduceMean, shift, squareRoot } from '../expression.ts';
import { GraphError } from '../graph-error.ts';
import type { Tensor } from '../tensor.ts';
import { Module } from './module.ts';
import { Parameter } from './parameter.ts';
import type { Trace } from './trace.ts';

/** x / √(mean(x²) + ε) · weight over the last axis (Zhang & Sennrich 2019). */
export class RMSNorm extends Module {
  readonly kind = 'RMSNorm';
  readonly weight: Parameter;
  readonly #epsilon: number;

  constructor(size: number, options: { readonly epsilon?: number } = {}) {
    super();
    this.#epsilon = options.epsilon ?? 1e-6;
    this.weight = new Parameter([size], { kind: 'constant', value: 1 });
  }

  forward(x: Tensor, trace: Trace): Tensor {
    if (x.shape.at(-1) !== this.weight.shape[0]) {
      throw new GraphError('shape-mismatch', `RMSNorm over ${this.weight.shape[0]} does not fit [${x.shape}].`);
    }
    const square = reduceMean(multiply(x, x), [x.shape.length - 1], true);
    return multiply(divide(x, squareRoot(shift(square, this.#epsilon))), trace.tensor(this.weight));
  }

  override describe(): string {
    return `${this.weight.shape[0]} features`;
  }
}
