import { describe, expect, it } from 'vitest';
import { add, cast, reduceSum } from '../expression.ts';
import { ReLU } from '../layers/activation.ts';
import { Dropout, Flatten, Sequential } from '../layers/container.ts';
import { Conv2d } from '../layers/convolution.ts';
import { Linear } from '../layers/linear.ts';
import { Module } from '../layers/module.ts';
import { BatchNorm2d } from '../layers/normalization.ts';
import { MaxPool2d } from '../layers/pooling.ts';
import { SpectralConv2d } from '../layers/spectral-norm.ts';
import type { Trace } from '../layers/trace.ts';
import { STANDARD } from '../lowering/target.ts';
import {
  classIds,
  floats,
  hasNative,
  numbers,
  openSession,
  relativeError,
  StepRunner,
  tensor,
} from '../run-onnx.test-support.ts';
import type { Tensor } from '../tensor.ts';
import type { TrainStepOptions } from './train-step.ts';
import { compileTrainStep } from './train-step.ts';

const images = (dropout: number, norm: boolean): Module =>
  new Sequential([
    new Conv2d(1, 16, 3),
    ...(norm ? [new BatchNorm2d(16)] : []),
    new ReLU(),
    new Conv2d(16, 16, 3),
    new ReLU(),
    new MaxPool2d(2),
    new Flatten(),
    ...(dropout > 0 ? [new Dropout(dropout)] : []),
    new Linear(256, 5),
  ]);
const modelOf = (module: Module) => ({ module, inputShape: [1, 12, 12] });
const plain = modelOf(images(0, false));
const base: TrainStepOptions = { loss: { kind: 'cross_entropy' }, optimizer: { kind: 'adamw' }, seed: 3 };

const batchOf = (size: number, stream: number) => ({
  x: floats(
    Float32Array.from({ length: size * 144 }, (_, index) => Math.sin((index + 1) * (stream + 1.7))),
    [size, 1, 12, 12],
  ),
  y: classIds(Array.from({ length: size }, (_, index) => (index * 3 + stream) % 5)),
});

/** Reads an input of its own that no split along the batch could divide. */
class Reading extends Module {
  readonly kind = 'Reading';
  readonly inner: Module;

  constructor(inner: Module) {
    super();
    this.inner = inner;
  }

  forward(x: Tensor, trace: Trace): Tensor {
    const edges = cast(reduceSum(trace.input('edges'), [0, 1]), 'float32');
    return add(trace.run('inner', this.inner, x), edges);
  }
}

async function open(model: Parameters<typeof compileTrainStep>[0], options: TrainStepOptions): Promise<StepRunner> {
  const step = compileTrainStep(model, options);
  return new StepRunner(await openSession(step.onnx), step);
}

async function train(runner: StepRunner, steps: number, size = 30): Promise<number[]> {
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    losses.push((await runner.run(batchOf(size, runner.step % 4), 1e-3, 11)).loss);
  }
  return losses;
}

function expectClose(actual: StepRunner, expected: StepRunner, tolerance: number): void {
  for (const [name, values] of expected.snapshot()) {
    expect(relativeError(actual.state(name), values), name).toBeLessThan(tolerance);
  }
}

