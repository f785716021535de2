import { elementCount } from '../dimension.ts';
import { add, divide, gemm, multiply, reduceSum, reshape, shift, squareRoot, stopGradient } from '../expression.ts';
import type { Tensor } from '../tensor.ts';
import type { Pair } from './convolution.ts';
import { toPair, windowAttributes } from './convolution.ts';
import { initializers } from './linear.ts';
import { Module } from './module.ts';
import type { Initializer } from './parameter.ts';
import { ModuleBuffer, Parameter } from './parameter.ts';
import type { Trace } from './trace.ts';

/** Keeps a norm of zero from dividing. */
const EPSILON = 1e-12;

/**
 * A weight divided by its largest singular value, which one power iteration per training step estimates (Miyato et al.
 * 2018), as torch.nn.utils.spectral_norm: rows are outputs, `u` is kept between steps, no gradient through u and v.
 */
function normalized(weight: Parameter, kept: ModuleBuffer, trace: Trace): Tensor {
  const w = trace.tensor(weight);
  const rows = weight.shape[0] ?? 1;
  const matrix = reshape(w, [rows, elementCount(weight.shape) / rows]);
  const frozen = stopGradient(matrix);
  const before = trace.tensor(kept);
  const v = unit(gemm(frozen, before, undefined, true, false));
  const u = trace.training ? unit(gemm(frozen, v)) : before;
  if (trace.training) trace.updateBuffer(kept, u);
  const largest = gemm(stopGradient(u), gemm(matrix, stopGradient(v)), undefined, true, false);
  return divide(
    w,
    reshape(
      largest,
      weight.shape.map(() => 1),
    ),
  );
}

/** Columns [n, 1] of length one. */
const unit = (x: Tensor): Tensor => divide(x, shift(squareRoot(reduceSum(multiply(x, x), [0, 1])), EPSILON));

const startOf = (): Initializer => ({ kind: 'normal', deviation: 1 });

/** Linear layer with spectral normalisation; weight [out, in], `u` [out, 1]. */
export class SpectralLinear extends Module {
  readonly kind = 'SpectralLinear';
  readonly weight: Parameter;
  readonly bias: Parameter;
  readonly u: ModuleBuffer;

  constructor(inFeatures: number, outFeatures: number) {
    super();
    const { weights, biases } = initializers(inFeatures);
    this.weight = new Parameter([outFeatures, inFeatures], weights);
    this.bias = new Parameter([outFeatures], biases);
    this.u = new ModuleBuffer([outFeatures, 1], startOf());
  }

  forward(x: Tensor, trace: Trace): Tensor {
    const y = gemm(x, normalized(this.weight, this.u, trace), undefined, false, true);
    return add(y, trace.tensor(this.bias));
  }

  override describe(): string {
    return `${this.weight.shape[1]} → ${this.weight.shape[0]}`;
  }
}

/** Convolution with spectral normalisation; weight [out, in, kh, kw], `u` [out, 1]. */
export class SpectralConv2d extends Module {
  readonly kind = 'SpectralConv2d';
  readonly weight: Parameter;
  readonly bias: Parameter;
  readonly u: ModuleBuffer;
  readonly #attributes: ReturnType<typeof windowAttributes> & { readonly groups: number };

  constructor(inChannels: number, outChannels: number, kernel: Pair, stride: Pair, padding: Pair) {
    super();
    const [height, width] = toPair(kernel);
    const { weights, biases } = initializers(inChannels * height * width);
    this.weight = new Parameter([outChannels, inChannels, height, width], weights);
    this.bias = new Parameter([outChannels], biases);
    this.u = new ModuleBuffer([outChannels, 1], startOf());
    this.#attributes = { ...windowAttributes(kernel, stride, padding), groups: 1 };
  }

  forward(x: Tensor, trace: Trace): Tensor {
    const weight = normalized(this.weight, this.u, trace);
    return trace.graph.apply('Conv', [x, weight, trace.tensor(this.bias)], this.#attributes);
  }

  override describe(): string {
    return `${this.weight.shape[1]} → ${this.weight.shape[0]}`;
  }
}
