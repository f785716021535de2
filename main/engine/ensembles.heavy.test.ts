import { describe, expect, it } from 'vitest';
import type { Evaluation } from '../contract/evaluation.ts';
import { openStudio } from './engine-studio.test-support.ts';

const studio = openStudio();
const { call } = studio;

interface Case {
  readonly task: string;
  readonly dataset: () => Promise<string>;
  /** The config without its model. */
  readonly config: string;
  readonly models: readonly [string, string];
  /** How good it is on the test split; larger is better. */
  readonly score: (evaluation: Evaluation) => number | null | undefined;
  readonly stacks: boolean;
}

const cases: readonly Case[] = [
  {
    task: 'series-forecasting',
    dataset: () => studio.sample('co2'),
    config: `data: { dataset: co2, batchSize: 32, series: { time: Date, length: 24, horizon: 6, origin: last } }
loss: { kind: mse }
training: { epochs: 20 }`,
    models: ['{ kind: mlp, hidden: [32] }', '{ kind: recurrent, cell: gru, hidden: 16 }'],
    score: ({ forecast }) => forecast && -forecast.model.meanAbsoluteError,
    stacks: false,
  },
  {
    task: 'image-segmentation',
    dataset: () => studio.sample('digit-scenes-masks'),
    config: `data: { dataset: digit-scenes-masks, batchSize: 16 }
loss: { kind: dice_cross_entropy }
training: { epochs: 3 }`,
    models: ['{ kind: unet, channels: [8, 16] }', '{ kind: unet, channels: [4, 8] }'],
    score: ({ segmentation }) => segmentation?.pixelAccuracy,
    stacks: false,
  },
  {
    task: 'text-classification',
    dataset: () => studio.sample('mails'),
    config: `data: { dataset: mails, batchSize: 64, text: { vocabulary: 3000, length: 48 } }
training: { epochs: 2 }`,
    models: [
      '{ kind: recurrent, cell: gru, hidden: 16, embedding: 16 }',
      '{ kind: transformer_encoder, width: 16, heads: 2, layers: 1, feedForward: 32 }',
    ],
    score: ({ classification }) => classification?.accuracy,
    stacks: true,
  },
  {
    task: 'table-regression',
    dataset: () => studio.masses(),
    config: `data: { dataset: masses, batchSize: 32 }
loss: { kind: mse }
training: { epochs: 20 }`,
    models: ['{ kind: mlp, hidden: [16] }', '{ kind: wide_and_deep, hidden: [8] }'],
    score: ({ regression }) => regression?.r2,
    stacks: true,
  },
];

describe('an ensemble is combined, judged, registered, exported with its proof and served', () => {
  it.each(cases)('$task', async ({ task, dataset, config, models, score, stacks }) => {
    const datasetDigest = await dataset();
    const rest = `task: ${task}\n${config}\noptimizer: { kind: adamw, learningRate: 0.005 }\nthreads: 1\n`;
    const members: string[] = [];
    for (const model of models) members.push(await studio.train(`${rest}model: ${model}\n`));
    const scoreOf = async (runId: string) => {
      const found = (await call('evaluation.list', { runId })).find(({ split }) => split === 'test');
      return score(found as Evaluation) ?? Number.NaN;
    };
    const alone = await Promise.all(members.map(scoreOf));

    // As the dialog has it: the template, with the members in it.
    const templates = await call('training.templates', { datasetDigest });
    const template = templates.find(({ id }) => id === `${task}-ensemble`);
    for (const member of members) expect(template?.yaml).toContain(member);
    const averaged = await studio.train(`${template?.yaml}threads: 1\n`);
    const together = await scoreOf(averaged);
    expect(together).toBeGreaterThan(Math.min(...alone));
    const { parity } = await studio.served(averaged, `${task}-average`);
    expect(parity).toMatchObject({ passed: true });
    const { indices } = await call('datasets.items', { digest: datasetDigest, filter: { splits: ['test'] } });
    const [index] = indices.slice(5);
    const answer = await call('deployments.predict', { endpoint: `${task}-average`, datasetDigest, index });
    if (task === 'image-segmentation') expect(answer.picture).toMatchObject({ kind: 'mask', width: 64, height: 64 });
    else {
      const said = await Promise.all(
        members.map(async (runId, place) => {
          await studio.served(runId, `${task}-${place}`);
          const one = await call('deployments.predict', { endpoint: `${task}-${place}`, datasetDigest, index });
          return one.numbers ?? one.probabilities;
        }),
      );
      const values = answer.numbers ?? answer.probabilities;
      expect(values.length).toBeGreaterThan(0);
      values.forEach((value, place) => {
        const mean = (said[0][place] + said[1][place]) / 2;
        expect(Math.abs(value - mean)).toBeLessThan(1e-4 * Math.max(1, Math.abs(mean)));
      });
    }
    const stacking = template?.yaml.replace('combine: average', 'combine: stacking') ?? '';
    if (!stacks) {
      const { diagnostics } = await call('training.validate', { yaml: stacking });
      expect(diagnostics.some(({ severity }) => severity === 'error')).toBe(true);
      return;
    }
    const stacked = await studio.train(`${stacking}threads: 1\n`);
    expect(await scoreOf(stacked)).toBeGreaterThan(Math.min(...alone) - 0.1);
    expect((await studio.served(stacked, `${task}-stacked`)).parity).toMatchObject({ passed: true });
  });
});
