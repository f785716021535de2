import { describe, expect, it } from 'vitest';
import type { LossSpec, OptimizerSpec, ScheduleSpec, Tensor, Trace } from '../graph/index.ts';
import {
  compileForward,
  compileGradients,
  compileTrainStep,
  frozenForward,
  Linear,
  learningRateAt,
  Module,
  ReLU,
  Sequential,
} from '../graph/index.ts';
import {
  floats,
  numbers,
  openSession,
  relativeError,
  runOnce,
  StepRunner,
  tensor,
} from '../graph/run-onnx.test-support.ts';
import { fill, readGolden, unpack } from './golden.test-support.ts';

interface Golden {
  readonly losses: readonly {
    readonly spec: LossSpec;
    readonly target: 'ids' | 'soft' | 'unit' | 'hard' | 'target' | 'groups';
    readonly loss: number;
    readonly gradient: string;
  }[];
  readonly trajectories: readonly {
    readonly spec: OptimizerSpec;
    readonly rate: number;
    readonly losses: readonly number[];
    readonly weight: string;
    readonly average: string;
  }[];
  readonly distilled: readonly number[];
  readonly schedules: {
    readonly metrics: readonly number[];
    readonly byStep: readonly { readonly spec: ScheduleSpec; readonly rates: readonly number[] }[];
    readonly plateau: readonly { readonly spec: ScheduleSpec; readonly rates: readonly number[] }[];
  };
  readonly gridSample: Readonly<Record<'zeros' | 'border', string>>;
}

const golden = readGolden<Golden>('training.json');
const [N, K] = [8, 5];

class Pass extends Module {
  readonly kind = 'Pass';
  forward(x: Tensor): Tensor {
    return x;
  }
}

const int64 = (values: readonly number[]) =>
  tensor(
    'int64',
    BigInt64Array.from(values, (value) => BigInt(value)),
    [values.length],
  );

function softmaxRows(values: Float32Array): Float32Array {
  const result = new Float32Array(values.length);
  for (let row = 0; row < N; row++) {
    const exponentials = [...values.slice(row * K, (row + 1) * K)].map(Math.exp);
    const sum = exponentials.reduce((total, value) => total + value, 0);
    for (let at = 0; at < K; at++) result[row * K + at] = (exponentials[at] ?? 0) / sum;
  }
  return result;
}

const numbersOf = (stream: number, factor: number): Float32Array => fill(N * K, stream).map((value) => value * factor);
const unit = fill(N * K, 3).map((value) => (value + 1) / 2);
const targets = {
  ids: int64(Array.from({ length: N }, (_, index) => (index * 7) % K)),
  groups: int64([0, 1, 2, 0, 1, 2, 0, 3]),
  target: floats(numbersOf(2, 2), [N, K]),
  soft: floats(softmaxRows(numbersOf(2, 2)), [N, K]),
  unit: floats(unit, [N, K]),
  hard: floats(
    unit.map((value) => Number(value > 0.5)),
    [N, K],
  ),
};

describe('losses against PyTorch', () => {
  it.each(golden.losses.map((entry) => [JSON.stringify(entry.spec), entry] as const))('%s', async (_, entry) => {
    const model = { module: new Pass(), inputShape: [K] };
    const graph = compileGradients(model, { loss: entry.spec, withInputGradient: true });
    const result = await runOnce(graph, {
      x: floats(numbersOf(1, 2), [N, K]),
      y: targets[entry.target],
      sampleWeights: floats([1, 0, 2, 0.5, 1, 3, 0, 1], [N]),
      teacherLogits: floats(numbersOf(4, 3), [N, K]),
    });
    expect(Math.abs((numbers(result.loss)[0] ?? 0) - entry.loss) / entry.loss).toBeLessThan(1e-5);
    expect(relativeError(numbers(result['gradient.x']), unpack(entry.gradient))).toBeLessThan(1e-5);
  });

  it('refuse class weights of another number than there are classes', () => {
    const loss: LossSpec = { kind: 'cross_entropy', classWeights: [1, 2] };
    expect(() => compileGradients({ module: new Pass(), inputShape: [K] }, { loss })).toThrow('2 class weights');
  });
});

