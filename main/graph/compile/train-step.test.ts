import { describe, expect, it } from 'vitest';
import { ReLU } from '../layers/activation.ts';
import { Dropout, Flatten, Sequential } from '../layers/container.ts';
import { Conv2d } from '../layers/convolution.ts';
import { Linear } from '../layers/linear.ts';
import type { Module } from '../layers/module.ts';
import { BatchNorm2d } from '../layers/normalization.ts';
import { MaxPool2d } from '../layers/pooling.ts';
import { STANDARD } from '../lowering/target.ts';
import {
  classIds,
  floats,
  hasNative,
  numbers,
  openSession,
  runOnce,
  StepRunner,
  tensor,
} from '../run-onnx.test-support.ts';
import { assemble } from './assemble.ts';
import { createGraph } from './model.ts';
import type { TrainStepOptions } from './train-step.ts';
import { compileTrainStep } from './train-step.ts';

const convolutional = (): Module =>
  new Sequential([
    new Conv2d(1, 16, 3),
    new BatchNorm2d(16),
    new ReLU(),
    new Conv2d(16, 16, 3),
    new ReLU(),
    new MaxPool2d(2),
    new Flatten(),
    new Dropout(0.4),
    new Linear(16 * 16, 5),
  ]);
const model = { module: convolutional(), inputShape: [1, 12, 12] };
const options: TrainStepOptions = {
  loss: { kind: 'cross_entropy' },
  optimizer: { kind: 'adamw' },
  clipNorm: 1,
  seed: 3,
};

/** Noise with one bright row per class, so that there is something to learn. */
const batchOf = (size: number, stream: number) => {
  const ids = Array.from({ length: size }, (_, index) => (index + stream) % 5);
  const pixel = (index: number): number => {
    const bright = Math.floor((index % 144) / 12) === 2 * (ids[Math.floor(index / 144)] ?? 0) + 1;
    return Math.sin((index + 1) * (stream + 1.7)) + (bright ? 2 : 0);
  };
  const x = floats(
    Array.from({ length: size * 144 }, (_, index) => pixel(index)),
    [size, 1, 12, 12],
  );
  return { x, y: classIds(ids) };
};

async function train(runner: StepRunner, from: number, to: number, seed = 11, rate = 1e-3): Promise<number[]> {
  const losses: number[] = [];
  for (let step = from; step <= to; step++) {
    const { x, y } = batchOf(32, step % 4);
    losses.push((await runner.run({ x, y }, rate, seed)).loss);
  }
  return losses;
}

describe.each([
  ['standard', STANDARD],
  ['cpu', { provider: 'cpu' }],
  ['cpu16', { provider: 'cpu', blockSize: 16 }],
  ...(hasNative ? [['native', { provider: 'cpu', blockSize: 16, native: true }] as const] : []),
] as const)('the training step on %s', (_, target) => {
  const step = compileTrainStep(model, { ...options, target });
  const open = async () => new StepRunner(await openSession(step.onnx), step);

  it('repeats itself to the bit on two threads', async () => {
    const [first, second] = [await open(), await open()];
    expect(await train(first, 1, 25)).toEqual(await train(second, 1, 25));
    expect(first.snapshot()).toEqual(second.snapshot());
  });

  it('resumed from a checkpoint equals unbroken, to the bit', async () => {
    const unbroken = await open();
    await train(unbroken, 1, 20);
    const before = await open();
    await train(before, 1, 9);
    const after = await open();
    after.restore(before.snapshot(), before.step);
    await train(after, 10, 20);
    expect(after.snapshot()).toEqual(unbroken.snapshot());
  });

  it('many steps in one run are the single steps, to the bit', async () => {
    const single = await open();
    const losses = await train(single, 1, 10);
    const many = compileTrainStep(model, { ...options, target, manySteps: true });
    expect(many.inputs.find(({ name }) => name === 'x')?.shape).toEqual(['steps', 'batch', 1, 12, 12]);
    const session = await openSession(many.onnx);
    let state = Object.fromEntries(many.state.map(({ name, initial, shape }) => [name, floats(initial, shape)]));
    const looped: number[] = [];
    for (const [from, count] of [
      [1, 4],
      [5, 1],
      [6, 5],
    ] as const) {
      const batches = Array.from({ length: count }, (_, index) => batchOf(32, (from + index) % 4));
      const result = await session.run({
        ...state,
        x: floats(
          batches.flatMap(({ x }) => [...numbers(x)]),
          [count, 32, 1, 12, 12],
        ),
        y: tensor('int64', BigInt64Array.from(batches.flatMap(({ y }) => [...(y.data as BigInt64Array)])), [count, 32]),
        learningRate: floats(new Float32Array(count).fill(1e-3), [count]),
        step: tensor('int32', Int32Array.of(from), []),
        seed: tensor('int32', Int32Array.of(11), []),
      });
      expect(result.gradientNorm?.dims).toEqual([count]);
      looped.push(...numbers(result.loss));
      state = Object.fromEntries(
        many.state.map(({ name, outputName }) => [name, result[outputName] as ReturnType<typeof floats>]),
      );
    }
    expect(looped).toEqual(losses);
    for (const { name } of many.state) expect(numbers(state[name])).toEqual(single.state(name));
  });

  it('depends on the seed through dropout', async () => {
    const [first, second] = [await open(), await open()];
    expect(await train(first, 1, 2, 1)).not.toEqual(await train(second, 1, 2, 2));
  });
});

