import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunConfig } from '../../contract/run-config.ts';
import type { BatchFit, LearningRateSweep } from '../../contract/trial-results.ts';
import { type TrialQuestion, trialQuestion } from '../../contract/trials.ts';
import { judgeBatchFit, lossFloor } from './batch-fit.ts';
import { type Digits, digitsConfig, digitsDataset, trainerInputOf } from './digits.test-support.ts';
import { openExperiment } from './experiment.ts';
import { runTrial } from './trial-run.ts';

let digits: Digits;
beforeAll(async () => {
  digits = await digitsDataset(1000, 10);
});
afterAll(() => rmSync(digits.workspaceFolder, { recursive: true, force: true }));

async function ask<Result>(question: object, config: RunConfig = digitsConfig()): Promise<Result> {
  const input = { ...trainerInputOf(digits, config), question: trialQuestion.parse(question) as TrialQuestion };
  const experiment = await openExperiment(input, null);
  try {
    return (await runTrial(experiment, input, { check: () => {}, progress: () => {} })) as Result;
  } finally {
    experiment.close();
  }
}

describe('the learning-rate finder', () => {
  it('finds on real digits a rate that learns, well below the one that diverges', async () => {
    const config = digitsConfig({ optimizer: { kind: 'sgd', learningRate: 0.1, momentum: 0.9 } });
    const found = await ask<LearningRateSweep>({ kind: 'learning_rate', maximum: 100 }, config);
    expect(found.rates.length).toBe(found.smoothed.length);
    expect(found.divergence).toBeGreaterThan(0.3);
    expect(found.tenthOfDivergence).toBeCloseTo((found.divergence ?? 0) / 10, 6);
    expect(found.steepest).toBeGreaterThan(1e-3);
    expect(found.steepest).toBeLessThan(found.divergence ?? 0);
    expect(await ask({ kind: 'learning_rate', maximum: 100 }, config)).toEqual(found);
  });
});

describe('the attempt at one batch', () => {
  it('learns a batch of real digits by heart', async () => {
    const fit = await ask<BatchFit>({ kind: 'one_batch' });
    expect(fit).toMatchObject({ verdict: 'fits', samples: 64, reasons: [] });
    expect(fit.losses.length).toBeLessThan(300);
    expect(fit.losses.at(-1)).toBeLessThan(0.06 * fit.losses[0]);
  });

  it('learns where each picture of a class-balanced batch lies, down to the choice among those of its class', async () => {
    const config = digitsConfig({
      task: 'metric-learning',
      data: { dataset: 'digits', batchSize: 40, itemsPerClass: 4 },
      model: { kind: 'image_embedding', dimensions: 16, encoder: { kind: 'mlp', hidden: [64] } },
      loss: { kind: 'info_nce' },
    });
    const fit = await ask<BatchFit>({ kind: 'one_batch' }, config);
    expect(fit).toMatchObject({ verdict: 'fits', samples: 40, floor: Math.log(3) });
  });

  it('says that a rate is far too low, or too high', async () => {
    const low = digitsConfig({ optimizer: { kind: 'sgd', learningRate: 1e-9, momentum: 0 } });
    expect(await ask({ kind: 'one_batch', steps: 40 }, low)).toMatchObject({
      verdict: 'still',
      reasons: expect.arrayContaining([expect.stringContaining('far too low')]),
    });
    const high = digitsConfig({ optimizer: { kind: 'sgd', learningRate: 1e30, momentum: 0.9 } });
    expect(await ask({ kind: 'one_batch', steps: 40 }, high)).toMatchObject({
      verdict: 'diverged',
      reasons: expect.arrayContaining([expect.stringContaining('too high')]),
    });
  });

  it('sees samples that contradict each other, and dropout', () => {
    const feeds = {
      x: { data: Float32Array.of(1, 2, 1, 2, 3, 4), dims: [3, 2] },
      y: { data: BigInt64Array.of(0n, 1n, 0n), dims: [3] },
    };
    const config = digitsConfig({ model: { kind: 'mlp', hidden: [8], dropout: 0.5 } });
    const losses = Array.from({ length: 100 }, (_, step) => 0.5 + Math.max(0, 2 - step / 10));
    const { verdict, reasons } = judgeBatchFit(config, feeds, losses, 0);
    expect(verdict).toBe('stuck');
    expect(reasons[0]).toContain('1 of the batch');
    expect(reasons[1]).toContain('Dropout of 0.5');
  });

  it('does not ask label smoothing for less than it allows', () => {
    const config = digitsConfig({ loss: { kind: 'cross_entropy', labelSmoothing: 0.1 } });
    const perfect = -(0.91 * Math.log(0.91) + 9 * 0.01 * Math.log(0.01));
    expect(lossFloor(config, 10)).toBeCloseTo(perfect, 10);
  });
});
