import type { Initialization } from '../graph/index.ts';
import type { ActivationName } from './activation-name.ts';
import type { EnsembleSpec, MixtureSpec } from './ensemble/specification.ts';
import type { GenerativeSpec } from './generative/specification.ts';
import type { GraphNetworkSpec } from './graph/specification.ts';
import type { ConvolutionalTransformerSpec } from './hybrid/specification.ts';
import type { ImportedSpec } from './imported/specification.ts';
import type { OwnSpec } from './own/program.ts';
import type { RecurrentEncoderDecoderSpec, RecurrentSpec } from './recurrent/specification.ts';
import type { TabularSpec } from './tabular/specification.ts';
import type { TransformerSpec } from './transformer/specification.ts';
import type { DetectorSpec, MobileNetSpec, ResidualNetworkSpec, UNetSpec } from './vision/specification.ts';

export type { ActivationName } from './activation-name.ts';

/** What one sample of `x` is. */
export type InputSignature =
  /** [channels, height, width] */
  | { readonly kind: 'image'; readonly channels: number; readonly height: number; readonly width: number }
  /** [features] */
  | {
      readonly kind: 'table';
      readonly features: number;
      /** What each feature is, where categories come as rows of an embedding. */
      readonly columns?: readonly TableColumn[];
    }
  /** [length] int64 ids below `vocabulary`; 0 is padding */
  | { readonly kind: 'tokens'; readonly length: number; readonly vocabulary: number }
  /** [length, features], oldest first */
  | { readonly kind: 'series'; readonly length: number; readonly features: number }
  /** [features] of a node; a batch is a graph, and `edges` int64 [2, edges] (from, to) is a further input */
  | { readonly kind: 'graph'; readonly features: number };

/** A number, or the row of a category, whole, below `rows`; row 0 is that of anything unknown. */
export type TableColumn =
  | { readonly kind: 'number' }
  | { readonly kind: 'category'; readonly name: string; readonly rows: number };

/** What a model says about one sample. */
export type OutputSignature =
  /** [classes] logits */
  | { readonly kind: 'classification'; readonly classes: number }
  /** [outputs] */
  | { readonly kind: 'regression'; readonly outputs: number }
  /** [classes, height, width] logits */
  | { readonly kind: 'segmentation'; readonly classes: number }
  /** Boxes of so many classes, as the detector's head says */
  | { readonly kind: 'detection'; readonly classes: number }
  /** Numbers of length 1 that lie close to those of similar samples; how many, the architecture says */
  | { readonly kind: 'embedding' }
  /** [length, vocabulary] logits; a `length` of its own where the output is not the input's next tokens */
  | { readonly kind: 'tokens'; readonly vocabulary: number; readonly length?: number }
  /** [horizon, series] */
  | { readonly kind: 'forecast'; readonly horizon: number; readonly series: number }
  /** [channels, height, width]; `classes` that a conditional model is told of */
  | {
      readonly kind: 'image';
      readonly channels: number;
      readonly height: number;
      readonly width: number;
      readonly classes?: number;
    };

/** A layer of a `sequential` architecture; sizes of inputs are inferred. */
export type LayerSpec =
  | { readonly kind: 'linear'; readonly units: number; readonly bias?: boolean }
  | {
      readonly kind: 'conv2d';
      readonly channels: number;
      readonly kernel: number;
      readonly stride?: number;
      /** Pixels on each side, or `same` to keep the size at stride 1. Default 0. */
      readonly padding?: number | 'same';
      readonly groups?: number;
      readonly bias?: boolean;
    }
  | { readonly kind: 'max_pool'; readonly kernel: number; readonly stride?: number; readonly padding?: number }
  | { readonly kind: 'avg_pool'; readonly kernel: number; readonly stride?: number; readonly padding?: number }
  | { readonly kind: 'global_avg_pool' }
  /** Averages over so many windows in each direction. */
  | { readonly kind: 'adaptive_avg_pool'; readonly size: number }
  | {
      readonly kind: 'conv_transpose2d';
      readonly channels: number;
      readonly kernel: number;
      readonly stride?: number;
      readonly padding?: number;
      readonly outputPadding?: number;
      readonly bias?: boolean;
    }
  | { readonly kind: 'upsample'; readonly factor: number; readonly mode?: 'nearest' | 'bilinear' }
  /** Default: at most 8 groups; as many as channels is instance normalisation. */
  | { readonly kind: 'group_norm'; readonly groups?: number }
  | { readonly kind: 'squeeze_excitation'; readonly reduction: number; readonly gate?: 'sigmoid' | 'hard_sigmoid' }
  /** At the end of a residual's layers. */
  | { readonly kind: 'stochastic_depth'; readonly probability: number }
  | { readonly kind: 'batch_norm' }
  | { readonly kind: 'layer_norm' }
  | { readonly kind: 'dropout'; readonly probability: number }
  | { readonly kind: 'flatten' }
  | { readonly kind: ActivationName }
  /** layers(x) + x, or + shortcut(x). */
  | {
      readonly kind: 'residual';
      readonly layers: readonly LayerSpec[];
      readonly shortcut?: readonly LayerSpec[];
      readonly relu?: boolean;
    };

/** An architecture as plain JSON. */
export type ArchitectureSpec =
  | LayeredSpec
  | GraphNetworkSpec
  | GenerativeSpec
  | RecurrentSpec
  | RecurrentEncoderDecoderSpec
  | TransformerSpec
  | ({ readonly initialization?: Initialization } & (UNetSpec | DetectorSpec))
  | ImageEmbeddingSpec
  | MixtureSpec
  | EnsembleSpec
  | TabularSpec
  | ConvolutionalTransformerSpec
  | ImportedSpec
  | OwnSpec;

/** Any network of pictures, its output scaled to length 1. */
export interface ImageEmbeddingSpec {
  readonly kind: 'image_embedding';
  readonly encoder: ArchitectureSpec;
  /** Length of the vector of a picture. */
  readonly dimensions: number;
}

/** A list of layers; a linear layer of the output's size is added at its end. */
export type LayeredSpec = { readonly initialization?: Initialization } & (
  | {
      readonly kind: 'mlp';
      readonly hidden: readonly number[];
      readonly activation?: ActivationName;
      readonly dropout?: number;
      readonly normalization?: 'none' | 'batch' | 'layer';
    }
  | {
      /** Stages of convolutions, each ending in a max-pool if `pool` says so, then dense layers. */
      readonly kind: 'cnn';
      readonly channels: readonly number[];
      readonly kernel?: number;
      readonly padding?: number | 'same';
      /** After which of the convolutions (counted from 1) a 2 x 2 max-pool follows. Default: every second and the last. */
      readonly poolAfter?: readonly number[];
      readonly hidden?: readonly number[];
      readonly activation?: ActivationName;
      readonly dropout?: number;
      readonly normalization?: 'none' | 'batch';
    }
  | ResidualNetworkSpec
  | MobileNetSpec
  | { readonly kind: 'sequential'; readonly layers: readonly LayerSpec[] }
);
