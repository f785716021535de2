import {
  AdaptiveAvgPool2d,
  AvgPool2d,
  BatchNorm2d,
  Conv2d,
  ConvTranspose2d,
  Dropout,
  ELU,
  Embedding,
  Flatten,
  GELU,
  GlobalAvgPool,
  GroupNorm,
  HardSwish,
  LayerNorm,
  LeakyReLU,
  Linear,
  MaxPool2d,
  Module,
  MultiHeadAttention,
  Parameter,
  Recurrent,
  ReLU,
  ReLU6,
  Sigmoid,
  SiLU,
  SqueezeExcitation,
  StochasticDepth,
  Tanh,
  type Tensor,
  type Trace,
  TransformerEncoderLayer,
  transformerNorm,
  Upsample,
} from '../../graph/index.ts';
import type { LayerKind, LayerSettings, OfKind } from './program.ts';

/** A tensor that a module learns by itself, whatever its input. */
export class LearnedTensor extends Module {
  readonly kind = 'Parameter';
  readonly value: Parameter;

  constructor({ shape, start }: Extract<LayerSettings, { kind: 'Parameter' }>) {
    super();
    this.value = new Parameter(shape, start);
  }

  override forward(_x: Tensor, trace: Trace): Tensor {
    return trace.tensor(this.value);
  }

  override describe(): string {
    return `[${this.value.shape}]`;
  }
}

type Builders = {
  readonly [Kind in LayerKind]: (settings: OfKind<LayerSettings, Kind>) => Module;
};

type RecurrentSettings = Extract<LayerSettings, { kind: 'RNN' | 'LSTM' | 'GRU' }>;

const recurrent =
  (cell: 'rnn' | 'lstm' | 'gru') =>
  ({ inputSize, hiddenSize, ...options }: RecurrentSettings): Module =>
    new Recurrent(cell, inputSize, hiddenSize, options);

const batchNorm = ({ features, ...options }: Extract<LayerSettings, { kind: 'BatchNorm1d' | 'BatchNorm2d' }>): Module =>
  new BatchNorm2d(features, options);

/** Every layer that a model file can use, one entry per kind. */
const builders: Builders = {
  Linear: ({ inFeatures, outFeatures, bias }) => new Linear(inFeatures, outFeatures, { bias }),
  Conv2d: ({ inChannels, outChannels, kernel, ...options }) => new Conv2d(inChannels, outChannels, kernel, options),
  ConvTranspose2d: ({ inChannels, outChannels, kernel, ...options }) =>
    new ConvTranspose2d(inChannels, outChannels, kernel, options),
  BatchNorm1d: batchNorm,
  BatchNorm2d: batchNorm,
  LayerNorm: ({ shape, epsilon }) => new LayerNorm(shape, { epsilon }),
  GroupNorm: ({ groups, channels, epsilon }) => new GroupNorm(groups, channels, { epsilon }),
  RMSNorm: ({ features }) => transformerNorm(features, 'rms'),
  Dropout: ({ probability }) => new Dropout(probability),
  StochasticDepth: ({ probability }) => new StochasticDepth(probability),
  ReLU: () => new ReLU(),
  ReLU6: () => new ReLU6(),
  LeakyReLU: () => new LeakyReLU(),
  ELU: () => new ELU(),
  GELU: () => new GELU(),
  SiLU: () => new SiLU(),
  Tanh: () => new Tanh(),
  Sigmoid: () => new Sigmoid(),
  Hardswish: () => new HardSwish(),
  Flatten: () => new Flatten(),
  MaxPool2d: ({ kernel, ...options }) => new MaxPool2d(kernel, options),
  AvgPool2d: ({ kernel, ...options }) => new AvgPool2d(kernel, options),
  AdaptiveAvgPool2d: ({ size }) => new AdaptiveAvgPool2d(size),
  GlobalAvgPool2d: () => new GlobalAvgPool(),
  Upsample: ({ factor, mode }) => new Upsample(factor, mode),
  SqueezeExcitation: ({ channels, squeezedChannels }) => new SqueezeExcitation(channels, squeezedChannels),
  Embedding: ({ vocabulary, width, deviation, padding }) => new Embedding(vocabulary, width, { deviation, padding }),
  RNN: recurrent('rnn'),
  LSTM: recurrent('lstm'),
  GRU: recurrent('gru'),
  MultiheadAttention: ({ width, heads, dropout, bias }) => new MultiHeadAttention(width, heads, { dropout, bias }),
  TransformerEncoderLayer: (settings) => new TransformerEncoderLayer(settings),
  Parameter: (settings) => new LearnedTensor(settings),
};

/** @throws GraphError where the settings do not fit each other */
export const buildLayer = (settings: LayerSettings): Module =>
  (builders[settings.kind] as (settings: LayerSettings) => Module)(settings);
