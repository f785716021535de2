import { GraphError } from '../graph-error.ts';
import type { Tensor } from '../tensor.ts';
import type { Initialization } from './linear.ts';
import { initializers } from './linear.ts';
import { Module } from './module.ts';
import type { Initializer } from './parameter.ts';
import { Parameter } from './parameter.ts';
import type { Trace } from './trace.ts';

export type Pair = number | readonly [number, number];

export interface Conv2dOptions {
  readonly stride?: Pair;
  readonly padding?: Pair;
  readonly dilation?: Pair;
  readonly groups?: number;
  readonly bias?: boolean;
  readonly initialization?: Initialization;
  /** What all biases start from; otherwise as `initialization` says. */
  readonly biasStart?: number;
}

export const toPair = (value: Pair): readonly [number, number] => (typeof value === 'number' ? [value, value] : value);

/** Attributes of the operator table from PyTorch's way of giving them. */
export const windowAttributes = (kernel: Pair, stride: Pair, padding: Pair, dilation: Pair = 1) => {
  const [top, left] = toPair(padding);
  return {
    kernel: toPair(kernel),
    strides: toPair(stride),
    pads: [top, left, top, left],
    dilations: toPair(dilation),
  };
};

/** Two-dimensional convolution of [N, C, H, W]; weight [outChannels, inChannels / groups, kh, kw]. */
export class Conv2d extends Module {
  readonly kind = 'Conv2d';
  readonly weight: Parameter;
  readonly bias: Parameter | undefined;
  readonly #attributes: ReturnType<typeof windowAttributes> & { readonly groups: number };

  constructor(inChannels: number, outChannels: number, kernel: Pair, options: Conv2dOptions = {}) {
    super();
    const { stride = 1, padding = 0, dilation = 1, groups = 1 } = options;
    if (inChannels % groups !== 0 || outChannels % groups !== 0) {
      throw new GraphError(
        'invalid-argument',
        `${inChannels} and ${outChannels} channels do not form ${groups} groups.`,
      );
    }
    const [kernelHeight, kernelWidth] = toPair(kernel);
    const perGroup = inChannels / groups;
    const { weights, biases } = initializers(perGroup * kernelHeight * kernelWidth, options.initialization);
    this.weight = new Parameter([outChannels, perGroup, kernelHeight, kernelWidth], weights);
    const { biasStart } = options;
    const offsets: Initializer = biasStart === undefined ? biases : { kind: 'constant', value: biasStart };
    this.bias = options.bias === false ? undefined : new Parameter([outChannels], offsets);
    this.#attributes = { ...windowAttributes(kernel, stride, padding, dilation), groups };
  }

  forward(x: Tensor, trace: Trace): Tensor {
    const bias = this.bias && trace.tensor(this.bias);
    return trace.graph.apply('Conv', [x, trace.tensor(this.weight), bias], this.#attributes);
  }

  override describe(): string {
    const { kernel, strides, pads, groups } = this.#attributes;
    const channels = `${(this.weight.shape[1] ?? 0) * groups} → ${this.weight.shape[0]}`;
    const parts = [channels, `kernel ${kernel.join(' x ')}`];
    if (strides.some((stride) => stride !== 1)) parts.push(`stride ${strides.join(' x ')}`);
    if (pads.some((pad) => pad !== 0)) parts.push(`padding ${pads.slice(0, 2).join(' x ')}`);
    if (groups > 1) parts.push(`${groups} groups`);
    return parts.join(', ');
  }
}

export interface ConvTranspose2dOptions extends Conv2dOptions {
  /** Rows and columns added at the end, below the stride. */
  readonly outputPadding?: Pair;
}

/** The adjoint of Conv2d, for images that grow; weight [inChannels, outChannels / groups, kh, kw] as in PyTorch. */
export class ConvTranspose2d extends Module {
  readonly kind = 'ConvTranspose2d';
  readonly weight: Parameter;
  readonly bias: Parameter | undefined;
  readonly #attributes: ReturnType<typeof windowAttributes> & {
    readonly groups: number;
    readonly outputPadding: readonly number[];
  };

  constructor(inChannels: number, outChannels: number, kernel: Pair, options: ConvTranspose2dOptions = {}) {
    super();
    const { stride = 1, padding = 0, dilation = 1, groups = 1, outputPadding = 0 } = options;
    if (inChannels % groups !== 0 || outChannels % groups !== 0) {
      throw new GraphError(
        'invalid-argument',
        `${inChannels} and ${outChannels} channels do not form ${groups} groups.`,
      );
    }
    const [kernelHeight, kernelWidth] = toPair(kernel);
    const perGroup = outChannels / groups;
    // PyTorch takes the fan-in of the weight's own order.
    const { weights, biases } = initializers(perGroup * kernelHeight * kernelWidth, options.initialization);
    this.weight = new Parameter([inChannels, perGroup, kernelHeight, kernelWidth], weights);
    this.bias = options.bias === false ? undefined : new Parameter([outChannels], biases);
    const window = windowAttributes(kernel, stride, padding, dilation);
    this.#attributes = { ...window, groups, outputPadding: toPair(outputPadding) };
  }

  forward(x: Tensor, trace: Trace): Tensor {
    const bias = this.bias && trace.tensor(this.bias);
    return trace.graph.apply('ConvTranspose', [x, trace.tensor(this.weight), bias], this.#attributes);
  }

  override describe(): string {
    const { kernel, strides, groups } = this.#attributes;
    const channels = `${this.weight.shape[0]} → ${(this.weight.shape[1] ?? 0) * groups}`;
    return `${channels}, kernel ${kernel.join(' x ')}, stride ${strides.join(' x ')}`;
  }
}
