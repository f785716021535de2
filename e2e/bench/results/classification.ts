import type { DatasetVersion } from '../../../main/contract/datasets.ts';
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
  const { leakage } = await studio.quality(dataset);
  const shared = leakage.filter(({ a, b }) => a === 'test' || b === 'test');
  return {
    template,
    changed: patch ?? {},
    testAccuracy: evaluation.classification?.accuracy ?? null,
    testItems: dataset.splits.find(({ split }) => split === 'test')?.count ?? 0,
    copiesOfTestElsewhere: {
      exact: shared.reduce((sum, { exact }) => sum + exact, 0),
      near: shared.reduce((sum, { near }) => sum + near, 0),
    },
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
