import type { MixtureSpec } from './ensemble/specification.ts';
import type { DiffusionSpec, GanSpec, VaeSpec } from './generative/specification.ts';
import type { GraphNetworkSpec } from './graph/specification.ts';
import type { ConvolutionalTransformerSpec } from './hybrid/specification.ts';
import type { ImportedSpec } from './imported/specification.ts';
import type { Program } from './own/program.ts';
import type { RecurrentEncoderDecoderSpec, RecurrentSpec } from './recurrent/specification.ts';
import type { ActivationName } from './specification.ts';
import type { EmbeddingNetworkSpec, TabularSpec, WideAndDeepSpec } from './tabular/specification.ts';
import type {
  TransformerDecoderSpec,
  TransformerEncoderDecoderSpec,
  TransformerEncoderSpec,
} from './transformer/specification.ts';
import type { DetectorSpec, MobileNetSpec, ResidualNetworkSpec, UNetSpec } from './vision/specification.ts';

/**
 * A model as people write it in a run config. The types are those of the contract's run config, told
 * again by structure because this room knows no contract.
 */
export type LayerChoice =
  | {
      readonly kind: 'conv2d';
      readonly channels: number;
      readonly kernel: number;
      readonly stride: number;
      readonly padding: number;
      readonly bias: boolean;
    }
  | { readonly kind: 'dense'; readonly units: number; readonly bias: boolean }
  | { readonly kind: 'max_pool' | 'average_pool'; readonly size: number }
  | { readonly kind: 'global_average_pool' | 'batch_norm' | 'layer_norm' | 'flatten' }
  | { readonly kind: 'dropout'; readonly rate: number }
  | { readonly kind: 'activation'; readonly function: ActivationName };

export type ModelChoice =
  | {
      readonly kind: 'mlp';
      readonly hidden: readonly number[];
      readonly activation: ActivationName;
      readonly dropout: number;
      readonly norm: 'none' | 'batch' | 'layer';
    }
  | {
      readonly kind: 'cnn';
      readonly channels: readonly number[];
      readonly kernel: number;
      readonly padding: number;
      readonly poolEvery: number;
      readonly hidden: readonly number[];
      readonly activation: ActivationName;
      readonly norm: 'none' | 'batch';
      readonly dropout: number;
    }
  | (Written<Omit<ResidualNetworkSpec, 'normalization' | 'blocksPerStage'>> & {
      readonly kind: 'resnet';
      readonly blocks: number | readonly number[];
      readonly norm: 'none' | 'batch' | 'group';
    })
  | { readonly kind: 'sequential'; readonly layers: readonly LayerChoice[] }
  | GraphNetworkSpec
  | Written<RecurrentSpec>
  | Written<RecurrentEncoderDecoderSpec>
  | Written<TransformerEncoderSpec>
  | Written<TransformerDecoderSpec>
  | Written<TransformerEncoderDecoderSpec>
  | Written<MobileNetSpec>
  | Written<ConvolutionalTransformerSpec>
  | Written<MixtureSpec>
  | TabularChoice<EmbeddingNetworkSpec>
  | TabularChoice<WideAndDeepSpec>
  | Written<UNetSpec>
  | Written<DetectorSpec>
  | ImageEmbeddingChoice
  | Written<VaeSpec>
  | Written<GanSpec>
  | Written<DiffusionSpec>
  | EnsembleChoice
  | ImportedChoice
  | OwnChoice;

/** `minimumCount` is for whoever counts the categories: it is in the preprocessing that the model gets. */
type TabularChoice<Spec extends TabularSpec> = Written<Omit<Spec, 'normalization'>> & {
  readonly kind: Spec['kind'];
  readonly norm: 'none' | 'batch' | 'layer';
  readonly minimumCount: number;
};

export interface ImageEmbeddingChoice {
  readonly kind: 'image_embedding';
  readonly dimensions: number;
  readonly encoder: Exclude<ModelChoice, EnsembleChoice | ImageEmbeddingChoice>;
}

export interface EnsembleChoice {
  readonly kind: 'ensemble';
  readonly combine: 'average' | 'stacking';
  readonly weights?: readonly number[] | undefined;
  /** Of the members, by digest; whoever starts a run fills them in. */
  readonly checkpoints?: readonly string[] | undefined;
}

export type ImportedChoice = Written<Omit<ImportedSpec, 'onnx' | 'lora'>> & {
  readonly kind: 'imported';
  readonly lora?: Written<NonNullable<ImportedSpec['lora']>> | undefined;
  /** Of the file in the workspace; whoever starts a run fills it in. */
  readonly artifact?: string | undefined;
};

/** A model file; `program` is what it builds, which whoever ran it fills in. */
interface OwnChoice {
  readonly kind: 'own';
  readonly program?: Program | undefined;
}

/** A spec as a config gives it: what may be left out may also be undefined. */
type Written<Spec> = { readonly [Key in keyof Spec]: Spec[Key] | undefined } & Pick<Spec, RequiredKeys<Spec>>;
type RequiredKeys<Spec> = { [Key in keyof Spec]-?: undefined extends Spec[Key] ? never : Key }[keyof Spec];
