import type { Dimension } from '../../graph/index.ts';

/**
 * What a model file builds, as plain data: layers with their settings, and the steps that data take through them. It holds
 * no weights and no code, so that it can cross a process, be stored in a checkpoint and be built again without the file.
 */
export interface Program {
  readonly version: 1;
  readonly layers: readonly ProgramLayer[];
  readonly steps: readonly ProgramStep[];
  /** The value that the model answers with. */
  readonly result: number;
}

/** A model from a model file; the file itself is not needed any more. */
export interface OwnSpec {
  readonly kind: 'own';
  readonly program: Program;
}

export interface ProgramLayer {
  /** Its place among the modules, such as `blocks.0.conv1`; what its weights are called after. */
  readonly path: string;
  readonly settings: LayerSettings;
}

/** Values are counted from 0, which is the input `x`. */
export type ProgramStep = LayerStep | OperationStep | BlockStep;

interface Placed {
  readonly outputs: readonly number[];
  /** Of the file that says it. */
  readonly line?: number | undefined;
}

export interface LayerStep extends Placed {
  readonly kind: 'layer';
  readonly layer: number;
  readonly input: number;
  /** Attention looks at it instead of the input itself. */
  readonly memory?: number | undefined;
  /** Added to the scores of attention. */
  readonly mask?: number | undefined;
  /** Nobody looks ahead. */
  readonly causal?: boolean | undefined;
  /** Steps that count of each sequence. */
  readonly lengths?: number | undefined;
}

export interface OperationStep extends Placed {
  readonly kind: 'operation';
  readonly operation: Operation;
  readonly inputs: readonly number[];
}

/** The steps of a module of one's own, kept together for the view of the architecture. */
export interface BlockStep extends Placed {
  readonly kind: 'block';
  readonly path: string;
  readonly title: string;
  readonly input: number;
  readonly steps: readonly ProgramStep[];
}

export type Start =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'uniform'; readonly bound: number }
  | { readonly kind: 'normal'; readonly deviation: number };

type Pair = readonly [number, number];

interface ConvolutionSettings {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
  readonly dilation: Pair;
  readonly groups: number;
  readonly bias: boolean;
}

interface PoolSettings {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
}

export type LayerSettings =
  | { readonly kind: 'Linear'; readonly inFeatures: number; readonly outFeatures: number; readonly bias: boolean }
  | ({ readonly kind: 'Conv2d' } & ConvolutionSettings)
  | ({ readonly kind: 'ConvTranspose2d'; readonly outputPadding: Pair } & ConvolutionSettings)
  | {
      readonly kind: 'BatchNorm1d' | 'BatchNorm2d';
      readonly features: number;
      readonly epsilon: number;
      readonly momentum: number;
    }
  | { readonly kind: 'LayerNorm'; readonly shape: readonly number[]; readonly epsilon: number }
  | { readonly kind: 'GroupNorm'; readonly groups: number; readonly channels: number; readonly epsilon: number }
  | { readonly kind: 'RMSNorm'; readonly features: number }
  | { readonly kind: 'Dropout' | 'StochasticDepth'; readonly probability: number }
  | {
      readonly kind:
        | ('ReLU' | 'ReLU6' | 'LeakyReLU' | 'ELU' | 'GELU' | 'SiLU' | 'Tanh' | 'Sigmoid' | 'Hardswish')
        | ('Flatten' | 'GlobalAvgPool2d');
    }
  | ({ readonly kind: 'MaxPool2d' | 'AvgPool2d' } & PoolSettings)
  | { readonly kind: 'AdaptiveAvgPool2d'; readonly size: Pair }
  | { readonly kind: 'Upsample'; readonly factor: number; readonly mode: 'nearest' | 'bilinear' }
  | { readonly kind: 'SqueezeExcitation'; readonly channels: number; readonly squeezedChannels: number }
  | {
      readonly kind: 'Embedding';
      readonly vocabulary: number;
      readonly width: number;
      readonly deviation: number;
      /** The id whose vector does not learn; −1 = none. */
      readonly padding: number;
    }
  | {
      readonly kind: 'RNN' | 'LSTM' | 'GRU';
      readonly inputSize: number;
      readonly hiddenSize: number;
      readonly layers: number;
      readonly bidirectional: boolean;
      readonly dropout: number;
      readonly bias: boolean;
    }
  | {
      readonly kind: 'MultiheadAttention';
      readonly width: number;
      readonly heads: number;
      readonly dropout: number;
      readonly bias: boolean;
    }
  | {
      readonly kind: 'TransformerEncoderLayer';
      readonly width: number;
      readonly heads: number;
      readonly feedForward: number;
      readonly activation: 'relu' | 'gelu' | 'silu';
      readonly dropout: number;
      readonly order: 'pre' | 'post';
      readonly normalization: 'layer' | 'rms';
    }
  | { readonly kind: 'Parameter'; readonly shape: readonly number[]; readonly start: Start };

export type LayerKind = LayerSettings['kind'];

export type Operation =
  | {
      readonly name:
        | ('relu' | 'gelu' | 'silu' | 'sigmoid' | 'tanh' | 'exp' | 'log' | 'sqrt' | 'abs' | 'neg' | 'detach')
        | ('add' | 'sub' | 'mul' | 'div' | 'pow' | 'maximum' | 'minimum' | 'matmul' | 'expandAs' | 'sequenceMean');
    }
  | { readonly name: 'scalar'; readonly value: number }
  | { readonly name: 'softmax' | 'logSoftmax' | 'cat'; readonly dim: number }
  | { readonly name: 'reshape'; readonly shape: readonly Dimension[] }
  | { readonly name: 'permute'; readonly dims: readonly number[] }
  | { readonly name: 'narrow'; readonly dim: number; readonly start: number; readonly length: number }
  | {
      readonly name: 'sum' | 'mean';
      readonly dims: readonly number[];
      readonly keepdim: boolean;
    }
  | { readonly name: 'sequenceLengths' | 'paddingMask'; readonly padding: number }
  | { readonly name: 'addLoss'; readonly title: string };

export type OperationName = Operation['name'];

/** The member of a union for one of its kinds, where a member may stand for several. */
export type OfKind<Union extends { readonly kind: string }, Kind> = Union extends unknown
  ? Kind extends Union['kind']
    ? Union
    : never
  : never;
export type OfName<Union extends { readonly name: string }, Name> = Union extends unknown
  ? Name extends Union['name']
    ? Union
    : never
  : never;
