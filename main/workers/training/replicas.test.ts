import { afterEach, describe, expect, it } from 'vitest';
import type { CompilableModel, TrainStepOptions } from '../../graph/index.ts';
import { replicaCount } from '../../graph/index.ts';
import type { ArchitectureSpec, InputSignature } from '../../models/index.ts';
import { buildModel } from '../../models/index.ts';
import type { SessionSettings } from '../../runtime/index.ts';
import type { Feeds } from './feeds.ts';
import { StepRunner } from './step-runner.ts';

const CLASSES = 3;
const BATCH = 17;
const options: TrainStepOptions = {
  loss: { kind: 'cross_entropy' },
  optimizer: { kind: 'adamw', weightDecay: 0.01 },
  clipNorm: 1,
  target: { provider: 'cpu' },
};
const settings: SessionSettings = { provider: 'cpu', threads: 2 };

const sequences: InputSignature = { kind: 'series', length: 6, features: 4 };
const pictures: InputSignature = { kind: 'image', channels: 1, height: 8, width: 8 };
const build = (spec: ArchitectureSpec, input: InputSignature): CompilableModel =>
  buildModel(spec, input, { kind: 'classification', classes: CLASSES });
const lstm = build({ kind: 'recurrent', cell: 'lstm', hidden: 8 }, sequences);
const cnn = build({ kind: 'cnn', channels: [4], hidden: [8] }, pictures);

/** Samples of a batch; those of different numbers differ. */
function batch({ inputShape }: CompilableModel, rows: number, number: number): Feeds {
  const size = inputShape.reduce((product, each) => product * each, rows);
  return {
    x: {
      dims: [rows, ...inputShape],
      data: Float32Array.from({ length: size }, (_, i) => Math.sin(i * 0.37 + number)),
    },
    y: { dims: [rows], data: BigInt64Array.from({ length: rows }, (_, i) => BigInt((i * 7 + number) % CLASSES)) },
  };
}

describe('replicas', () => {
  const open: StepRunner[] = [];
  afterEach(async () => {
    for (const runner of open.splice(0)) await runner.dispose();
  });

  async function train(model: CompilableModel, batchSize: number, rows: readonly number[]) {
    const runner = await StepRunner.create(model, options, settings, batchSize, null);
    open.push(runner);
    const figures = [];
    for (const [index, count] of rows.entries()) {
      const rates = Float32Array.of(0.01);
      figures.push(...(await runner.run(index + 1, rates, 5, batch(model, count, index))));
    }
    return { shared: !runner.stepsAtOnce, figures, weights: await runner.weights() };
  }

  for (const [name, model] of [
    ['a recurrent network', lstm],
    ['a convolutional network', cnn],
  ] as const) {
    it(`train ${name} as the whole batch does, to rounding, an uneven and a tiny batch included`, async () => {
      const rows = [BATCH, BATCH, 5, 1];
      const [shared, whole] = [await train(model, BATCH, rows), await train(model, 1, rows)];
      expect([shared.shared, whole.shared]).toEqual([true, false]);
      shared.figures.forEach((figures, step) => {
        expect(figures.loss).toBeCloseTo(whole.figures[step].loss, 5);
        expect(figures.gradientNorm).toBeCloseTo(whole.figures[step].gradientNorm, 5);
        expect(figures.values.correct).toBe(whole.figures[step].values.correct);
      });
      for (const [parameter, values] of Object.entries(whole.weights))
        values.forEach((value, place) => {
          expect(shared.weights[parameter][place], `${parameter}[${place}]`).toBeCloseTo(value, 4);
        });
    });
  }

  it('give the same bits again', async () => {
    const [first, second] = [await train(lstm, BATCH, [BATCH, BATCH]), await train(lstm, BATCH, [BATCH, BATCH])];
    expect(second.weights).toEqual(first.weights);
    expect(second.figures).toEqual(first.figures);
  });

  it('leave the state as it was when a loss is no number', async () => {
    const runner = await StepRunner.create(lstm, options, settings, BATCH, null);
    open.push(runner);
    const before = await runner.weights();
    const broken = batch(lstm, BATCH, 0);
    (broken.x.data as Float32Array).fill(Number.NaN);
    const [figures] = await runner.run(1, Float32Array.of(0.01), 0, broken);
    expect(figures.loss).toBeNaN();
    expect(await runner.weights()).toEqual(before);
  });

  it('are used only where a batch divides and the loss is a mean', () => {
    expect(replicaCount(lstm, options, 4, 64)).toBe(4);
    expect(replicaCount(lstm, options, 4, 16)).toBe(2);
    expect(replicaCount(lstm, options, 1, 64)).toBe(1);
    expect(replicaCount(lstm, { ...options, loss: { kind: 'nt_xent' } }, 2, 64)).toBe(1);
    const normed = build({ kind: 'resnet', channels: [4], normalization: 'batch' }, pictures);
    expect(replicaCount(normed, options, 2, 64)).toBe(1);
    expect(replicaCount(build({ kind: 'mlp', hidden: [8] }, pictures), options, 2, 64)).toBe(1);
  });
});
