import { afterEach, describe, expect, it } from 'vitest';
import type { CompilableModel, TrainStepOptions } from '../../graph/index.ts';
import { compileTrainStep, planBatch } from '../../graph/index.ts';
import type { ArchitectureSpec, InputSignature } from '../../models/index.ts';
import { buildModel } from '../../models/index.ts';
import {
  float32Scalar,
  float32Tensor,
  floats,
  int32Scalar,
  RuntimeSession,
  type SessionSettings,
} from '../../runtime/index.ts';
import { type Feeds, feedTensor } from './feeds.ts';
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
/** Enough work for two parts each. */
const residual = build(
  { kind: 'resnet', channels: [16, 32, 64], normalization: 'none' },
  { kind: 'image', channels: 3, height: 32, width: 32 },
);

/** Statistics of the whole batch, and more than a hundred thousand weights. */
const normed = buildModel({ kind: 'cnn', channels: [4], hidden: [4000], normalization: 'batch' }, pictures, {
  kind: 'classification',
  classes: CLASSES,
});

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

/** The same steps by the graph that does everything. */
async function inOneGraph(model: CompilableModel, rows: readonly number[]) {
  const step = compileTrainStep(model, options);
  const session = await RuntimeSession.create(step.onnx, { ...settings, flushDenormals: true });
  let state = Object.fromEntries(
    step.state.map(({ name, shape, initial }) => [name, float32Tensor(initial.slice(), shape)]),
  );
  const losses = [];
  for (const [index, count] of rows.entries()) {
    const inputs = Object.entries(batch(model, count, index)).map(([name, feed]) => [name, feedTensor(feed)]);
    const scalars = { learningRate: float32Scalar(0.01), step: int32Scalar(index + 1) };
    const results = await session.run({ ...state, ...Object.fromEntries(inputs), ...scalars });
    state = Object.fromEntries(step.state.map(({ name, outputName }) => [name, results[outputName]]));
    losses.push(floats(results.loss, 'loss')[0]);
  }
  await session.dispose();
  return { losses, state: Object.fromEntries(Object.entries(state).map(([name, each]) => [name, floats(each, name)])) };
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

  it('take their shares in parts where that is faster, with the same result', async () => {
    const rows = [64, 3];
    const [parted, whole] = [await train(residual, 64, rows), await train(residual, 1, rows)];
    parted.figures.forEach((figures, step) => {
      expect(figures.loss).toBeCloseTo(whole.figures[step].loss, 4);
      expect(figures.values.correct).toBe(whole.figures[step].values.correct);
    });
    expect((await train(residual, 64, rows)).weights).toEqual(parted.weights);
  });

  it('update what they do not share: a large network with batch norm, running statistics included', async () => {
    const rows = [BATCH, BATCH, 4];
    const [apart, inGraph] = [await train(normed, BATCH, rows), await inOneGraph(normed, rows)];
    expect(apart.shared).toBe(true);
    apart.figures.forEach(({ loss }, step) => {
      expect(loss / inGraph.losses[step]).toBeCloseTo(1, 6);
    });
    expect(Object.keys(apart.weights)).toContain('layers.1.runningMean');
    for (const [name, values] of Object.entries(apart.weights))
      values.forEach((value, place) => {
        expect(value, `${name}[${place}]`).toBeCloseTo(inGraph.state[name][place], 5);
      });
    for (const more of [
      { optimizer: { kind: 'lion' } },
      { weightAverage: { decay: 0.9 } },
    ] satisfies readonly Partial<TrainStepOptions>[])
      expect(planBatch(normed, { ...options, ...more }, 2, BATCH).updatesApart).toBe(false);
    expect(planBatch(cnn, options, 1, BATCH).updatesApart).toBe(false);
  });

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
    const replicas = (model: CompilableModel, threads: number, batchSize: number, more?: Partial<TrainStepOptions>) =>
      planBatch(model, { ...options, ...more }, threads, batchSize).replicas;
    expect(replicas(lstm, 4, 64)).toBe(4);
    expect(replicas(lstm, 4, 16)).toBe(2);
    expect(replicas(lstm, 1, 64)).toBe(1);
    expect(replicas(lstm, 2, 64, { loss: { kind: 'info_nce' } })).toBe(1);
    const normed = build({ kind: 'resnet', channels: [4], normalization: 'batch' }, pictures);
    expect(replicas(normed, 2, 64)).toBe(1);
    expect(replicas(build({ kind: 'mlp', hidden: [8] }, pictures), 2, 64)).toBe(1);
  });

  it('take their shares in parts only where there is much to do per weight', () => {
    expect(planBatch(residual, options, 2, 64)).toMatchObject({ replicas: 2, partsEach: 2 });
    expect(planBatch(residual, options, 2, 32)).toMatchObject({ replicas: 2, partsEach: 1 });
    expect(planBatch(lstm, options, 2, 4096)).toMatchObject({ replicas: 2, partsEach: 1 });
  });
});
