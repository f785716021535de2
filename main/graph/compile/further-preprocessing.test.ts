import { expect, it } from 'vitest';
import { Module } from '../layers/module.ts';
import { floats, numbers, relativeError, runOnce, tensor } from '../run-onnx.test-support.ts';
import type { Tensor } from '../tensor.ts';
import { compileForward } from './forward.ts';
import { prepareFurther } from './further-preprocessing.ts';
import { compilePreprocessing, type PreprocessingSpec } from './preprocessing.ts';

class Further extends Module {
  readonly kind = 'Further';
  readonly #prepare: (x: Tensor) => Tensor;

  constructor(prepare: (x: Tensor) => Tensor) {
    super();
    this.#prepare = prepare;
  }

  forward(x: Tensor): Tensor {
    return this.#prepare(x);
  }
}

const picture = { kind: 'image', layout: 'nhwc', sourceChannels: 3 } as const;
const common: PreprocessingSpec = {
  ...{ ...picture, channels: 3, height: 9, width: 14, resize: false },
  ...{ mean: [0, 0, 0], deviation: [1, 1, 1] },
};
const pixels = tensor(
  'uint8',
  Uint8Array.from({ length: 756 }, (_, index) => (index * index * 31) % 256),
  [2, 9, 14, 3],
);

it.each([
  { ...picture, channels: 3, height: 9, width: 14, resize: false, mean: [0.1, 0.2, 0.3], deviation: [0.5, 0.6, 0.7] },
  { ...picture, channels: 1, height: 4, width: 5, mean: [0.4], deviation: [0.2] },
  { ...picture, channels: 3, height: 20, width: 6, mean: [0, 0, 0], deviation: [1, 1, 1] },
])('pictures: $channels × $height × $width in two parts is what it is in one', async (own) => {
  const further = new Further((x) => prepareFurther(x, common, own, []));
  const graph = compileForward({ module: further, inputShape: [3, 9, 14] }, { preprocessing: common });
  const parts = await runOnce(graph, { image: pixels });
  const whole = await runOnce(compilePreprocessing(own), { image: pixels });
  expect(parts.output?.dims).toEqual([2, own.channels, own.height, own.width]);
  expect(relativeError(numbers(parts.output), numbers(whole.x))).toBeLessThan(1e-5);
});

it('tables: takes its own columns in its own order', async () => {
  const raw: PreprocessingSpec = { kind: 'table', columns: ['a', 'b', 'c'].map((name) => ({ kind: 'raw', name })) };
  const own: PreprocessingSpec = {
    kind: 'table',
    columns: [
      { kind: 'category', categories: 2 },
      { kind: 'numeric', mean: 1, deviation: 2 },
    ],
  };
  const further = new Further((x) => prepareFurther(x, raw, own, [2, 0]));
  const graph = compileForward({ module: further, inputShape: [3] }, { preprocessing: raw });
  const result = await runOnce(graph, { table: floats([5, 9, 1, Number.NaN, 9, Number.NaN], [2, 3]) });
  expect([...numbers(result.output)]).toEqual([0, 1, 2, 0, 0, 0]);
});

it('refuses what differs in kind', () => {
  const text: PreprocessingSpec = { kind: 'text', vocabulary: ['a'], length: 2, lowercase: true };
  const further = new Further((x) => prepareFurther(x, common, text, []));
  expect(() => compileForward({ module: further, inputShape: [3, 9, 14] }, { preprocessing: common })).toThrow('text');
});
