import type { Initialization } from '../graph/index.ts';

export type ActivationName = 'relu' | 'gelu' | 'silu' | 'tanh' | 'sigmoid';

/** Either an image [channels, height, width] or a row of features. */
export type InputSignature =
  | { readonly kind: 'image'; readonly channels: number; readonly height: number; readonly width: number }
  | { readonly kind: 'table'; readonly features: number };

export type OutputSignature =
  | { readonly kind: 'classification'; readonly classes: number }
  | { readonly kind: 'regression'; readonly outputs: number };

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

/** An architecture as plain JSON. Every one ends in a linear layer of the output's size, which is added. */
export type ArchitectureSpec = { readonly initialization?: Initialization } & (
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
  | {
      /** Basic blocks of two 3 x 3 convolutions (He et al. 2016); each stage after the first halves the image. */
      readonly kind: 'resnet';
      readonly channels: readonly number[];
      readonly blocksPerStage?: number;
      readonly normalization?: 'none' | 'batch';
    }
  | { readonly kind: 'sequential'; readonly layers: readonly LayerSpec[] }
);
