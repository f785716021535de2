import { describe, expect, it } from 'vitest';
import { assemble } from '../compile/assemble.ts';
import { createGraph } from '../compile/model.ts';
import type { DataType, TensorData } from '../data-type.ts';
import { STANDARD } from '../lowering/target.ts';
import { classIds, numbers, runOnce, tensor } from '../run-onnx.test-support.ts';
import { augment } from './augmentation.ts';
import { betaQuantiles } from './beta.ts';
import type { AugmentationSpec } from './specification.ts';

interface Case {
  readonly spec: AugmentationSpec;
  readonly shape: readonly number[];
  readonly data: TensorData;
  readonly dtype?: DataType;
  readonly step?: number;
  /** Class ids: mixes their targets over three classes. */
  readonly ids?: readonly number[];
}

async function augmented({ spec, shape, data, dtype = 'float32', step = 1, ids }: Case) {
  const graph = createGraph();
  const x = graph.input('x', dtype, ['batch', ...shape.slice(1)]);
  const scalars = { step: graph.input('step', 'int32', []), seed: graph.input('seed', 'int32', []) };
  const result = augment(x, spec, { step: () => scalars.step, seed: () => scalars.seed });
  const outputs = [{ name: 'x2', tensor: result.x }];
  if (ids && result.prepareTarget) {
    const logits = graph.input('logits', 'float32', ['batch', 3]);
    outputs.push({ name: 'y2', tensor: result.prepareTarget(graph.input('y', 'int64', ['batch']), logits) });
  }
  const compiled = assemble(graph, outputs, STANDARD, 'augmented');
  return runOnce(compiled, {
    x: tensor(dtype, data, shape),
    step: tensor('int32', Int32Array.of(step), []),
    seed: tensor('int32', Int32Array.of(7), []),
    y: classIds(ids ?? []),
  });
}

const COUNT = 64;
const [H, W] = [6, 8];
const pictures = Float32Array.from({ length: COUNT * H * W }, (_, index) => ((index * 37) % 101) / 101);
const images = (spec: object, more: object = {}): Case => ({
  spec: { kind: 'image', ...spec },
  shape: [COUNT, 1, H, W],
  data: pictures,
  ...more,
});
const picture = (values: Float32Array, at: number) => (row: number, column: number) =>
  row < 0 || column < 0 || row >= H || column >= W ? 0 : (values[at * H * W + row * W + column] ?? 0);

