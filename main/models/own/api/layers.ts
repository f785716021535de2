import { GraphError } from '../../../graph/index.ts';
import { buildLayer } from '../layers.ts';
import type { LayerSettings, Start } from '../program.ts';
import { keepParts } from './layer-parts.ts';
import { Module } from './module.ts';
import { recorder } from './recorder.ts';
import type { Tensor } from './tensor.ts';

type Pair = number | readonly [number, number];
type Kind<Name extends LayerSettings['kind']> = Extract<LayerSettings, { kind: Name }>;

/** A module whose work the compiler knows. */
export class Layer extends Module {
  constructor(settings: LayerSettings) {
    super();
    checkSettings(settings);
    keepParts(this, { settings: Object.freeze(settings), built: buildLayer(settings) });
  }

  override called(inputs: readonly unknown[]): unknown {
    return this.forward(...inputs);
  }

  override forward(...inputs: unknown[]): unknown {
    return recorder().layer(this, inputs[0] as Tensor, {})[0];
  }
}

export class Linear extends Layer {
  constructor(inFeatures: number, outFeatures: number, { bias = true }: { bias?: boolean } = {}) {
    super({ kind: 'Linear', inFeatures, outFeatures, bias });
  }
}

interface ConvolutionOptions {
  stride?: Pair;
  padding?: Pair | 'same';
  dilation?: Pair;
  groups?: number;
  bias?: boolean;
}

const convolution = (inChannels: number, outChannels: number, kernelSize: Pair, options: ConvolutionOptions) => {
  const { stride = 1, padding = 0, dilation = 1, groups = 1, bias = true } = options;
  const [kernel, holes] = [toPair(kernelSize), toPair(dilation)];
  const kept = kernel.map((size, axis) => Math.floor(((size - 1) * (holes[axis] ?? 1)) / 2));
  return {
    inChannels,
    outChannels,
    kernel,
    stride: toPair(stride),
    padding: padding === 'same' ? ([kept[0] ?? 0, kept[1] ?? 0] as const) : toPair(padding),
    dilation: holes,
    groups,
    bias,
  };
};

export class Conv2d extends Layer {
  constructor(inChannels: number, outChannels: number, kernelSize: Pair, options: ConvolutionOptions = {}) {
    super({ kind: 'Conv2d', ...convolution(inChannels, outChannels, kernelSize, options) });
  }
}

export class ConvTranspose2d extends Layer {
  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: Pair,
    options: ConvolutionOptions & { outputPadding?: Pair } = {},
  ) {
    const outputPadding = toPair(options.outputPadding ?? 0);
    super({ kind: 'ConvTranspose2d', outputPadding, ...convolution(inChannels, outChannels, kernelSize, options) });
  }
}

interface BatchNormOptions {
  epsilon?: number;
  momentum?: number;
}

export class BatchNorm1d extends Layer {
  constructor(features: number, { epsilon = 1e-5, momentum = 0.1 }: BatchNormOptions = {}) {
    super({ kind: 'BatchNorm1d', features, epsilon, momentum });
  }
}

export class BatchNorm2d extends Layer {
  constructor(features: number, { epsilon = 1e-5, momentum = 0.1 }: BatchNormOptions = {}) {
    super({ kind: 'BatchNorm2d', features, epsilon, momentum });
  }
}

export class LayerNorm extends Layer {
  constructor(normalizedShape: number | readonly number[], { epsilon = 1e-5 }: { epsilon?: number } = {}) {
    super({
      kind: 'LayerNorm',
      shape: typeof normalizedShape === 'number' ? [normalizedShape] : normalizedShape,
      epsilon,
    });
  }
}

export class GroupNorm extends Layer {
  constructor(groups: number, channels: number, { epsilon = 1e-5 }: { epsilon?: number } = {}) {
    super({ kind: 'GroupNorm', groups, channels, epsilon });
  }
}

export class RMSNorm extends Layer {
  constructor(features: number) {
    super({ kind: 'RMSNorm', features });
  }
}

export class Dropout extends Layer {
  constructor(probability = 0.5) {
    super({ kind: 'Dropout', probability });
  }
}

