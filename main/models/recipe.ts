import type { LossSpec, OptimizerSpec, PreprocessingSpec, ScheduleSpec } from '../graph/index.ts';
import { buildModel, type Model } from './build-model.ts';
import type { ActivationName, ArchitectureSpec, LayerSpec } from './specification.ts';
import { signaturesOf, type TaskName } from './task-signatures.ts';

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
  | {
      readonly kind: 'resnet';
      readonly channels: readonly number[];
      readonly blocks: number;
      readonly norm: 'none' | 'batch';
    }
  | { readonly kind: 'sequential'; readonly layers: readonly LayerChoice[] };

export type OptimizerChoice = OptimizerSpec & { readonly learningRate: number };

export type ScheduleChoice = { readonly warmupSteps: number } & (
  | { readonly kind: 'constant' }
  | { readonly kind: 'step'; readonly everyEpochs: number; readonly factor: number }
  | { readonly kind: 'cosine'; readonly minimumFactor: number }
);

/**
 * The model for what the preprocessing yields and the task asks for.
 *
 * @param classCount 0 where the task knows no classes
 * @throws GraphError where layers do not fit each other
 */
export function modelFor(
  task: TaskName,
  choice: ModelChoice,
  preprocessing: PreprocessingSpec,
  classCount: number,
): Model {
  const { input, output } = signaturesOf(task, preprocessing, classCount);
  return buildModel(architectureOf(choice), input, output);
}

function architectureOf(choice: ModelChoice): ArchitectureSpec {
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
      return { ...choice, blocksPerStage: choice.blocks, normalization: choice.norm };
    case 'sequential':
      return { kind: 'sequential', layers: choice.layers.map(layerOf) };
  }
}

export function optimizerOf({ learningRate: _, ...optimizer }: OptimizerChoice): OptimizerSpec {
  return optimizer;
}

/** The loss of a task. @throws GraphError `invalid-argument` where it does not suit the task */
export function lossFor(
  _task: TaskName,
  choice: { readonly kind: 'cross_entropy'; readonly labelSmoothing: number } | { readonly kind: 'mse' },
): LossSpec {
  return choice;
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
    case 'cosine':
      return { kind: 'cosine', baseRate, warmupSteps, minimumRate: baseRate * choice.minimumFactor };
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
