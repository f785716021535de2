import { evaluatorInput, type TrainerMessage } from '../contract/training-worker.ts';
import { trainedWeights } from '../models/index.ts';
import { ArtifactStore } from '../storage/artifacts/artifact-store.ts';
import { asLightbenchError } from './training/as-lightbench-error.ts';
import { loadCheckpoint } from './training/checkpoint-file.ts';
import { evaluate } from './training/evaluate.ts';
import { openExperiment } from './training/experiment.ts';
import { runWorker } from './worker-channel.ts';

/** Evaluates a checkpoint on splits of a dataset, in a process of its own. */
runWorker(evaluatorInput, async (input, channel) => {
  const store = new ArtifactStore(input.workspaceFolder);
  const send = (message: TrainerMessage) => channel.send(message);
  try {
    const { state, tensors } = loadCheckpoint(store, input.checkpointDigest);
    const experiment = await openExperiment(input, state);
    const parameters = trainedWeights(experiment.computing.model.module, tensors);
    try {
      for (const split of input.splits) {
        const evaluated = await evaluate(experiment, parameters, split, store, (done, total) =>
          send({ type: 'progress', phase: `Evaluating on ${split}`, done, total, unit: 'items' }),
        );
        if (evaluated !== null) send(evaluated.message);
        else send({ type: 'log', level: 'warning', text: `The split ${split} has no labelled items.` });
      }
      return {};
    } finally {
      experiment.close();
    }
  } catch (error) {
    throw asLightbenchError(error);
  }
});