describe('augmentation of images', () => {
  it('flips about half of them, exactly', async () => {
    const result = numbers((await augmented(images({ horizontalFlip: 0.5 }))).x2);
    let flipped = 0;
    for (let at = 0; at < COUNT; at++) {
      const [old, now] = [picture(pictures, at), picture(result, at)];
      const isFlipped = Math.abs(now(0, 0) - old(0, W - 1)) < 1e-5 && Math.abs(now(1, 2) - old(1, W - 3)) < 1e-5;
      flipped += Number(isFlipped);
      for (let row = 0; row < H; row++)
        for (let column = 0; column < W; column++)
          expect(now(row, column)).toBeCloseTo(old(row, isFlipped ? W - 1 - column : column), 4);
    }
    expect(flipped).toBeGreaterThan(COUNT / 4);
    expect(flipped).toBeLessThan((3 * COUNT) / 4);
  });

  it('crops by whole pixels of a border of zeros', async () => {
    const result = numbers((await augmented(images({ crop: 2 }))).x2);
    const seen = new Set<string>();
    for (let at = 0; at < COUNT; at++) {
      const [old, now] = [picture(pictures, at), picture(result, at)];
      const shifts = [-2, -1, 0, 1, 2].flatMap((dy) => [-2, -1, 0, 1, 2].map((dx) => [dy, dx] as const));
      const found = shifts.find(([dy, dx]) => {
        let difference = 0;
        for (let row = 0; row < H; row++)
          for (let column = 0; column < W; column++)
            difference = Math.max(difference, Math.abs(now(row, column) - old(row + dy, column + dx)));
        return difference < 1e-4;
      });
      expect(found, `image ${at}`).toBeDefined();
      seen.add(String(found));
    }
    expect(seen.size).toBeGreaterThan(12);
  });

  it('is a function of seed, step and sample', async () => {
    const spec = { rotation: 20, scaling: [0.8, 1.2], translation: 0.1, shear: 5, brightness: 0.3, cutout: 3 };
    const [first, again, next] = [
      await augmented(images(spec)),
      await augmented(images(spec)),
      await augmented(images(spec, { step: 2 })),
    ];
    expect(numbers(first.x2)).toEqual(numbers(again.x2));
    expect(numbers(first.x2)).not.toEqual(numbers(next.x2));
    const part = { ...images(spec), shape: [8, 1, H, W], data: pictures.slice(0, 8 * H * W) };
    expect(numbers((await augmented(part)).x2)).toEqual(numbers(first.x2).slice(0, 8 * H * W));
  });

  it('cuts out squares of zeros', async () => {
    const bright = new Float32Array(COUNT * H * W).fill(1);
    const result = numbers((await augmented({ ...images({ cutout: 3 }), data: bright })).x2);
    for (let at = 0; at < COUNT; at++) {
      const zeros = result.slice(at * H * W, (at + 1) * H * W).filter((value) => value === 0).length;
      expect(zeros).toBeGreaterThanOrEqual(1);
      expect(zeros).toBeLessThanOrEqual(9);
    }
  });

  it.each(['mixup', 'cutmix'] as const)('%s mixes targets as it mixes images', async (kind) => {
    // An image of ones among zeros: its mean is its share.
    const ids = Array.from({ length: COUNT }, (_, index) => (index === 0 ? 2 : 0));
    const data = new Float32Array(COUNT * H * W).fill(1, 0, H * W);
    const result = await augmented({ ...images({ [kind]: 0.4 }, { ids }), data });
    const [x, y] = [numbers(result.x2), numbers(result.y2)];
    let mixed = 0;
    for (const at of [0, COUNT - 1]) {
      const mean = x.slice(at * H * W, (at + 1) * H * W).reduce((sum, value) => sum + value, 0) / (H * W);
      expect(y[3 * at + 2]).toBeCloseTo(mean, 4);
      expect((y[3 * at] ?? 0) + (y[3 * at + 2] ?? 0)).toBeCloseTo(1, 5);
      mixed += mean;
    }
    expect(mixed).toBeGreaterThan(0);
    expect(mixed).toBeLessThan(2);
  });

  it('changes colours within their range; no turn of the hue is no change of the luma', async () => {
    const data = Float32Array.from({ length: 4 * 3 * 4 }, (_, index) => 0.3 + 0.4 * (((index * 29) % 13) / 13));
    const spec = { kind: 'image', hue: 0.1, range: [-9, 9] } as const;
    const result = numbers((await augmented({ spec, shape: [4, 3, 2, 2], data })).x2);
    expect(result).not.toEqual(data);
    const luma = (values: Float32Array, at: number, pixel: number): number =>
      [0.299, 0.587, 0.114].reduce((sum, weight, c) => sum + weight * (values[at * 12 + c * 4 + pixel] ?? 0), 0);
    for (let at = 0; at < 4; at++)
      for (let pixel = 0; pixel < 4; pixel++) expect(luma(result, at, pixel)).toBeCloseTo(luma(data, at, pixel), 5);
    const strong = { kind: 'image', brightness: 0.9, contrast: 0.9, saturation: 0.9 } as const;
    for (const value of numbers((await augmented({ spec: strong, shape: [4, 3, 2, 2], data })).x2)) {
      expect(value).toBeGreaterThanOrEqual(0);
      expect(value).toBeLessThanOrEqual(1);
    }
  });

  it('changes colours of normalised images as those of the pixels before', async () => {
    const shape = [4, 3, 2, 2];
    const data = Float32Array.from({ length: 48 }, (_, index) => ((index * 29) % 47) / 47);
    const normalization = { mean: [0.1, 0.4, 0.6], deviation: [0.2, 0.3, 0.5] };
    const channel = (index: number): number => Math.floor(index / 4) % 3;
    const normalized = (values: Float32Array): Float32Array =>
      values.map((value, at) => (value - normalization.mean[channel(at)]) / normalization.deviation[channel(at)]);
    const spec = { kind: 'image', brightness: 0.5, contrast: 0.5, saturation: 0.5, hue: 0.1 } as const;
    const expected = normalized(numbers((await augmented({ spec, shape, data })).x2));
    const result = numbers((await augmented({ spec: { ...spec, normalization }, shape, data: normalized(data) })).x2);
    for (const [at, value] of result.entries()) expect(value).toBeCloseTo(expected[at], 4);
  });

  it('refuses what it cannot do', async () => {
    await expect(augmented(images({ mixup: 1, cutmix: 1 }))).rejects.toThrow('not both');
    await expect(augmented(images({ hue: 0.1 }))).rejects.toThrow('three channels, not 1');
    await expect(augmented({ ...images({ crop: 1 }), shape: [COUNT, H * W] })).rejects.toThrow('changes images');
    await expect(augmented(images({ horizontalFlip: 2 }))).rejects.toThrow('[0, 1], not at 2');
  });
});

