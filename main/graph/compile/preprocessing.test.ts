import { describe, expect, it } from 'vitest';
import { floats, numbers, runOnce, tensor } from '../run-onnx.test-support.ts';
import { compilePreprocessing, featureCount } from './preprocessing.ts';

describe('preprocessing', () => {
  const image = {
    kind: 'image',
    layout: 'nhwc',
    height: 2,
    width: 2,
    mean: [0],
    deviation: [1],
    resize: false,
  } as const;

  it('puts the mean in place of a missing number and zeros in place of a missing category', async () => {
    const columns = [
      { kind: 'numeric', mean: 10, deviation: 2 },
      { kind: 'category', categories: 3 },
      { kind: 'numeric', mean: -1, deviation: 4 },
    ] as const;
    expect(featureCount(columns)).toBe(5);
    const graph = compilePreprocessing({ kind: 'table', columns });
    const { x } = await runOnce(graph, { table: floats([14, 2, Number.NaN, Number.NaN, Number.NaN, 7], [2, 3]) });
    expect([...numbers(x)]).toEqual([2, 0, 0, 1, 0, 0, 0, 0, 0, 2]);
  });

  it('turns colour into grey and grey into colour', async () => {
    const grey = compilePreprocessing({ ...image, channels: 1, sourceChannels: 3, mean: [0], deviation: [1] });
    const pixels = Uint8Array.of(255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255);
    const { x } = await runOnce(grey, { image: tensor('uint8', pixels, [1, 2, 2, 3]) });
    for (const [i, value] of [0.299, 0.587, 0.114, 1].entries()) expect(numbers(x)[i]).toBeCloseTo(value, 5);
    const colour = compilePreprocessing({
      ...image,
      channels: 3,
      sourceChannels: 1,
      mean: [0, 0, 0],
      deviation: [1, 1, 1],
    });
    const result = await runOnce(colour, { image: tensor('uint8', Uint8Array.of(0, 51, 102, 255), [1, 2, 2, 1]) });
    const once = [0, 0.2, 0.4, 1];
    for (const [i, value] of [...once, ...once, ...once].entries()) expect(numbers(result.x)[i]).toBeCloseTo(value, 6);
  });
});
