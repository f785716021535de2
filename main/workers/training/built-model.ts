import type { CheckpointState, Preprocessing } from '../../contract/checkpoint.ts';
import type { Program } from '../../contract/models/program.ts';
import type { ExperimentInput } from '../../contract/training-worker.ts';
import { type Model, type ModelSources, signaturesOf } from '../../models/index.ts';
import { traceModelFile } from '../../sandbox/trace-model-file.ts';
import type { KnownState } from './tasks/task.ts';

/**
 * The model of a config, a model file as what it builds for this data: out of the checkpoint where there is one, otherwise
 * by running the file apart from everything.
 * @throws LightbenchError model_file.invalid, model_file.stopped
 */
export async function builtModel(
  { config, classes, modelFileProgram }: ExperimentInput,
  known: KnownState | null,
  preprocessing: Preprocessing,
  sources: ModelSources,
): Promise<CheckpointState['model']> {
  const { model, task } = config;
  if (model.kind !== 'own') return model;
  if (known?.model !== undefined && 'program' in known.model) return known.model;
  const file = { path: model.file, text: new TextDecoder().decode(sources.artifact(model.artifact ?? '')) };
  const request = { task, options: model.options, ...signaturesOf(task, preprocessing, classes.length) };
  return { ...model, program: await traceModelFile(file, request, modelFileProgram ?? '') };
}

/** What a checkpoint says of the model: enough to build it again without its file. */
export function keptModel(model: ExperimentInput['config']['model'], { spec }: Model): CheckpointState['model'] {
  return model.kind === 'own' && spec.kind === 'own' ? { ...model, program: spec.program as Program } : model;
}
