import type { CheckpointState } from '../../contract/checkpoint.ts';
import type { TrainerInput } from '../../contract/training-worker.ts';
import { initializeParameters } from '../../graph/index.ts';
import type { ArtifactStore } from '../../storage/artifacts/artifact-store.ts';
import { keptModel } from './built-model.ts';
import { saveCheckpoint } from './checkpoint-file.ts';
import type { Experiment } from './experiment.ts';
import type { Trained, TrainingControl } from './train.ts';

/** A run without steps: the weights as they are become its checkpoint, validated like those of any other. */
export async function settle(
  { task, computing }: Experiment,
  { config, classes, columns }: TrainerInput,
  store: ArtifactStore,
  control: TrainingControl,
): Promise<Trained> {
  const { model } = computing;
  const { module } = model;
  const parameters = { ...initializeParameters(module, config.seed), ...model.parameters };
  const { train, validation } = task.sets;
  control.send({
    type: 'started',
    ...{ step: 0, stepsPerEpoch: 0, totalSteps: 0 },
    ...{ trainCount: train.length, validationCount: validation.length },
  });
  const set = await task.prepare(validation, (done, total) =>
    control.send({ type: 'progress', phase: 'Preparing the validation data', done, total, unit: 'items' }),
  );
  const found = set.count === 0 ? {} : await task.validate(computing, parameters, set);
  await set.dispose();
  const best = Object.fromEntries(Object.entries(found).map(([key, value]) => [`best.${key}`, value]));
  const metrics = { ...found, ...best };
  const state: CheckpointState = {
    version: 1,
    task: config.task,
    model: keptModel(config.model, model),
    classes,
    columns,
    preprocessing: task.preprocessing,
    targetScale: task.targetScale,
    ...{ step: 0, stepsPerEpoch: 0, best: null, epochsWithoutImprovement: 0 },
    metrics,
    validationLosses: [],
  };
  const named = [...module.namedParameters(), ...module.namedBuffers()];
  const tensors = named.map(([name, { shape }]) => [name, { shape, data: parameters[name] }] as const);
  const artifact = saveCheckpoint(store, state, tensors);
  control.send({ type: 'checkpoint', artifact, step: 0, epoch: 0, best: true, metrics });
  return { reason: 'complete', step: 0, parameters, metrics };
}
