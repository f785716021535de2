import type { LossSpec, PreprocessingSpec, ScheduleSpec, TripletMining } from '../graph/index.ts';
import { frozenForward, GraphError, PADDING } from '../graph/index.ts';
import { buildModel, type Model } from './build-model.ts';
import { commonColumns, prepareAlike } from './ensemble/common-preprocessing.ts';
import type { ImportedSpec } from './imported/specification.ts';
import type { EnsembleChoice, ImportedChoice, LayerChoice, ModelChoice } from './model-choice.ts';
import { type ModelSources, NO_SOURCES, type TrainedSource } from './model-sources.ts';
import type { ArchitectureSpec, LayerSpec } from './specification.ts';
import { signaturesOf, type TaskName } from './task-signatures.ts';
import { trainedWeights } from './trained-weights.ts';

/** A run config, as people write it, in the words of the compiler. */
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
  if (task === 'sequence-to-sequence' && !ENCODER_DECODERS.has(choice.kind))
    throw new GraphError(
      'unsupported',
      `A ${choice.kind} cannot turn one sequence into another: use an encoder–decoder.`,
    );
  if (task === 'metric-learning' && choice.kind !== 'image_embedding')
    throw new GraphError(
      'unsupported',
      `A ${choice.kind} gives no embeddings: make it the encoder of image_embedding.`,
    );
  const spec =
    choice.kind === 'ensemble' ? ensembleSpec(choice, preprocessing, sources) : architectureOf(choice, sources);
  return buildModel(spec, input, output);
}

const ENCODER_DECODERS: ReadonlySet<ModelChoice['kind']> = new Set([
  'recurrent_encoder_decoder',
  'transformer_encoder_decoder',
]);

function architectureOf(choice: Exclude<ModelChoice, EnsembleChoice>, sources: ModelSources): ArchitectureSpec {
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
    case 'recurrent_encoder_decoder':
    case 'transformer_decoder':
    case 'transformer_encoder_decoder':
    case 'mobilenet_v2':
    case 'convolutional_transformer':
    case 'mixture_of_experts':
    case 'unet':
    case 'detector':
    case 'vae':
    case 'gan':
    case 'diffusion':
      return given(choice) as ArchitectureSpec;
    case 'image_embedding':
      return { ...choice, encoder: architectureOf(choice.encoder, sources) };
    case 'imported':
      return importedSpec(choice, sources);
    case 'own':
      if (choice.program === undefined) throw new GraphError('invalid-argument', 'The model file was not run.');
      return { kind: 'own', program: choice.program };
  }
}

function ensembleSpec(
  { checkpoints = [], combine, weights }: EnsembleChoice,
  preprocessing: PreprocessingSpec,
  sources: ModelSources,
): ArchitectureSpec {
  const trained = checkpoints.map((digest) => sources.checkpoint(digest));
  const alike = prepareAlike(trained);
  const names = commonColumns(trained);
  const members = trained.map((source) => {
    return {
      ...trainedModel(source, sources),
      preprocessing: alike ? preprocessing : source.preprocessing,
      places: source.columns.map(({ name }) => names.indexOf(name)),
      targetScale: source.targetScale,
    };
  });
  const targetScale = trained[0]?.targetScale ?? null;
  return { kind: 'ensemble', combine, ...(weights ? { weights } : {}), members, preprocessing, targetScale };
}

function trainedModel(source: TrainedSource, sources: ModelSources) {
  const model = modelFor(source.task, source.model, source.preprocessing, source.classes.length, sources);
  return { model, parameters: trainedWeights(model.module, source.values) };
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
  | { readonly kind: 'binary_cross_entropy'; readonly positiveWeight: number }
  | { readonly kind: 'hinge'; readonly margin: number }
  | { readonly kind: 'multi_margin'; readonly margin: number; readonly exponent: 1 | 2 }
  | {
      readonly kind: 'distillation';
      readonly temperature: number;
      readonly hardShare: number;
      /** The teacher’s; whoever starts a run fills it in. */
      readonly checkpoint?: string | undefined;
    }
  | { readonly kind: 'focal'; readonly gamma: number }
  | { readonly kind: 'dice'; readonly smooth: number }
  | { readonly kind: 'dice_cross_entropy'; readonly diceShare: number; readonly smooth: number }
  | { readonly kind: 'mse' }
  | { readonly kind: 'l1' }
  | { readonly kind: 'huber'; readonly delta: number }
  | { readonly kind: 'smooth_l1'; readonly beta: number }
  | { readonly kind: 'info_nce'; readonly temperature: number }
  | { readonly kind: 'triplet'; readonly margin: number; readonly mining: TripletMining };

/**
 * The loss of a task.
 *
 * @param isWeighted whether samples count differently, by the input `sampleWeights`
 * @param sources where the teacher of a distillation is found
 * @throws GraphError where a teacher cannot be a part of the step
 */
export function lossFor(
  task: TaskName,
  choice: LossChoice,
  model?: ModelChoice,
  isWeighted = false,
  sources: ModelSources = NO_SOURCES,
): LossSpec {
  if (task === 'image-generation') return { kind: 'module' };
  if (task === 'object-detection')
    return { kind: 'detection', stride: model?.kind === 'detector' ? (model.stride ?? 4) : 4 };
  if (task === 'image-segmentation' && choice.kind === 'cross_entropy') return { kind: 'pixel_cross_entropy' };
  if (choice.kind === 'info_nce' || choice.kind === 'triplet') return choice;
  if (choice.kind === 'dice' || choice.kind === 'dice_cross_entropy') return choice;
  if ((task === 'language-modeling' || task === 'sequence-to-sequence') && choice.kind === 'cross_entropy')
    return { kind: 'token_cross_entropy', ignoreIndex: PADDING, labelSmoothing: choice.labelSmoothing };
  // Nodes that are not learned from weigh nothing.
  const weighting = isWeighted || task === 'node-classification' ? { sampleWeights: true as const } : {};
  if (choice.kind === 'binary_cross_entropy' || choice.kind === 'hinge')
    return { ...choice, oneVersusRest: true, ...weighting };
  if (choice.kind === 'distillation') {
    const { kind, temperature, hardShare, checkpoint = '' } = choice;
    const { model: teacher, parameters } = trainedModel(sources.checkpoint(checkpoint), sources);
    const said = frozenForward(teacher, parameters, 'teacher.');
    return { kind, temperature, hardShare, teacher: said, ...weighting };
  }
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
