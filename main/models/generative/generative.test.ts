import { expect, it } from 'vitest';
import { GraphError } from '../../graph/index.ts';
import { buildModel } from '../build-model.ts';
import { ddimTimes } from './diffusion.ts';
import { noiseLevels } from './noise-schedule.ts';
import { samplerOf } from './sampling.ts';
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
