import { GraphError, type PreprocessingSpec } from '../graph/index.ts';
import type { ModelChoice } from './model-choice.ts';
import type { TargetScale } from './target-scale.ts';
import type { TaskName } from './task-signatures.ts';

/** What a model choice names by digest: this room reads no files. */
export interface ModelSources {
  /** The bytes of an artifact of the workspace. */
  artifact(digest: string): Uint8Array;
  /** What a checkpoint of the workspace holds. */
  checkpoint(digest: string): TrainedSource;
}

/** A trained model as its checkpoint tells of it. */
export interface TrainedSource {
  readonly task: TaskName;
  readonly model: ModelChoice;
  readonly classes: readonly string[];
  /** Tables: the columns of the raw input, in order. */
  readonly columns: readonly { readonly name: string }[];
  readonly preprocessing: PreprocessingSpec;
  readonly targetScale: TargetScale | null;
  /** The state of its training step, by name. */
  readonly values: ReadonlyMap<string, Float32Array>;
}

const nothingGiven = (digest: string): never => {
  throw new GraphError('invalid-argument', `Nothing was given for the artifact ${digest}.`);
};

/** For choices that name nothing. */
export const NO_SOURCES: ModelSources = {
  artifact: nothingGiven,
  checkpoint: nothingGiven,
};
