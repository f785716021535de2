import { describe, expect, it } from 'vitest';
import { compileReplicatedStep, elementCount, type TrainStepOptions } from '../../graph/index.ts';
import { buildModel } from '../../models/index.ts';
import {
  float32Scalar,
  float32Tensor,
  floats,
  int32Scalar,
  type NativeRuntime,
  nativeRuntime,
  RuntimeSession,
} from '../../runtime/index.ts';
import { SharedMemory } from './shared-memory.ts';
import { SharedUpdate } from './shared-update.ts';
import { UpdatePart } from './update-part.ts';
import type { UpdatePhase } from './update-task.ts';

const model = buildModel(
  { kind: 'mlp', hidden: [37] },
  { kind: 'table', features: 61 },
  { kind: 'classification', classes: 3 },
);
const base: TrainStepOptions = {
  loss: { kind: 'cross_entropy' },
  optimizer: { kind: 'adamw', weightDecay: 0.1, beta1: 0.8 },
  parameterGroups: [{ match: '*.bias', learningRateFactor: 0.5, weightDecay: 0 }],
};
const WEIGHTS = [9, 7];
const LEARNING_RATE = Math.fround(0.003);

/** Numbers of all sizes, zeros and ones below the smallest normal number included. */
const wild = (length: number, seed: number): Float32Array =>
  Float32Array.from({ length }, (_, index) => {
    const value = Math.sin((index + 1) * 12.9898 + seed) * 43758.5453;
    const exponent = [-44, -25, -19, -9, -3, 0][(index + seed) % 6];
    return (index + seed) % 11 === 0 ? 0 : (value - Math.floor(value) - 0.5) * 10 ** exponent;
  });

async function byBoth(options: TrainStepOptions, step: number, native: NativeRuntime | null) {
  const compiled = compileReplicatedStep(model, options, WEIGHTS.length);
  const { adam } = compiled;
  if (!adam) throw new Error('No plan was made.');
  const start = new Map(
    compiled.state.map(({ name, shape }, index) => {
      const values = wild(elementCount(shape), index);
      return [name, name.startsWith('secondMoment') ? values.map(Math.abs) : values];
    }),
  );
  const gradients = WEIGHTS.map(
    (_, replica) =>
      new Map(
        compiled.gradients.map(({ name, shape }, index) => [name, wild(elementCount(shape), 100 * replica + index)]),
      ),
  );

  const session = await RuntimeSession.create(compiled.update().onnx, {
    provider: 'cpu',
    threads: 1,
    flushDenormals: true,
  });
  const shapes = new Map([...compiled.state, ...compiled.gradients].map(({ name, shape }) => [name, shape]));
  const tensor = (name: string, data: Float32Array) => float32Tensor(data.slice(), shapes.get(name) ?? []);
  const results = await session.run({
    ...Object.fromEntries([...start].map(([name, data]) => [name, tensor(name, data)])),
    ...Object.fromEntries(
      gradients.flatMap((own, replica) =>
        [...own].map(([name, data]) => [`gradient.${name}.${replica}`, tensor(name, data)]),
      ),
    ),
    ...Object.fromEntries(WEIGHTS.map((weight, replica) => [`weight.${replica}`, float32Scalar(weight)])),
    learningRate: float32Scalar(LEARNING_RATE),
    step: int32Scalar(step),
  });
  await session.dispose();

  const lengths = [...start.values(), ...start.values(), ...gradients.flatMap((own) => [...own.values()])];
  const memory = SharedMemory.forLengths(lengths.map(({ length }) => length)) as SharedMemory;
  const place = (values: ReadonlyMap<string, Float32Array>): Map<string, Float32Array> =>
    new Map(
      [...values].map(([name, value]) => {
        const view = memory.floats(value.length);
        view.set(value);
        return [name, view];
      }),
    );
  const sets = [
    place(start),
    place(new Map([...start].map(([name, { length }]) => [name, new Float32Array(length)]))),
  ] as const;
  const update = new SharedUpdate(adam, memory.memory, 2, sets, gradients.map(place), native);
  const other = new UpdatePart(update.task, 1, native);
  const norm = await update.run(
    { set: 0, step, learningRate: LEARNING_RATE, weights: WEIGHTS },
    async (phase: UpdatePhase, meanwhile) => {
      other.run(phase, 0);
      meanwhile();
    },
  );
  const next = new Map(
    compiled.state.map(({ name, outputName }) => [name, floats(results[outputName], name)] as const),
  );
  return {
    next,
    found: sets[1],
    start,
    read: sets[0],
    norm,
    expectedNorm: floats(results.gradientNorm, 'gradientNorm')[0],
  };
}

function expectClose(found: Float32Array | undefined, values: Float32Array, name: string): void {
  values.forEach((value, place) => {
    const difference = Math.abs((found?.[place] ?? Number.NaN) - value);
    expect(difference, `${name}[${place}]`).toBeLessThanOrEqual(1e-5 * Math.abs(value) + 1e-7);
  });
}

describe('the update by threads', () => {
  for (const step of [1, 1000]) {
    it(`gives the bits of the graph at step ${step}`, async () => {
      const { next, found, start, read, norm, expectedNorm } = await byBoth(base, step, null);
      for (const [name, values] of next) expect(found.get(name), name).toEqual(values);
      expect(read).toEqual(start);
      expect(norm / expectedNorm).toBeCloseTo(1, 5);
    });

    it.runIf(nativeRuntime())(`gives the same to rounding by the addon at step ${step}`, async () => {
      const { next, found, start, read, norm, expectedNorm } = await byBoth(base, step, nativeRuntime());
      for (const [name, values] of next) expectClose(found.get(name), values, name);
      expect(read).toEqual(start);
      expect(norm / expectedNorm).toBeCloseTo(1, 5);
    });
  }

  it.each([null, nativeRuntime()])('clips by the norm of the whole gradient, to rounding', async (native) => {
    const { next, found } = await byBoth({ ...base, clipNorm: 0.5 }, 3, native);
    for (const [name, values] of next) expectClose(found.get(name), values, name);
  });

  it('leaves every update that is more than Adam’s to the graph', () => {
    const planOf = (options: Partial<TrainStepOptions>) =>
      compileReplicatedStep(model, { ...base, ...options }, 2).adam;
    expect(planOf({})).toBeDefined();
    expect(planOf({ clipValue: 1 })).toBeUndefined();
    expect(planOf({ weightAverage: { decay: 0.9 } })).toBeUndefined();
    expect(planOf({ optimizer: { kind: 'sgd' } })).toBeUndefined();
    expect(planOf({ optimizer: { kind: 'adam' } })).toBeUndefined();
  });
});