describe('optimisers against PyTorch, 200 steps', () => {
  it.each(golden.trajectories.map((entry) => [JSON.stringify(entry.spec), entry] as const))('%s', async (_, entry) => {
    const parameters = {
      weight: fill(24, 10).map((value) => value * 0.5),
      bias: fill(4, 11).map((value) => value * 0.5),
    };
    const step = compileTrainStep(
      { module: new Linear(6, 4), inputShape: [6] },
      { loss: { kind: 'mse' }, optimizer: entry.spec, parameters, weightAverage: { decay: 0.98 } },
    );
    const runner = new StepRunner(await openSession(step.onnx), step);
    for (const [index, expected] of entry.losses.entries()) {
      const x = floats(fill(48, 100 + (index % 8)), [8, 6]);
      const y = floats(fill(32, 200 + (index % 8)), [8, 4]);
      const { loss } = await runner.run({ x, y }, entry.rate);
      expect(Math.abs(loss - expected) / expected, `loss of step ${index + 1}`).toBeLessThan(1e-3);
    }
    expect(relativeError(runner.state('weight'), unpack(entry.weight))).toBeLessThan(1e-3);
    expect(relativeError(runner.state('average.weight'), unpack(entry.average))).toBeLessThan(1e-3);
  });
});

it('a student of a frozen teacher against PyTorch, 200 steps', async () => {
  const layers = [new Linear(6, 8, { bias: false }), new ReLU(), new Linear(8, 4, { bias: false })];
  const teacher = { module: new Sequential(layers), inputShape: [6] };
  const told = frozenForward(teacher, { 'layers.0.weight': fill(48, 12), 'layers.2.weight': fill(32, 13) }, 'teacher.');
  const step = compileTrainStep(
    { module: new Linear(6, 4), inputShape: [6] },
    {
      loss: { kind: 'distillation', temperature: 3, hardShare: 0.3, teacher: told },
      optimizer: { kind: 'adam' },
      parameters: {
        weight: fill(24, 10).map((value) => value * 0.5),
        bias: fill(4, 11).map((value) => value * 0.5),
      },
    },
  );
  expect(step.inputs.map(({ name }) => name)).not.toContain('teacherLogits');
  expect(step.state.map(({ name }) => name).filter((name) => name.startsWith('teacher'))).toEqual([]);
  const runner = new StepRunner(await openSession(step.onnx), step);
  for (const [index, expected] of golden.distilled.entries()) {
    const x = floats(fill(48, 100 + (index % 8)), [8, 6]);
    const y = int64(Array.from({ length: 8 }, (_, row) => (row * 7 + index) % 4));
    const { loss } = await runner.run({ x, y }, 1e-2);
    expect(Math.abs(loss - expected) / expected, `loss of step ${index + 1}`).toBeLessThan(1e-3);
  }
});

describe('schedules against PyTorch', () => {
  it.each(golden.schedules.byStep.map((entry) => [JSON.stringify(entry.spec), entry] as const))('%s', (_, entry) => {
    entry.rates.forEach((rate, index) => {
      expect(learningRateAt(entry.spec, index + 1, 41), `step ${index + 1}`).toBeCloseTo(rate, 9);
    });
  });

  it.each(golden.schedules.plateau.map((entry) => [JSON.stringify(entry.spec), entry] as const))('%s', (_, entry) => {
    const { metrics } = golden.schedules;
    const rates = entry.rates.map((_rate, index) => learningRateAt(entry.spec, index + 1, 60, metrics.slice(0, index)));
    rates.forEach((rate, index) => {
      expect(rate, `after ${index} figures`).toBeCloseTo(entry.rates[index] ?? 0, 12);
    });
    expect(new Set(rates).size).toBeGreaterThan(2);
  });
});

class Sampled extends Module {
  readonly kind = 'Sampled';
  readonly #padding: string;

  constructor(padding: string) {
    super();
    this.#padding = padding;
  }

  forward(x: Tensor, trace: Trace): Tensor {
    return x.graph.apply('GridSample', [x, trace.input('grid')], { padding: this.#padding });
  }
}

it.each(['zeros', 'border'] as const)('grid_sample with %s outside, against PyTorch', async (padding) => {
  const graph = compileForward({
    module: new Sampled(padding),
    inputShape: [2, 5, 6],
    moreInputs: [{ name: 'grid', dtype: 'float32', shape: ['batch', 5, 6, 2] }],
  });
  const result = await runOnce(graph, {
    x: floats(fill(120, 20), [2, 2, 5, 6]),
    grid: floats(
      fill(120, 21).map((value) => value * 1.2),
      [2, 5, 6, 2],
    ),
  });
  expect(relativeError(numbers(result.output), unpack(golden.gridSample[padding]))).toBeLessThan(1e-5);
});
