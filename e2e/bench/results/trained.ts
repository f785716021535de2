import type { DatasetVersion } from '../../../main/contract/datasets.ts';
import type { Figures } from './result.ts';
import type { ConfigPatch, TrainedRun } from './studio.ts';

/** What every result says of how it came about. */
export function circumstances(
  dataset: DatasetVersion,
  template: string,
  { run, evaluation, seconds }: TrainedRun,
  patch: ConfigPatch = {},
): Figures {
  return {
    template,
    changed: patch,
    testItems: evaluation.count,
    parameters: run.parameters,
    epochs: run.epoch,
    steps: run.step,
    seed: run.seed,
    threads: run.threads,
    minutes: Math.round(seconds / 6) / 10,
    dataset: dataset.digest,
  };
}
