import type { CheckpointState, Preprocessing } from '../../../contract/checkpoint.ts';
import type { Split } from '../../../contract/datasets.ts';
import type { Evaluation } from '../../../contract/evaluation.ts';
import type { ExperimentInput } from '../../../contract/training-worker.ts';
import type { SafetensorsEntry } from '../../../formats/safetensors/safetensors.ts';
import type { LossSpec, ParameterValues } from '../../../graph/index.ts';
import type { Model, ModelSources, TargetScale } from '../../../models/index.ts';
import type { BatchSampler } from '../batch-sampler.ts';
import type { PreparedSet } from '../feeds.ts';
import type { ItemSets } from '../item-sets.ts';
import type { Computing } from '../predict.ts';
import type { RawData } from '../raw-data.ts';

/** How a figure of the training step becomes a metric of the run. */
export interface FigureReading {
  /** The step's name of the figure, such as `correct`. */
  readonly figure: string;
  /** The run's, such as `train_accuracy`. */
  readonly metric: string;
  /** `count` is a sum over the samples of a batch, `mean` a mean over them. */
  readonly kind: 'count' | 'mean';
  /** The figure that a count is a share of, where it is not the samples. */
  readonly of?: string;
  /** What the figure is multiplied by. */
  readonly unit: number;
}

export type OnProgress = (done: number, total: number) => void;

/** What a checkpoint already fixed: statistics are taken once, from train, and never again. */
export type KnownState = Pick<CheckpointState, 'preprocessing' | 'targetScale'> &
  Partial<Pick<CheckpointState, 'model'>>;

/** What a task is opened on. */
export interface TaskSource {
  readonly input: ExperimentInput;
  readonly raw: RawData;
  readonly known: KnownState | null;
  /** What the config names by digest. */
  readonly sources: ModelSources;
  /** The model of the config for data prepared in this way. @throws GraphError where the two do not fit, LightbenchError model_file.invalid */
  modelOf(preprocessing: Preprocessing): Promise<Model>;
}

/** How good the model is on a split, what it said of each item, and the figures that stand in the run's row. */
export interface TaskEvaluation {
  readonly evaluation: Omit<Evaluation, 'runId' | 'datasetDigest' | 'createdAt'>;
  readonly predictions: readonly (readonly [string, SafetensorsEntry])[];
  /** Without the name of the split in front. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** One kind of task on the data of a run: what is learned from, what it is compared with, how good it is. */
export interface Task {
  readonly sets: ItemSets;
  readonly preprocessing: Preprocessing;
  /** Regression: how the target was standardised. */
  readonly targetScale: TargetScale | null;
  readonly model: Model;
  readonly loss: LossSpec;
  /** What batches of the train items hold, where that is not each of them once an epoch. */
  readonly sampler?: BatchSampler;
  readonly figures: readonly FigureReading[];
  /** Sentences about the data that the person should know: filled gaps, columns left out. */
  readonly notes: readonly string[];
  /** Inputs and targets of items, as feeds of the step. */
  prepare(items: Int32Array, onProgress?: OnProgress): Promise<PreparedSet>;
  /** Generative tasks: a few pictures, uint8 [rows, columns, height, width, channels], always from the same noise. */
  drawSome?(computing: Computing, parameters: ParameterValues): Promise<SafetensorsEntry>;
  /** Metrics on the validation items, named `validation_…`; `validation_loss` is among them. */
  validate(computing: Computing, parameters: ParameterValues, set: PreparedSet): Promise<Record<string, number>>;
  /** @param items at least one */
  evaluate(
    computing: Computing,
    parameters: ParameterValues,
    split: Split,
    items: Int32Array,
    onProgress: OnProgress,
  ): Promise<TaskEvaluation>;
}

/** @throws LightbenchError source.empty, source.inconsistent, config.invalid; GraphError when the model does not fit */
export type OpenTask = (source: TaskSource) => Promise<Task>;
