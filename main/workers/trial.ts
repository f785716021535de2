import { LightbenchError } from '../contract/errors.ts';
import type { TrialResult } from '../contract/trial-results.ts';
import { trialInput } from '../contract/trials.ts';
import { asLightbenchError } from './training/as-lightbench-error.ts';
import { openExperiment } from './training/experiment.ts';
import { runTrial } from './training/trial-run.ts';
import { runWorker } from './worker-channel.ts';

const TELL_EVERY_MS = 100;

/** The process of one trial: a short training that answers a question about a config. */
runWorker(trialInput, async (input, channel): Promise<TrialResult> => {
  let toldAt = 0;
  try {
    const experiment = await openExperiment(input, null);
    try {
      return await runTrial(experiment, input, {
        check: () => {
          if (channel.signal.aborted) throw new LightbenchError('job.cancelled', 'Stopped before it was done.');
        },
        progress: (phase, done, total) => {
          const now = performance.now();
          if (now - toldAt < TELL_EVERY_MS) return;
          toldAt = now;
          channel.send({ type: 'progress', phase, done, total, unit: 'steps' });
        },
      });
    } finally {
      experiment.close();
    }
  } catch (error) {
    throw asLightbenchError(error);
  }
});
