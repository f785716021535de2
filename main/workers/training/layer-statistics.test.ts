import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildModel } from '../../models/index.ts';
import { type Digits, digitsConfig, digitsDataset, runTrainer, trainerInputOf } from './digits.test-support.ts';
import { LayerStatistics, stepsBetween } from './layer-statistics.ts';

let digits: Digits;
beforeAll(async () => {
  digits = await digitsDataset(1000, 100);
});
afterAll(() => rmSync(digits.workspaceFolder, { recursive: true, force: true }));

it('tells of every layer now and then, of the machine at every point', async () => {
  const run = runTrainer(trainerInputOf(digits, digitsConfig({ training: { epochs: 3 } })));
  expect(await run.ended).toHaveProperty('result');
  const points = run.messages.flatMap((message) => (message.type === 'points' ? message.points : []));
  // 45 steps: looked at after 20 and 40.
  const looked = points.filter(({ values }) => values['layer.layers.1.gradientNorm'] !== undefined);
  expect(looked).toHaveLength(2);
  const { values } = looked[0];
  for (const figure of [
    'activationMean',
    'activationDeviation',
    'deadUnits',
    'gradientNorm',
    'weightNorm',
    'updateRatio',
  ])
    expect(values[`layer.layers.1.${figure}`]).toBeGreaterThanOrEqual(figure === 'activationMean' ? -10 : 0);
  // Adam at 0.001: each weight moves by about the rate.
  expect(values['layer.layers.1.updateRatio']).toBeLessThan(0.2);
  expect(values['layer.layers.1.updateRatio']).toBeGreaterThan(1e-4);
  for (const point of points) {
    expect(point.values.cpu_share).toBeGreaterThan(0);
    expect(point.values.data_wait_share).toBeGreaterThanOrEqual(0);
    expect(point.values.data_wait_share).toBeLessThan(1);
    expect(point.values.steps_per_second).toBeGreaterThan(0);
  }
});

it('names the first layer whose output is no longer finite, in mid-run among steps that run in one go', async () => {
  const config = digitsConfig({
    model: { kind: 'mlp', hidden: [32, 16] },
    optimizer: { kind: 'sgd', learningRate: 1e25, momentum: 0 },
    schedule: { kind: 'constant', warmupSteps: 1000 },
    training: { epochs: 40 },
  });
  const run = runTrainer(trainerInputOf(digits, config));
  expect(await run.ended).toMatchObject({
    error: {
      code: 'training.diverged',
      cause: expect.stringMatching(
        /(first layer whose output is not finite|first gradient that is not).* \((Linear|ReLU)\)/,
      ),
    },
  });
});

it('leaves a model that it cannot look at to its training, and says why', async () => {
  const model = buildModel(
    { kind: 'mlp', hidden: [] },
    { kind: 'table', features: 2 },
    { kind: 'regression', outputs: 1 },
  );
  const computing = { model, target: { provider: 'cpu' }, settings: { provider: 'cpu', threads: 1 } } as const;
  // Class ids cannot be those of an output of one number per pixel: the graph cannot be built.
  const statistics = new LayerStatistics(computing, { kind: 'pixel_cross_entropy' });
  expect(await statistics.measure({}, new Map(), 0, 1)).toEqual({});
  expect(await statistics.firstBroken({}, new Map(), 0, 1)).toBeNull();
  expect(statistics.obstacle).toMatch(/output/);
});

it('looks less often the longer the run and the deeper the model', () => {
  expect(stepsBetween(100, 5)).toBe(20);
  expect(stepsBetween(10_000, 5)).toBe(100);
  expect(stepsBetween(10_000, 200)).toBe(200);
});