export class StochasticDepth extends Layer {
  constructor(probability: number) {
    super({ kind: 'StochasticDepth', probability });
  }
}

type Plain = 'ReLU' | 'ReLU6' | 'LeakyReLU' | 'ELU' | 'GELU' | 'SiLU' | 'Tanh' | 'Sigmoid' | 'Hardswish';

/** A layer without settings. */
const plain = (kind: Plain | 'Flatten' | 'GlobalAvgPool2d') =>
  class extends Layer {
    constructor() {
      super({ kind });
    }
  };

export const ReLU = plain('ReLU');
export const ReLU6 = plain('ReLU6');
export const LeakyReLU = plain('LeakyReLU');
export const ELU = plain('ELU');
export const GELU = plain('GELU');
export const SiLU = plain('SiLU');
export const Tanh = plain('Tanh');
export const Sigmoid = plain('Sigmoid');
export const Hardswish = plain('Hardswish');
export const Flatten = plain('Flatten');
export const GlobalAvgPool2d = plain('GlobalAvgPool2d');

interface PoolOptions {
  stride?: Pair;
  padding?: Pair;
}

const pool = (kernelSize: Pair, { stride = kernelSize, padding = 0 }: PoolOptions) => ({
  kernel: toPair(kernelSize),
  stride: toPair(stride),
  padding: toPair(padding),
});

export class MaxPool2d extends Layer {
  constructor(kernelSize: Pair, options: PoolOptions = {}) {
    super({ kind: 'MaxPool2d', ...pool(kernelSize, options) });
  }
}

export class AvgPool2d extends Layer {
  constructor(kernelSize: Pair, options: PoolOptions = {}) {
    super({ kind: 'AvgPool2d', ...pool(kernelSize, options) });
  }
}

export class AdaptiveAvgPool2d extends Layer {
  constructor(outputSize: Pair) {
    super({ kind: 'AdaptiveAvgPool2d', size: toPair(outputSize) });
  }
}

export class Upsample extends Layer {
  constructor(scaleFactor: number, { mode = 'nearest' }: { mode?: 'nearest' | 'bilinear' } = {}) {
    super({ kind: 'Upsample', factor: scaleFactor, mode });
  }
}

export class SqueezeExcitation extends Layer {
  constructor(channels: number, squeezedChannels: number) {
    super({ kind: 'SqueezeExcitation', channels, squeezedChannels });
  }
}

export class Embedding extends Layer {
  constructor(
    vocabulary: number,
    width: number,
    { padding = -1, deviation = 1 }: { padding?: number; deviation?: number } = {},
  ) {
    super({ kind: 'Embedding', vocabulary, width, padding, deviation });
  }
}

interface RecurrentOptions {
  layers?: number;
  bidirectional?: boolean;
  dropout?: number;
  bias?: boolean;
}

class RecurrentLayer extends Layer {
  constructor(kind: 'RNN' | 'LSTM' | 'GRU', inputSize: number, hiddenSize: number, options: RecurrentOptions) {
    const { layers = 1, bidirectional = false, dropout = 0, bias = true } = options;
    super({ kind, inputSize, hiddenSize, layers, bidirectional, dropout, bias });
  }

  override forward(x: unknown, { lengths }: { lengths?: Tensor } = {}) {
    const [output, last] = recorder().layer(this, x as Tensor, { lengths });
    return { output, last };
  }
}

export class RNN extends RecurrentLayer {
  constructor(inputSize: number, hiddenSize: number, options: RecurrentOptions = {}) {
    super('RNN', inputSize, hiddenSize, options);
  }
}

export class LSTM extends RecurrentLayer {
  constructor(inputSize: number, hiddenSize: number, options: RecurrentOptions = {}) {
    super('LSTM', inputSize, hiddenSize, options);
  }
}

export class GRU extends RecurrentLayer {
  constructor(inputSize: number, hiddenSize: number, options: RecurrentOptions = {}) {
    super('GRU', inputSize, hiddenSize, options);
  }
}

