import { expect, it } from 'vitest';
import { Flatten, Sequential } from '../layers/container.ts';
import { Linear } from '../layers/linear.ts';
import { floats, numbers, relativeError, runOnce, tensor } from '../run-onnx.test-support.ts';
import { compileForward } from './forward.ts';
import { initializeParameters } from './model.ts';
import type { PreprocessingSpec } from './preprocessing.ts';
import { compilePreprocessing, embeddingRows, featureCount } from './preprocessing.ts';

const spec: Extract<PreprocessingSpec, { kind: 'image' }> = {
  kind: 'image',
  layout: 'nhwc',
  channels: 3,
  height: 4,
  width: 5,
  mean: [0.5, 0.4, 0.3],
  deviation: [0.2, 0.25, 0.5],
};
const pixels = Uint8Array.from({ length: 2 * 4 * 5 * 3 }, (_, index) => (index * 37) % 256);

it('images of the right size are only scaled and normalised', async () => {
  const result = await runOnce(compilePreprocessing(spec), { image: tensor('uint8', pixels, [2, 4, 5, 3]) });
  const expected = Float32Array.from({ length: 2 * 3 * 4 * 5 }, (_, index) => {
    const [image, channel, place] = [Math.floor(index / 60), Math.floor(index / 20) % 3, index % 20];
    const value = (pixels[image * 60 + place * 3 + channel] ?? 0) / 255;
    return (value - (spec.mean[channel] ?? 0)) / (spec.deviation[channel] ?? 1);
  });
  expect(result.x?.dims).toEqual([2, 3, 4, 5]);
  expect(relativeError(numbers(result.x), expected)).toBeLessThan(1e-6);
});

it('both layouts and the fixed-size variant agree', async () => {
  const planar = Uint8Array.from({ length: pixels.length }, (_, index) => {
    const [image, channel, place] = [Math.floor(index / 60), Math.floor(index / 20) % 3, index % 20];
    return pixels[image * 60 + place * 3 + channel] ?? 0;
  });
  const last = await runOnce(compilePreprocessing({ ...spec, resize: false }), {
    image: tensor('uint8', pixels, [2, 4, 5, 3]),
  });
  const first = await runOnce(compilePreprocessing({ ...spec, layout: 'nchw' }), {
    image: tensor('uint8', planar, [2, 3, 4, 5]),
  });
  expect(relativeError(numbers(first.x), numbers(last.x))).toBeLessThan(1e-6);
});

it('images of another size are resized with antialiasing: halving averages its surroundings', async () => {
  const plain = { ...spec, channels: 1, height: 4, width: 4, mean: [0], deviation: [1] };
  const image = Uint8Array.from({ length: 64 }, (_, index) => (index % 2) * 255);
  const result = await runOnce(compilePreprocessing(plain), { image: tensor('uint8', image, [1, 8, 8, 1]) });
  expect(result.x?.dims).toEqual([1, 1, 4, 4]);
  // Alternating columns of 0 and 1 shrink to grey, not to one of them.
  for (const value of numbers(result.x)) expect(Math.abs(value - 0.5)).toBeLessThan(0.13);
});

it('tables: numeric columns are standardised, categories become columns, unknown ones zeros', async () => {
  const columns = [
    { kind: 'numeric', mean: 10, deviation: 2 },
    { kind: 'numeric', mean: 0, deviation: 1 },
    { kind: 'category', categories: 3 },
    { kind: 'numeric', mean: 1, deviation: 4 },
  ] as const;
  expect(featureCount(columns)).toBe(6);
  const table = floats([12, 5, 1, 5, 8, -1, 7, 1], [2, 4]);
  const result = await runOnce(compilePreprocessing({ kind: 'table', columns }), { table });
  expect([...numbers(result.x)]).toEqual([1, 5, 0, 1, 0, 1, -1, -1, 0, 0, 0, 0]);
});

it('tables: categories become rows where a model embeds them, row 0 for what is missing, rare or unknown', async () => {
  const columns = [
    { kind: 'numeric', mean: 1, deviation: 2 },
    { kind: 'index', name: 'colour', rows: [2, 0, 1] },
  ] as const;
  expect(featureCount(columns)).toBe(2);
  expect(embeddingRows(columns[1])).toBe(3);
  const table = floats([3, 0, 1, 1, 5, 2, 1, Number.NaN, 1, 3, 1, -1], [6, 2]);
  const result = await runOnce(compilePreprocessing({ kind: 'table', columns }), { table });
  expect([...numbers(result.x)]).toEqual([1, 2, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0]);
});

it('a shipped model contains it', async () => {
  const model = { module: new Sequential([new Flatten(), new Linear(60, 4)]), inputShape: [3, 4, 5] };
  const parameters = initializeParameters(model.module, 1);
  const shipped = compileForward(model, { parameters, preprocessing: spec, softmax: true });
  expect(shipped.inputs).toEqual([{ name: 'image', dtype: 'uint8', shape: ['batch', 'height', 'width', 3] }]);
  const image = tensor('uint8', pixels, [2, 4, 5, 3]);
  const whole = await runOnce(shipped, { image });
  const { x } = await runOnce(compilePreprocessing(spec), { image });
  const parts = await runOnce(compileForward(model, { parameters }), { x: x as NonNullable<typeof x> });
  expect(numbers(whole.output)).toEqual(numbers(parts.output));
  const row = [...numbers(whole.probabilities).subarray(0, 4)];
  expect(row.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 6);
  expect(() => compileForward(model, { parameters, preprocessing: { ...spec, height: 5 } })).toThrow('takes');
});