describe('micro-batches', () => {
  it.each([2, 4, 7])('%i parts give what the whole batch gives, to rounding', async (microBatches) => {
    // SGD, since Adam turns the rounding of a gradient near zero into a whole step.
    const options: TrainStepOptions = { ...base, optimizer: { kind: 'sgd', momentum: 0.9 } };
    const [whole, parts] = [await open(plain, options), await open(plain, { ...options, microBatches })];
    const [expected, actual] = [await train(whole, 6), await train(parts, 6)];
    expect(relativeError(actual, expected)).toBeLessThan(1e-5);
    expectClose(parts, whole, 1e-4);
  });

  it('weighs parts by the weights of their samples, and adds up counts', async () => {
    const classWeights = [1, 5, 0.2, 3, 0.5];
    const options: TrainStepOptions = {
      ...base,
      loss: { kind: 'cross_entropy', classWeights },
      optimizer: { kind: 'sgd' },
    };
    const [whole, parts] = [await open(plain, options), await open(plain, { ...options, microBatches: 3 })];
    const [expected, actual] = [await whole.run(batchOf(10, 0), 0.1), await parts.run(batchOf(10, 0), 0.1)];
    expect(actual.all.correct).toBe(expected.all.correct);
    expect(actual.loss).toBeCloseTo(expected.loss, 5);
    expectClose(parts, whole, 1e-5);
  });

  it('carries running statistics on, draws other random numbers for each part, and runs in many steps at once', async () => {
    const model = modelOf(images(0.3, true));
    const options: TrainStepOptions = { ...base, microBatches: 2 };
    const runner = await open(model, options);
    const losses = await train(runner, 4, 20);
    const many = compileTrainStep(model, { ...options, manySteps: true });
    const session = await openSession(many.onnx);
    const batches = [0, 1, 2, 3].map((stream) => batchOf(20, stream));
    const result = await session.run({
      ...Object.fromEntries(many.state.map(({ name, initial, shape }) => [name, floats(initial, shape)])),
      x: floats(
        batches.flatMap(({ x }) => [...numbers(x)]),
        [4, 20, 1, 12, 12],
      ),
      y: tensor('int64', BigInt64Array.from(batches.flatMap(({ y }) => [...(y.data as BigInt64Array)])), [4, 20]),
      learningRate: floats(new Float32Array(4).fill(1e-3), [4]),
      step: tensor('int32', Int32Array.of(1), []),
      seed: tensor('int32', Int32Array.of(11), []),
    });
    expect([...numbers(result.loss)]).toEqual(losses);
    for (const { name, outputName } of many.state) expect(numbers(result[outputName])).toEqual(runner.state(name));
  });

  it('refuses inputs that cannot be split', () => {
    const graphs = { ...plain, moreInputs: [{ name: 'edges', dtype: 'int64', shape: [2, 'edges'] }] } as const;
    const reading = { ...graphs, module: new Reading(plain.module) };
    expect(() => compileTrainStep(reading, { ...base, microBatches: 2 })).toThrow('edges cannot be split');
    expect(() => compileTrainStep(plain, { ...base, microBatches: 1.5 })).toThrow('whole number');
  });
});

describe.each([
  ['standard', STANDARD],
  ['cpu16', { provider: 'cpu', blockSize: 16 }],
  ...(hasNative ? [['native', { provider: 'cpu', blockSize: 16, native: true }] as const] : []),
] as const)('gradient checkpointing on %s', (_, target) => {
  it.each([2, 4])('in %i segments changes nothing, to the bit', async (checkpointSegments) => {
    const model = modelOf(images(0.3, true));
    const options: TrainStepOptions = { ...base, target, clipNorm: 1 };
    const [kept, recomputed] = [await open(model, options), await open(model, { ...options, checkpointSegments })];
    expect(await train(recomputed, 8)).toEqual(await train(kept, 8));
    expect(recomputed.snapshot()).toEqual(kept.snapshot());
  });
});

describe('mixed precision', () => {
  const mixed: TrainStepOptions = { ...base, mixedPrecision: { initialLossScale: 1024, growthInterval: 3 } };

  it('follows float32 closely with float32 weights, and grows its loss scale', async () => {
    const [full, half] = [await open(plain, base), await open(plain, mixed)];
    const [expected, actual] = [await train(full, 20), await train(half, 20)];
    expect(relativeError(actual, expected)).toBeLessThan(2e-2);
    expect(actual).not.toEqual(expected);
    expect(half.state('lossScale')).toEqual(Float32Array.of(1024 * 2 ** 6));
    expect(half.state('skippedSteps')).toEqual(Float32Array.of(0));
  });

  it('leaves out steps that overflow, counts them and backs off', async () => {
    const runner = await open(plain, { ...base, mixedPrecision: { initialLossScale: 2 ** 40, growthInterval: 100 } });
    const before = runner.snapshot();
    const first = await runner.run(batchOf(30, 0), 1e-3);
    expect(first.all.stepsSkipped).toBe(1);
    expect(first.all.currentLossScale).toBe(2 ** 39);
    expect(runner.state('layers.0.weight')).toEqual(before.get('layers.0.weight'));
    expect(runner.state('firstMoment.layers.0.weight')).toEqual(before.get('firstMoment.layers.0.weight'));
    await train(runner, 40);
    const skipped = runner.state('skippedSteps')[0] ?? 0;
    expect(skipped).toBeGreaterThan(5);
    expect(skipped).toBeLessThan(40);
    expect(runner.state('layers.0.weight')).not.toEqual(before.get('layers.0.weight'));
  });
});

