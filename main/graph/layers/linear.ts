import { dimensionProduct } from '../dimension.ts';
import { add, gemm, matmul, reshape, transpose } from '../expression.ts';
import { GraphError } from '../graph-error.ts';
import type { Tensor } from '../tensor.ts';
import { Module } from './module.ts';
import type { Initializer } from './parameter.ts';
import { Parameter } from './parameter.ts';
import type { Trace } from './trace.ts';

/** `pytorch`: uniform within 1/√fanIn for weights and biases. `he`: normal with √(2/fanIn), biases zero. */
export type Initialization = 'pytorch' | 'he';

export interface LinearOptions {
  readonly bias?: boolean;
  readonly initialization?: Initialization;
}

/** y = x·Wᵀ + b over the last axis; weight [outFeatures, inFeatures] as in PyTorch. */
export class Linear extends Module {
  readonly kind = 'Linear';
  readonly weight: Parameter;
  readonly bias: Parameter | undefined;

  constructor(inFeatures: number, outFeatures: number, options: LinearOptions = {}) {
    super();
    const { weights, biases } = initializers(inFeatures, options.initialization);
    this.weight = new Parameter([outFeatures, inFeatures], weights);
    this.bias = options.bias === false ? undefined : new Parameter([outFeatures], biases);
  }

  forward(x: Tensor, trace: Trace): Tensor {
    const inFeatures = this.weight.shape[1] ?? 0;
    if (x.shape.at(-1) !== inFeatures) {
      throw new GraphError('shape-mismatch', `Linear takes ${inFeatures} features, but its input is [${x.shape}].`);
    }
    return affine(x, trace.tensor(this.weight), this.bias && trace.tensor(this.bias));
  }

  override describe(): string {
    return `${this.weight.shape[1]} → ${this.weight.shape[0]}`;
  }
}

/** x·Wᵀ (+ b) over the last axis, for a weight [outputs, inputs]. */
export function affine(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  const lead = x.shape.slice(0, -1);
  const [outputs = 0, inputs = 0] = weight.shape;
  // Rows cannot be folded back into two sizes that are both unknown.
  if (lead.filter((size) => typeof size === 'string').length > 1) {
    const y = matmul(x, transpose(weight, [1, 0]));
    return bias ? add(y, bias) : y;
  }
  const rows = reshape(x, [dimensionProduct(lead), inputs]);
  return reshape(gemm(rows, weight, bias, false, true), [...lead, outputs]);
}

export function initializers(
  fanIn: number,
  initialization: Initialization = 'pytorch',
): { readonly weights: Initializer; readonly biases: Initializer } {
  if (initialization === 'he') {
    return {
      weights: { kind: 'normal', deviation: Math.sqrt(2 / fanIn) },
      biases: { kind: 'constant', value: 0 },
    };
  }
  const uniform: Initializer = { kind: 'uniform', bound: 1 / Math.sqrt(fanIn) };
  return { weights: uniform, biases: uniform };
}
