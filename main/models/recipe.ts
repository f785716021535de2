import type { LossSpec, PreprocessingSpec, ScheduleSpec } from '../graph/index.ts';
import { GraphError, PADDING } from '../graph/index.ts';
import { buildModel, type Model } from './build-model.ts';
import type { MixtureSpec } from './ensemble/specification.ts';
import type { DiffusionSpec, GanSpec, VaeSpec } from './generative/specification.ts';
import type { GraphNetworkSpec } from './graph/specification.ts';
import type { ConvolutionalTransformerSpec } from './hybrid/specification.ts';
import type { ImportedSpec } from './imported/specification.ts';
import { type ModelSources, NO_SOURCES } from './model-sources.ts';
import type { Program } from './own/program.ts';
import type { RecurrentSpec } from './recurrent/specification.ts';
import type { ActivationName, ArchitectureSpec, LayerSpec } from './specification.ts';
import type { EmbeddingNetworkSpec, TabularSpec, WideAndDeepSpec } from './tabular/specification.ts';
import { signaturesOf, type TaskName } from './task-signatures.ts';
import type { TransformerDecoderSpec, TransformerEncoderSpec } from './transformer/specification.ts';
import type { DetectorSpec, MobileNetSpec, ResidualNetworkSpec, UNetSpec } from './vision/specification.ts';

/**
 * A run config, as people write it, in the words of the compiler. The types are those of the contract's run config, told
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
  | Written<TransformerEncoderSpec>
  | Written<TransformerDecoderSpec>
  | Written<MobileNetSpec>
  | Written<ConvolutionalTransformerSpec>
  | Written<MixtureSpec>
  | TabularChoice<EmbeddingNetworkSpec>
  | TabularChoice<WideAndDeepSpec>
  | Written<UNetSpec>
  | Written<DetectorSpec>
  | Written<VaeSpec>
  | Written<GanSpec>
  | Written<DiffusionSpec>
  | ImportedChoice
  | OwnChoice;

/** `minimumCount` is for whoever counts the categories: it is in the preprocessing that the model gets. */
type TabularChoice<Spec extends TabularSpec> = Written<Omit<Spec, 'normalization'>> & {
  readonly kind: Spec['kind'];
  readonly norm: 'none' | 'batch' | 'layer';
  readonly minimumCount: number;
};