describe('parameter groups', () => {
  it('freeze, slow down and spare', async () => {
    const options: TrainStepOptions = {
      ...base,
      optimizer: { kind: 'sgd', weightDecay: 0.5 },
      parameterGroups: [
        { match: 'layers.0.*', frozen: true },
        { match: '*.weight', learningRateFactor: 0.5 },
      ],
      weightDecayExclusions: 'biases_and_norms',
    };
    const [grouped, usual] = [await open(plain, options), await open(plain, { ...base, optimizer: { kind: 'sgd' } })];
    const before = grouped.snapshot();
    for (const runner of [grouped, usual]) await runner.run(batchOf(30, 0), 0.1);
    expect(grouped.state('layers.0.weight')).toEqual(before.get('layers.0.weight'));
    // A bias moves as without decay, a weight half as far as by its gradient plus half of itself.
    expect(grouped.state('layers.6.bias')).toEqual(usual.state('layers.6.bias'));
    const start = before.get('layers.6.weight') as Float32Array;
    const expected = usual.state('layers.6.weight').map((value, at) => {
      const from = start[at] ?? 0;
      return from + 0.5 * (value - from) - 0.05 * 0.5 * from;
    });
    expect(relativeError(grouped.state('layers.6.weight'), expected)).toBeLessThan(1e-6);
  });

  it('names what it cannot do', () => {
    const grouped = (group: object) => () => compileTrainStep(plain, { ...base, parameterGroups: [group as never] });
    expect(grouped({ match: 'head.*', frozen: true })).toThrow(
      '“head.*” fits no parameter; the model has layers.0.weight',
    );
    expect(grouped({ match: '*', frozen: true })).toThrow('Every parameter is frozen');
    expect(grouped({ match: '*', learningRateFactor: -1 })).toThrow('negative learning-rate factor');
    expect(() => compileTrainStep(plain, { ...base, clipNorm: 1, clipValue: 1 })).toThrow('not both');
  });
});

it('limits each number of a gradient by value', async () => {
  const runner = await open(plain, { ...base, optimizer: { kind: 'sgd' }, clipValue: 1e-4 });
  const before = runner.snapshot();
  await runner.run(batchOf(30, 0), 1);
  const moved = runner.state('layers.6.weight').map((value, at) => value - (before.get('layers.6.weight')?.[at] ?? 0));
  expect(Math.max(...moved.map(Math.abs))).toBeLessThan(1.01e-4);
  expect(moved.filter((value) => Math.abs(value) > 0.99e-4).length).toBeGreaterThan(moved.length / 4);
});

it.each([1, 2])(
  'keeps a moving average of weights and running statistics beside them, in %i parts',
  async (microBatches) => {
    const options: TrainStepOptions = { ...base, microBatches, weightAverage: { decay: 0.9 } };
    const runner = await open(modelOf(images(0, true)), options);
    const names = ['layers.7.bias', 'layers.1.runningMean', 'layers.1.runningVariance'];
    const expected = new Map(names.map((name) => [name, Float64Array.from(runner.state(name))]));
    for (let step = 0; step < 5; step++) {
      await train(runner, 1);
      for (const [name, mean] of expected)
        expected.set(
          name,
          mean.map((value, at) => 0.9 * value + 0.1 * (runner.state(name)[at] ?? 0)),
        );
    }
    for (const [name, mean] of expected) {
      expect(relativeError(runner.state(`average.${name}`), mean), name).toBeLessThan(1e-6);
      expect(relativeError(runner.state(name), mean), name).toBeGreaterThan(1e-3);
    }
  },
);

it('leaves the vectors of a spectral norm out of the average: they have length one', async () => {
  const critic = modelOf(
    new Sequential([new SpectralConv2d(1, 4, 3, 2, 1), new ReLU(), new Flatten(), new Linear(144, 5)]),
  );
  const { state } = compileTrainStep(critic, { ...base, weightAverage: { decay: 0.9 } });
  const averages = state.flatMap(({ name, kind }) => (kind === 'average' ? [name] : []));
  expect(averages).toEqual(
    ['layers.0.weight', 'layers.0.bias', 'layers.3.weight', 'layers.3.bias'].map((name) => `average.${name}`),
  );
});

it('resumes to the bit with everything at once', async () => {
  const options: TrainStepOptions = {
    ...base,
    microBatches: 2,
    checkpointSegments: 3,
    mixedPrecision: { initialLossScale: 64, growthInterval: 4 },
    weightAverage: { decay: 0.99, warmup: true },
    clipNorm: 1,
    augmentation: { kind: 'image', horizontalFlip: 0.5, crop: 2, rotation: 10, cutout: 3, mixup: 0.4, brightness: 0.2 },
  };
  const model = modelOf(images(0.3, true));
  const [unbroken, before, after] = [
    await open(model, options),
    await open(model, options),
    await open(model, options),
  ];
  await train(unbroken, 9);
  await train(before, 4);
  after.restore(before.snapshot(), before.step);
  await train(after, 5);
  expect(after.snapshot()).toEqual(unbroken.snapshot());
});
