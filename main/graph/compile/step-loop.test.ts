import { expect, it } from 'vitest';
import { Sequential } from '../layers/container.ts';
import { Linear } from '../layers/linear.ts';
import type { Target } from '../lowering/target.ts';
import { STANDARD } from '../lowering/target.ts';
import { classIds, floats, numbers, openSession, StepRunner, tensor } from '../run-onnx.test-support.ts';
import type { TrainStepOptions } from './train-step.ts';
import { compileTrainStep } from './train-step.ts';

const model = { module: new Sequential([new Linear(4, 3)]), inputShape: [4] };
const options: TrainStepOptions = { loss: { kind: 'cross_entropy' }, optimizer: { kind: 'adamw' }, seed: 3 };
const x = [1, 0, -1, 2, 0.5, 1, 1, -2];

/** Norms of three steps in one run, and of the same steps one by one. */
async function norms(more: Partial<TrainStepOptions>): Promise<readonly [readonly number[], readonly number[]]> {
  const single = compileTrainStep(model, { ...options, ...more });
  const runner = new StepRunner(await openSession(single.onnx), single);
  const expected: number[] = [];
  for (let step = 0; step < 3; step++) {
    const { gradientNorm } = await runner.run({ x: floats(x, [2, 4]), y: classIds([0, 2]) }, 0.1);
    expected.push(gradientNorm as number);
  }
  const many = compileTrainStep(model, { ...options, ...more, manySteps: true });
  const session = await openSession(many.onnx);
  const result = await session.run({
    x: floats([...x, ...x, ...x], [3, 2, 4]),
    y: tensor('int64', BigInt64Array.of(0n, 2n, 0n, 2n, 0n, 2n), [3, 2]),
    learningRate: floats([0.1, 0.1, 0.1], [3]),
    step: tensor('int32', Int32Array.of(1), []),
    ...Object.fromEntries(many.state.map(({ name, initial, shape }) => [name, floats(initial, shape)])),
  });
  return [[...numbers(result.gradientNorm)], expected];
}

it('takes the gradient norm at the last of several steps only', async () => {
  const [found, expected] = await norms({});
  expect(found).toEqual([Number.NaN, Number.NaN, expected[2]]);
});

it('takes it at every step where gradients are clipped by it', async () => {
  const [found, expected] = await norms({ clipNorm: 0.5 });
  expect(found).toEqual(expected);
});

it('updates a large tensor in parts as it would whole, to the bit', async () => {
  const [batch, width] = [2, 1024];
  const large = { module: new Sequential([new Linear(width, 2048), new Linear(2048, 3)]), inputShape: [width] };
  const x = Array.from({ length: 2 * batch * width }, (_, index) => Math.sin(index * index));
  const start = { ...options, weightAverage: { decay: 0.9 } };
  const after = async (target: Target, stateInParts = false): Promise<readonly Buffer[]> => {
    const many = compileTrainStep(large, { ...start, manySteps: true, target, stateInParts });
    const session = await openSession(many.onnx);
    const shapes = new Map([...many.inputs, ...many.outputs].map(({ name, shape }) => [name, shape.map(Number)]));
    const result = await session.run({
      x: floats(x, [2, batch, width]),
      y: tensor('int64', BigInt64Array.of(0n, 2n, 1n, 1n), [2, batch]),
      learningRate: floats([0.1, 0.1], [2]),
      step: tensor('int32', Int32Array.of(1), []),
      ...Object.fromEntries(many.state.map(({ name, initial }) => [name, floats(initial, shapes.get(name) ?? [])])),
    });
    await session.release();
    const isWhole = many.state.map(({ name, shape }) => shapes.get(name)?.join() === shape.join());
    expect(isWhole.every(Boolean)).toBe(!stateInParts);
    return many.state.map(({ outputName }) => {
      expect(result[outputName]?.dims).toEqual(shapes.get(outputName));
      return Buffer.from(Float32Array.from(numbers(result[outputName])).buffer);
    });
  };
  const whole = await after(STANDARD);
  for (const inParts of [await after({ provider: 'cpu' }), await after({ provider: 'cpu' }, true)])
    expect(whole.map((values, index) => inParts[index]?.equals(values))).toEqual(whole.map(() => true));
});
