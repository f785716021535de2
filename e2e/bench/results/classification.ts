import type { DatasetVersion, ItemFilter } from '../../../main/contract/datasets.ts';
import type { Figures } from './result.ts';
import type { ConfigPatch, ResultOptions, Studio } from './studio.ts';

/** Trains a template that classifies, and says how often it is right on items that it never saw. */
export async function classify(
  studio: Studio,
  dataset: DatasetVersion,
  template: string,
  options: ResultOptions,
  patch?: ConfigPatch,
): Promise<Figures> {
  const { run, evaluation, seconds } = await studio.train(dataset, template, options, patch);
  const count = async (filter: Partial<ItemFilter>): Promise<number> => {
    const all = { splits: ['test' as const], sort: 'index' as const, ...filter };
    return (await studio.call('datasets.items', { digest: dataset.digest, filter: all })).total;
  };
  const right = { runId: run.id, correct: true };
  const copied = { flags: ['leakage' as const] };
  const [items, copies] = [await count({}), await count(copied)];
  return {
    template,
    changed: patch ?? {},
    testAccuracy: evaluation.classification?.accuracy ?? null,
    testItems: items,
    /** Items of test that are, or nearly are, in another split as well. */
    testCopies: copies,
    testAccuracyWithoutCopies: ((await count(right)) - (await count({ ...right, ...copied }))) / (items - copies),
    bestValidationLoss: run.metrics['best.validation_loss'] ?? null,
    parameters: run.parameters,
    epochs: run.epoch,
    steps: run.step,
    seed: run.seed,
    threads: run.threads,
    minutes: Math.round(seconds / 6) / 10,
    dataset: dataset.digest,
  };
}
