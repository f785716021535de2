import { describe, expect, it } from 'vitest';
import { compileForward, compileTrainStep, initializeParameters, type ParameterValues } from '../../graph/index.ts';
import { floats, numbers, openSession, runOnce, StepRunner, tensor } from '../../graph/run-onnx.test-support.ts';
import { buildModel } from '../build-model.ts';
import { ddimTimes } from './diffusion.ts';
import { samplerOf } from './sampling.ts';
import type { GenerativeSpec } from './specification.ts';

const SIDE = 8;
const input = { kind: 'image', channels: 1, height: SIDE, width: SIDE } as const;
const output = input;
const BATCH = 32;

/** Images with one bright row or one bright column, at any place. */
const stripes = floats(
  Float32Array.from({ length: BATCH * SIDE * SIDE }, (_, index) => {
    const [image, row, column] = [Math.floor(index / SIDE ** 2), Math.floor(index / SIDE) % SIDE, index % SIDE];
    return (image % 2 === 0 ? row : column) === Math.floor(image / 2) % SIDE ? 1 : 0;
  }),
  [BATCH, 1, SIDE, SIDE],
);

const normals = (count: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => {
    const radius = Math.sqrt(-2 * Math.log(((i * 7919) % 9973) / 9973 + 1e-4));
    return radius * Math.cos(i * 2.399963);
  });

const build = (spec: GenerativeSpec) => buildModel(spec, input, output);

