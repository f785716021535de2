import { expect, it } from 'vitest';
import { seededRandom } from '../../base/random.ts';
import { compileForward, decodeModel, GraphError, initializeParameters } from '../../graph/index.ts';
import { type Feed, floats, numbers, relativeError, runOnce, tensor } from '../../graph/run-onnx.test-support.ts';
import { buildModel } from '../build-model.ts';
import { ddimTimes } from './diffusion.ts';
import { noiseLevels } from './noise-schedule.ts';
import { compileDrawing, drawingTimes, samplerOf, usualSteps } from './sampling.ts';
import type { GenerativeSpec } from './specification.ts';

const input = { kind: 'image', channels: 1, height: 8, width: 8 } as const;
const output = input;
const build = (spec: GenerativeSpec) => buildModel(spec, input, output);

it('counts time down to the clean image, over schedules that end in noise', () => {
  expect(ddimTimes(1000, 4)).toEqual([999, 749, 499, 249, -1]);
  for (const schedule of ['cosine', 'linear'] as const) {
    const levels = noiseLevels(schedule, 1000);
    expect(levels.every((level, index) => index === 0 || level < (levels[index - 1] ?? 0))).toBe(true);
    expect(levels[0]).toBeGreaterThan(0.99);
    expect(levels[999]).toBeLessThan(1e-4);
  }
  // ᾱ at the end of the linear schedule of Ho et al. (2020), by exp(Σ log(1 − β)).
  expect(noiseLevels('linear', 1000)[999]).toBeCloseTo(4.036e-5, 7);
});

it('refuses what cannot be drawn', () => {
  expect(() => buildModel({ kind: 'vae', latent: 2 }, { kind: 'table', features: 4 }, output)).toThrow(GraphError);
  expect(() => build({ kind: 'vae', latent: 2, channels: [4, 4, 4, 4] })).toThrow('divisible by 16');
  expect(() => build({ kind: 'gan', latent: 0 })).toThrow(GraphError);
  expect(() => build({ kind: 'diffusion', steps: 1 })).toThrow('two steps');
  const classifier = buildModel({ kind: 'mlp', hidden: [4] }, input, { kind: 'classification', classes: 2 });
  expect(() => samplerOf(classifier)).toThrow('draws no samples');
});

const conditional = { ...output, classes: 3 };
const drawers = [
  { kind: 'vae', latent: 4, channels: [4], hidden: [8], conditional: true, temperature: 0.5 },
  { kind: 'gan', latent: 4, channels: [4] },
  { kind: 'diffusion', steps: 12, channels: [4, 4], conditional: true, guidance: 1.5 },
  { kind: 'diffusion', steps: 60, channels: [4, 4], schedule: 'linear' },
] as const satisfies readonly GenerativeSpec[];

const drawn = [
  ...drawers.map((spec) => ({ ...spec, count: undefined })),
  // As many as it has learned, one alone, and some that do not divide all.
  ...[12, 1, 5].map((count) => ({ ...drawers[2], count })),
];

it.each(drawn)('draws by one standard graph what it draws step by step: $kind, $count steps', async (drawer) => {
  const { count, ...spec } = drawer;
  const model = buildModel(spec, input, 'conditional' in spec ? conditional : output);
  const parameters = initializeParameters(model.module, 1);
  const sampler = samplerOf(model);
  const random = seededRandom(1);
  const dims = [3, ...sampler.model.inputShape];
  const noise = Float32Array.from({ length: dims.reduce((a, b) => a * b) }, () => random.normal());
  const told = { label: tensor('int64', BigInt64Array.of(0n, 2n, -1n), [3]) };
  const taken = sampler.kind === 'ddim' ? (count ?? usualSteps(sampler.steps)) : 0;
  const settings =
    sampler.kind === 'latent'
      ? { temperature: floats([sampler.temperature], [1]) }
      : { guidance: floats([1.5], [1]), steps: tensor('int64', BigInt64Array.of(BigInt(taken)), [1]) };
  const feeds = { noise: floats(noise, dims), ...told, ...settings };
  const shipped = compileDrawing(model, parameters);
  const known = Object.fromEntries(shipped.inputs.map(({ name }) => [name, feeds[name as keyof typeof feeds]]));
  const { output: drawn, image } = await runOnce(shipped, known as Feed);

  const step = compileForward(sampler.model, { parameters });
  const labels = 'conditional' in spec ? told : {};
  let expected: Float32Array;
  if (sampler.kind === 'latent') {
    const x = floats(
      noise.map((value) => value * sampler.temperature),
      dims,
    );
    expected = numbers((await runOnce(step, { x, ...labels })).output);
  } else {
    const times = drawingTimes(sampler.steps, count);
    expect(times).toHaveLength(taken + 1);
    const at = (time: number) => tensor('int64', new BigInt64Array(3).fill(BigInt(time)), [3]);
    let x = floats(noise, dims);
    expected = new Float32Array();
    for (const [index, next] of times.slice(1).entries()) {
      const said = await runOnce(step, { x, time: at(times[index]), next: at(next), ...labels });
      x = floats(numbers(said.output), dims);
      expected = numbers(said.image);
    }
  }
  expect(relativeError(numbers(drawn), expected)).toBeLessThan(1e-5);
  expect(image?.dims).toEqual([3, 8, 8, 1]);
  const bytes = [...(image as NonNullable<typeof image>).data] as number[];
  expect(new Set(bytes).size).toBeGreaterThan(3);
  bytes.forEach((byte, place) => {
    expect(Math.abs(byte - numbers(drawn)[place] * 255)).toBeLessThan(0.5001);
  });
  expect(Object.keys(decodeModel(shipped.onnx).opsets)).toEqual(['']);
});
