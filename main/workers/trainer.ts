import { LightbenchError } from '../contract/errors.ts';
import { type TrainerMessage, type TrainerResult, trainerInput } from '../contract/training-worker.ts';
import { describeArchitecture, learnsNothing } from '../models/index.ts';
import { ArtifactStore } from '../storage/artifacts/artifact-store.ts';
import { asLightbenchError } from './training/as-lightbench-error.ts';
import { loadCheckpoint } from './training/checkpoint-file.ts';
import { evaluate } from './training/evaluate.ts';
import { openExperiment } from './training/experiment.ts';
import { settle } from './training/settle.ts';
import { type TrainingControl, train } from './training/train.ts';
import { runWorker } from './worker-channel.ts';

/** The process of one run: trains, evaluates the best weights on validation and test, ends. */
runWorker(trainerInput, async (input, channel): Promise<TrainerResult> => {
  let wanted: ReturnType<TrainingControl['wanted']> = 'go_on';
  channel.onMessage(({ type }) => {
    if (type === 'pause' || type === 'finish') wanted = type;
  });
  const send = (message: TrainerMessage) => channel.send(message);
  const store = new ArtifactStore(input.workspaceFolder);
  try {
    const known = input.resume === null ? null : loadCheckpoint(store, input.resume.checkpointDigest).state;
    const experiment = await openExperiment(input, known);
    try {
      send({ type: 'model', architecture: describeArchitecture(experiment.task.model.summary) });
      if (known === null) for (const text of experiment.task.notes) send({ type: 'log', level: 'warning', text });
      const control: TrainingControl = { wanted: () => (channel.signal.aborted ? 'cancel' : wanted), send };
      const trained = learnsNothing(experiment.task.model)
        ? await settle(experiment, input, store, control)
        : await train(experiment, input, store, control);
      if (trained.reason === 'paused')
        return { outcome: 'paused', reason: 'paused', step: trained.step, metrics: trained.metrics };
      const metrics: Record<string, number> = { ...trained.metrics };
      for (const split of ['validation', 'test'] as const) {
        if (channel.signal.aborted) throw new LightbenchError('job.cancelled', 'Stopped before the evaluation ended.');
        const evaluated = await evaluate(experiment, trained.parameters, split, store, (done, total) =>
          send({ type: 'progress', phase: `Evaluating on ${split}`, done, total, unit: 'items' }),
        );
        if (evaluated === null) continue;
        send(evaluated.message);
        Object.assign(metrics, evaluated.metrics);
      }
      return { outcome: 'finished', reason: trained.reason, step: trained.step, metrics };
    } finally {
      experiment.close();
    }
  } catch (error) {
    throw asLightbenchError(error);
  }
});