async function train(spec: GenerativeSpec, steps: number, rate: number) {
  const model = build(spec);
  const step = compileTrainStep(model, { loss: { kind: 'module' }, optimizer: { kind: 'adamw' } });
  const runner = new StepRunner(await openSession(step.onnx), step);
  const losses: number[] = [];
  for (let index = 0; index < steps; index++) losses.push((await runner.run({ x: stripes }, rate)).loss);
  const names = step.state.filter(({ kind }) => kind !== 'optimizer').map(({ name }) => name);
  const trained: ParameterValues = Object.fromEntries(names.map((name) => [name, runner.state(name)]));
  return { model, losses, step, parameters: { ...initializeParameters(model.module, 0), ...trained } };
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

describe.each([
  ['dense', { kind: 'vae', latent: 4, hidden: [32] }],
  ['convolutional', { kind: 'vae', latent: 4, channels: [8, 16], hidden: [32], beta: 0.3 }],
] as const)('a %s VAE', (_, spec) => {
  it('learns to draw what it saw and draws from its latent space', async () => {
    const { model, losses, step, parameters } = await train(spec, 300, 5e-3);
    expect(step.figures).toEqual(['reconstruction', 'divergence']);
    expect(step.inputs.map(({ name }) => name)).not.toContain('y');
    expect(mean(losses.slice(-10))).toBeLessThan(mean(losses.slice(0, 10)) * 0.6);
    const seen = await runOnce(compileForward(model, { parameters }), { x: stripes });
    expect(seen.latent?.dims).toEqual([BATCH, 4]);
    const error = numbers(seen.output).reduce((sum, value, i) => sum + (value - (numbers(stripes)[i] ?? 0)) ** 2, 0);
    const blank = numbers(stripes).reduce((sum, value) => sum + (value - 1 / SIDE) ** 2, 0);
    expect(error).toBeLessThan(blank * 0.8);
    const sampler = samplerOf(model);
    const drawn = await runOnce(compileForward(sampler.model, { parameters }), { x: floats(normals(12), [3, 4]) });
    expect(drawn.output?.dims).toEqual([3, 1, SIDE, SIDE]);
    for (const value of numbers(drawn.output)) expect(value >= 0 && value <= 1).toBe(true);
    // The decoder alone says the same as the whole: its weights were found by their names.
    const latents = floats(numbers(seen.latent), [BATCH, 4]);
    const again = await runOnce(compileForward(sampler.model, { parameters }), { x: latents });
    expect(numbers(again.output)).toEqual(numbers(seen.output));
  });
});

describe('a GAN', () => {
  it.each(['hinge', 'non_saturating', 'least_squares', 'wasserstein'] as const)(
    'plays with the %s loss',
    async (loss) => {
      const spec = { kind: 'gan', latent: 8, channels: [8, 16], loss } as const;
      // A critic whose slope is held learns more slowly.
      const steps = loss === 'wasserstein' ? 240 : 60;
      const { model, losses, step, parameters } = await train(spec, steps, 2e-3);
      const penalty = loss === 'wasserstein' ? ['gradientPenalty'] : [];
      expect(step.figures).toEqual(['discriminatorLoss', 'generatorLoss', ...penalty]);
      for (const value of losses) expect(Number.isFinite(value)).toBe(true);
      const sampler = samplerOf(model);
      const forward = (values: ParameterValues) =>
        runOnce(compileForward(sampler.model, { parameters: values }), { x: floats(normals(64), [8, 8]) });
      const [before, after] = [await forward(initializeParameters(model.module, 0)), await forward(parameters)];
      expect(after.output?.dims).toEqual([8, 1, SIDE, SIDE]);
      // Stripes are mostly dark: the generator found that out.
      expect(mean([...numbers(after.output)])).toBeLessThan(mean([...numbers(before.output)]) - 0.1);
    },
  );

  it('keeps the spectral norm of every weight of the discriminator near one', async () => {
    const { model, parameters } = await train({ kind: 'gan', latent: 8, channels: [8] }, 40, 2e-3);
    const weight = parameters['discriminator.layers.layers.0.weight'] as Float32Array;
    const u = parameters['discriminator.layers.layers.0.u'] as Float32Array;
    expect(model.module.namedBuffers().map(([name]) => name)).toContain('discriminator.layers.layers.0.u');
    const columns = weight.length / u.length;
    const v = Float64Array.from({ length: columns }, (_, column) =>
      u.reduce((sum, value, row) => sum + value * (weight[row * columns + column] ?? 0), 0),
    );
    // ‖Wᵀu‖ for the u it kept against a long power iteration from there.
    const estimate = Math.hypot(...v);
    let [left, largest] = [Float64Array.from(u), 0];
    for (let round = 0; round < 200; round++) {
      const right = Float64Array.from({ length: columns }, (_, c) =>
        left.reduce((sum, value, row) => sum + value * (weight[row * columns + c] ?? 0), 0),
      );
      const next = left.map((_, row) =>
        right.reduce((sum, value, c) => sum + value * (weight[row * columns + c] ?? 0), 0),
      );
      largest = Math.sqrt(Math.hypot(...next));
      left = next.map((value) => value / Math.hypot(...next));
    }
    expect(Math.abs(estimate / largest - 1)).toBeLessThan(0.05);
  });
});

describe('diffusion', () => {
  it.each(['epsilon', 'v'] as const)('learns %s and walks back from noise by DDIM', async (prediction) => {
    const spec = { kind: 'diffusion', steps: 50, prediction, channels: [8, 16] } as const;
    const { model, losses, parameters } = await train(spec, 250, 4e-3);
    expect(mean(losses.slice(-20))).toBeLessThan(mean(losses.slice(0, 5)) * 0.5);
    const sampler = samplerOf(model);
    const step = compileForward(sampler.model, { parameters });
    const session = await openSession(step.onnx);
    let x = floats(normals(16 * SIDE ** 2), [16, 1, SIDE, SIDE]);
    const times = ddimTimes(50, 10);
    const at = (time: number) => tensor('int64', new BigInt64Array(16).fill(BigInt(time)), [16]);
    let image: Float32Array = new Float32Array();
    for (const [index, next] of times.slice(1).entries()) {
      const result = await session.run({ x, time: at(times[index] ?? 0), next: at(next) });
      x = floats(numbers(result.output), [16, 1, SIDE, SIDE]);
      image = numbers(result.image);
    }
    await session.release();
    // Mostly dark and little between dark and bright; untrained, half of it is bright.
    expect(mean([...image])).toBeGreaterThan(0.03);
    expect(mean([...image])).toBeLessThan(0.45);
    expect(mean([...image].map((value) => Math.min(value, 1 - value)))).toBeLessThan(0.22);
  });
});