it('bends time forwards only, and keeps a straight line within its bounds', async () => {
  const line = Float32Array.from({ length: 16 * 50 }, (_, index) => (index % 50) / 49);
  const series = (spec: object): Case => ({ spec: { kind: 'series', ...spec }, shape: [16, 50, 1], data: line });
  const warped = numbers((await augmented(series({ timeWarp: 0.9, crop: 0.5 }))).x2);
  const starts = new Set<number>();
  for (let at = 0; at < 16; at++) {
    const own = warped.slice(at * 50, (at + 1) * 50);
    starts.add(own[0] ?? 0);
    own.forEach((value, index) => {
      expect(value).toBeGreaterThanOrEqual(own[index - 1] ?? -1e-6);
    });
    expect((own[49] ?? 0) - (own[0] ?? 0)).toBeGreaterThan(0.49);
  }
  expect(starts.size).toBeGreaterThan(8);
  const noisy = numbers((await augmented(series({ jitter: 0.1 }))).x2);
  const deviation = Math.hypot(...noisy.map((value, index) => value - (line[index] ?? 0))) / Math.sqrt(noisy.length);
  expect(deviation).toBeGreaterThan(0.09);
  expect(deviation).toBeLessThan(0.11);
});

it('masks the wanted share of tokens and no padding', async () => {
  const ids = BigInt64Array.from({ length: 100 * 50 }, (_, index) => (index % 50 < 10 ? 0n : BigInt(5 + (index % 7))));
  const spec = { kind: 'text', masking: 0.2, maskId: 3, paddingId: 0 } as const;
  const result = (await augmented({ spec, shape: [100, 50], data: ids, dtype: 'int64' })).x2?.data as BigInt64Array;
  const masked = result.filter((id) => id === 3n).length / (100 * 40);
  expect(masked).toBeGreaterThan(0.17);
  expect(masked).toBeLessThan(0.23);
  ids.forEach((id, index) => {
    if (id === 0n) expect(result[index]).toBe(0n);
    else expect([id, 3n]).toContain(result[index]);
  });
});

it('knows the quantiles of the Beta distribution', () => {
  // Beta(1, 1) is uniform; that of ½ is the arcsine law, sin²(πq / 2); Beta(2, 2) has the median's neighbours in 3x² − 2x³.
  betaQuantiles(1, 8).forEach((value, at) => {
    expect(value).toBeCloseTo(at / 8, 3);
  });
  betaQuantiles(0.5, 8).forEach((value, at) => {
    expect(value).toBeCloseTo(Math.sin((Math.PI * at) / 16) ** 2, 3);
  });
  betaQuantiles(2, 8).forEach((x, at) => {
    expect(3 * x * x - 2 * x ** 3).toBeCloseTo(at / 8, 3);
  });
});