interface AttentionContext {
  memory?: Tensor;
  mask?: Tensor;
  causal?: boolean;
}

export class MultiheadAttention extends Layer {
  constructor(
    embedDim: number,
    heads: number,
    { dropout = 0, bias = true }: { dropout?: number; bias?: boolean } = {},
  ) {
    super({ kind: 'MultiheadAttention', width: embedDim, heads, dropout, bias });
  }

  override forward(x: unknown, { memory, mask, causal }: AttentionContext = {}) {
    return recorder().layer(this, x as Tensor, { memory, mask, causal })[0];
  }
}

interface EncoderOptions {
  feedForward?: number;
  activation?: 'relu' | 'gelu' | 'silu';
  dropout?: number;
  order?: 'pre' | 'post';
  normalization?: 'layer' | 'rms';
}

export class TransformerEncoderLayer extends Layer {
  constructor(embedDim: number, heads: number, options: EncoderOptions = {}) {
    const { feedForward = 4 * embedDim, activation = 'gelu', dropout = 0 } = options;
    const { order = 'pre', normalization = 'layer' } = options;
    super({
      kind: 'TransformerEncoderLayer',
      width: embedDim,
      heads,
      feedForward,
      activation,
      dropout,
      order,
      normalization,
    });
  }

  override forward(x: unknown, { mask, causal }: Omit<AttentionContext, 'memory'> = {}) {
    return recorder().layer(this, x as Tensor, { mask, causal })[0];
  }
}

export class Parameter extends Layer {
  constructor(shape: readonly number[], start: Start = { kind: 'normal', deviation: 0.02 }) {
    super({ kind: 'Parameter', shape, start });
  }

  override forward() {
    return recorder().parameter(this);
  }
}

/** Runs modules one after the other. */
export class Sequential extends Module {
  readonly layers: readonly Module[];

  constructor(...layers: readonly Module[]) {
    super();
    this.layers = layers;
  }

  override forward(x: unknown): unknown {
    return this.layers.reduce((value, layer) => (layer as unknown as (x: unknown) => unknown)(value), x);
  }
}

const toPair = (value: Pair): readonly [number, number] => (typeof value === 'number' ? [value, value] : value);

const FRACTIONS = new Set(['dropout', 'probability']);
const POSITIVE = new Set(['epsilon', 'momentum', 'deviation', 'bound']);
const FROM_ZERO = new Set(['outputPadding']);

/** Sizes are often computed: a wrong one is said where the layer is made. */
function checkSettings(settings: LayerSettings): void {
  for (const [name, value] of Object.entries(settings)) {
    if (name === 'kind' || typeof value === 'boolean' || typeof value === 'string') continue;
    if (name === 'start') {
      checkStart(settings as Kind<'Parameter'>);
      continue;
    }
    const numbers: readonly unknown[] = Array.isArray(value) ? value : [value];
    for (const number of numbers) {
      const problem = numberProblem(name, number, settings.kind);
      if (problem !== undefined)
        throw new GraphError(
          'invalid-argument',
          `${name} of ${settings.kind} must be ${problem}, not ${String(number)}.`,
        );
    }
  }
}

function numberProblem(name: string, value: unknown, kind: string): string | undefined {
  if (typeof value !== 'number' || Number.isNaN(value)) return 'a number';
  if (FRACTIONS.has(name)) return value >= 0 && value < 1 ? undefined : 'at least 0 and below 1';
  if (POSITIVE.has(name)) return value > 0 && Number.isFinite(value) ? undefined : 'above 0';
  const least = name === 'padding' ? (kind === 'Embedding' ? -1 : 0) : FROM_ZERO.has(name) ? 0 : 1;
  return Number.isSafeInteger(value) && value >= least ? undefined : `a whole number of at least ${least}`;
}

function checkStart({ start }: Kind<'Parameter'>): void {
  const value = start.kind === 'constant' ? start.value : start.kind === 'uniform' ? start.bound : start.deviation;
  if (!Number.isFinite(value))
    throw new GraphError('invalid-argument', `A parameter cannot start at ${String(value)}.`);
}