type ImportedChoice = Written<Omit<ImportedSpec, 'onnx' | 'lora'>> & {
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

export type ScheduleChoice = { readonly warmupSteps: number } & (
  | { readonly kind: 'constant' }
  | { readonly kind: 'step'; readonly everyEpochs: number; readonly factor: number }
  | { readonly kind: 'cosine' | 'linear'; readonly minimumFactor: number }
  | { readonly kind: 'polynomial'; readonly power: number; readonly minimumFactor: number }
  | {
      readonly kind: 'one_cycle';
      readonly rise: number;
      readonly divisor: number;
      readonly finalDivisor: number;
      readonly anneal: 'cosine' | 'linear';
    }
  | {
      readonly kind: 'reduce_on_plateau';
      readonly factor: number;
      readonly patience: number;
      readonly threshold: number;
      readonly cooldown: number;
      readonly minimumFactor: number;
    }
);

/**
 * The model for what the preprocessing yields and the task asks for.
 *
 * @param classCount 0 where the task knows no classes
 * @param sources what a choice refers to by digest
 * @throws GraphError where layers do not fit each other
 */
export function modelFor(
  task: TaskName,
  choice: ModelChoice,
  preprocessing: PreprocessingSpec,
  classCount: number,
  sources: ModelSources = NO_SOURCES,
): Model {
  const { input, output } = signaturesOf(task, preprocessing, classCount);
  return buildModel(architectureOf(choice, sources), input, output);
}

function architectureOf(choice: ModelChoice, sources: ModelSources): ArchitectureSpec {
  switch (choice.kind) {
    case 'mlp':
      return { ...choice, normalization: choice.norm };
    case 'cnn':
      return {
        ...choice,
        normalization: choice.norm,
        poolAfter: choice.channels
          .map((_, index) => index + 1)
          .filter((place) => choice.poolEvery > 0 && place % choice.poolEvery === 0),
      };
    case 'resnet':
      return { ...given(choice), blocksPerStage: choice.blocks, normalization: choice.norm } as ArchitectureSpec;
    case 'embedding_mlp':
    case 'wide_and_deep':
      return { ...given(choice), normalization: choice.norm } as ArchitectureSpec;
    case 'sequential':
      return { kind: 'sequential', layers: choice.layers.map(layerOf) };
    case 'graph_network':
      return choice;
    case 'recurrent':
    case 'transformer_encoder':
    case 'transformer_decoder':
    case 'mobilenet_v2':
    case 'convolutional_transformer':
    case 'mixture_of_experts':
    case 'unet':
    case 'detector':
    case 'vae':
    case 'gan':
    case 'diffusion':
      return given(choice) as ArchitectureSpec;
    case 'imported':
      return importedSpec(choice, sources);
    case 'own':
      if (choice.program === undefined) throw new GraphError('invalid-argument', 'The model file was not run.');
      return { kind: 'own', program: choice.program };
  }
}

function importedSpec({ artifact, lora, ...choice }: ImportedChoice, sources: ModelSources): ArchitectureSpec {
  if (artifact === undefined) throw new GraphError('invalid-argument', 'There is no file to import.');
  return {
    ...given(choice),
    ...(lora ? { lora: given(lora) } : {}),
    onnx: sources.artifact(artifact),
  } as ImportedSpec;
}

/** Without the keys that were left out. */
export function given<T extends object>(choice: T): Partial<T> {
  return Object.fromEntries(Object.entries(choice).filter(([, value]) => value !== undefined)) as Partial<T>;
}

export type LossChoice =
  | {
      readonly kind: 'cross_entropy';
      readonly labelSmoothing: number;
      readonly classWeights?: readonly number[] | undefined;
    }
  | { readonly kind: 'multi_margin'; readonly margin: number; readonly exponent: 1 | 2 }
  | { readonly kind: 'focal'; readonly gamma: number }
  | { readonly kind: 'dice'; readonly smooth: number }
  | { readonly kind: 'dice_cross_entropy'; readonly diceShare: number; readonly smooth: number }
  | { readonly kind: 'mse' }
  | { readonly kind: 'l1' }
  | { readonly kind: 'huber'; readonly delta: number }
  | { readonly kind: 'smooth_l1'; readonly beta: number };

/** The loss of a task. @throws GraphError `invalid-argument` where it does not suit the task */
export function lossFor(task: TaskName, choice: LossChoice, model?: ModelChoice): LossSpec {
  if (task === 'image-generation') return { kind: 'module' };
  if (task === 'object-detection')
    return { kind: 'detection', stride: model?.kind === 'detector' ? (model.stride ?? 4) : 4 };
  if (task === 'image-segmentation' && choice.kind === 'cross_entropy') return { kind: 'pixel_cross_entropy' };
  if (choice.kind === 'focal' || choice.kind === 'dice' || choice.kind === 'dice_cross_entropy') return choice;
  if (task === 'language-modeling' && choice.kind === 'cross_entropy')
    return { kind: 'token_cross_entropy', ignoreIndex: PADDING, labelSmoothing: choice.labelSmoothing };
  // Nodes that are not learned from weigh nothing.
  const weighting = task === 'node-classification' ? { sampleWeights: true as const } : {};
  if (choice.kind !== 'cross_entropy') return { ...choice, ...weighting };
  const { classWeights, ...rest } = choice;
  return { ...rest, ...(classWeights === undefined ? {} : { classWeights }), ...weighting };
}

export function scheduleOf(choice: ScheduleChoice, baseRate: number, stepsPerEpoch: number): ScheduleSpec {
  const { warmupSteps } = choice;
  switch (choice.kind) {
    case 'constant':
      return { kind: 'constant', baseRate, warmupSteps };
    case 'step':
      return {
        kind: 'step',
        baseRate,
        warmupSteps,
        everySteps: choice.everyEpochs * stepsPerEpoch,
        gamma: choice.factor,
      };
    case 'one_cycle':
      return { ...choice, baseRate };
    case 'cosine':
    case 'linear':
    case 'polynomial':
    case 'reduce_on_plateau': {
      const { minimumFactor, ...rest } = choice;
      return { ...rest, baseRate, minimumRate: baseRate * minimumFactor };
    }
  }
}

function layerOf(choice: LayerChoice): LayerSpec {
  switch (choice.kind) {
    case 'conv2d':
      return choice;
    case 'dense':
      return { kind: 'linear', units: choice.units, bias: choice.bias };
    case 'max_pool':
      return { kind: 'max_pool', kernel: choice.size };
    case 'average_pool':
      return { kind: 'avg_pool', kernel: choice.size };
    case 'global_average_pool':
      return { kind: 'global_avg_pool' };
    case 'dropout':
      return { kind: 'dropout', probability: choice.rate };
    case 'activation':
      return { kind: choice.function };
    case 'batch_norm':
    case 'layer_norm':
    case 'flatten':
      return { kind: choice.kind };
  }
}
