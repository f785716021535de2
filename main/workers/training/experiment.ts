import type { Preprocessing } from '../../contract/checkpoint.ts';
import type { ExperimentInput } from '../../contract/training-worker.ts';
import { cpuTarget, type Target } from '../../graph/index.ts';
import { commonPreprocessing, type ModelSources, modelFor } from '../../models/index.ts';
import type { SessionSettings } from '../../runtime/index.ts';
import { ArtifactStore } from '../../storage/artifacts/artifact-store.ts';
import { builtModel } from './built-model.ts';
import { modelSources } from './model-sources.ts';
import type { Computing } from './predict.ts';
import { openRawData } from './raw-data.ts';
import { tasks } from './tasks/index.ts';
import type { KnownState, Task } from './tasks/task.ts';

/** What training and evaluating have in common: the data of a run, its task, and the model that fits them. */
export interface Experiment {
  readonly input: ExperimentInput;
  readonly task: Task;
  readonly computing: Computing;
  close(): void;
}

/**
 * @param known what a checkpoint already fixed
 * @throws LightbenchError source.empty when no item can be learned from, config.invalid when the model does not fit
 */
export async function openExperiment(input: ExperimentInput, known: KnownState | null): Promise<Experiment> {
  const raw = openRawData(input.workspaceFolder, input.manifestDigest);
  try {
    const { config, classes } = input;
    const sources = modelSources(new ArtifactStore(input.workspaceFolder), config.model);
    const task = await tasks[config.task]({
      input,
      raw,
      known: known ?? settledByMembers(config.model, sources) ?? settledByTeacher(config.loss, sources),
      sources,
      modelOf: async (preprocessing) => {
        const choice = await builtModel(input, known, preprocessing, sources);
        return modelFor(config.task, choice, preprocessing, classes.length, sources);
      },
    });
    const settings: SessionSettings = { provider: input.provider, threads: input.threads, spinning: true };
    return {
      input,
      task,
      computing: { model: task.model, target: targetOf(input), settings },
      close: () => raw.close(),
    };
  } catch (error) {
    raw.close();
    throw error;
  }
}

/** An ensemble takes what its members take together, and a regression's units are those of the first. */
function settledByMembers(model: ExperimentInput['config']['model'], sources: ModelSources): KnownState | null {
  if (model.kind !== 'ensemble') return null;
  const members = (model.checkpoints ?? []).map((digest) => sources.checkpoint(digest));
  const preprocessing = commonPreprocessing(members) as Preprocessing;
  return { preprocessing, targetScale: members[0].targetScale };
}

/** A student sees what its teacher sees. */
function settledByTeacher(loss: ExperimentInput['config']['loss'], sources: ModelSources): KnownState | null {
  if (loss.kind !== 'distillation' || loss.checkpoint === undefined) return null;
  const { preprocessing, targetScale } = sources.checkpoint(loss.checkpoint);
  return { preprocessing: preprocessing as Preprocessing, targetScale };
}

export function targetOf(input: Pick<ExperimentInput, 'provider' | 'blockSize' | 'native'>): Target {
  if (input.provider === 'webgpu') return { provider: 'webgpu' };
  if (input.provider !== 'cpu') return { provider: 'standard' };
  return cpuTarget(input);
}