it('learns, and takes batches of any size', async () => {
  const step = compileTrainStep(model, options);
  const runner = new StepRunner(await openSession(step.onnx), step);
  const losses = await train(runner, 1, 80, 11, 5e-3);
  expect(losses.at(-1)).toBeLessThan((losses[0] ?? 0) * 0.5);
  for (const size of [1, 7, 50]) {
    const { x, y } = batchOf(size, 0);
    const { loss, metric } = await runner.run({ x, y }, 1e-3);
    expect(Number.isFinite(loss)).toBe(true);
    expect(metric).toBeLessThanOrEqual(size);
  }
});

it('survives a learning rate of zero without moving', async () => {
  const plain = { module: new Sequential([new Linear(4, 3)]), inputShape: [4] };
  const step = compileTrainStep(plain, { loss: { kind: 'cross_entropy' }, optimizer: { kind: 'adamw' } });
  const runner = new StepRunner(await openSession(step.onnx), step);
  const before = Float32Array.from(runner.state('layers.0.weight'));
  await runner.run({ x: floats(new Float32Array(8), [2, 4]), y: classIds([0, 1]) }, 0);
  expect(runner.state('layers.0.weight')).toEqual(before);
});

it('regression reports the mean absolute error', async () => {
  const plain = { module: new Sequential([new Linear(2, 1)]), inputShape: [2] };
  const parameters = { 'layers.0.weight': Float32Array.of(1, 2), 'layers.0.bias': Float32Array.of(0.5) };
  const step = compileTrainStep(plain, { loss: { kind: 'mse' }, optimizer: { kind: 'sgd' }, parameters });
  expect(step.figures).toEqual(['absoluteError']);
  const runner = new StepRunner(await openSession(step.onnx), step);
  const { loss, metric } = await runner.run({ x: floats([1, 1, 0, 0], [2, 2]), y: floats([3, 1], [2, 1]) }, 0.1);
  // Predictions 3.5 and 0.5 against 3 and 1.
  expect(loss).toBeCloseTo(0.25, 6);
  expect(metric).toBeCloseTo(0.5, 6);
});

it('initial weights depend on the seed alone', () => {
  const weights = (seed: number) => compileTrainStep(model, { ...options, seed }).state[0]?.initial;
  expect(weights(5)).toEqual(weights(5));
  expect(weights(5)).not.toEqual(weights(6));
  const bound = 1 / 3;
  const values = weights(5) ?? new Float32Array();
  expect(Math.max(...values)).toBeLessThanOrEqual(bound);
  expect(Math.min(...values)).toBeLessThan(-bound / 2);
});

it('drops the right share, scaled so that the mean stays', async () => {
  const graph = createGraph();
  const x = graph.input('x', 'float32', ['batch', 1000]);
  const [seed, step] = [graph.input('seed', 'int32', []), graph.input('step', 'int32', [])];
  const key = graph.apply('RandomKey', [seed, step], { stream: 0 });
  const mask = graph.apply('DropoutMask', [x, key], { probability: 0.3 });
  const compiled = assemble(graph, [{ name: 'mask', tensor: mask }], STANDARD, 'mask');
  const maskAt = async (at: number): Promise<Float32Array> => {
    const feed = {
      x: floats(new Float32Array(200_000), [200, 1000]),
      seed: tensor('int32', Int32Array.of(42), []),
      step: tensor('int32', Int32Array.of(at), []),
    };
    return numbers((await runOnce(compiled, feed)).mask);
  };
  const [first, again, next] = [await maskAt(1), await maskAt(1), await maskAt(2)];
  expect(first).toEqual(again);
  const dropped = first.filter((value) => value === 0).length / first.length;
  expect(dropped).toBeGreaterThan(0.295);
  expect(dropped).toBeLessThan(0.305);
  expect(first.reduce((most, value) => Math.max(most, value), 0)).toBeCloseTo(1 / 0.7, 6);
  const both = first.filter((value, index) => value === 0 && next[index] === 0).length / first.length;
  expect(Math.abs(both - 0.09)).toBeLessThan(0.005);
  const neighbours = first.filter((value, index) => value === 0 && first[index + 1] === 0).length / first.length;
  expect(Math.abs(neighbours - 0.09)).toBeLessThan(0.005);
  const rows = first.filter((value, index) => value === 0 && first[index + 1000] === 0).length / first.length;
  expect(Math.abs(rows - 0.09)).toBeLessThan(0.005);
});
