import { expect, it } from 'vitest';
import { runConfig } from '../../contract/run-config.ts';
import type { PreprocessingSpec } from '../../graph/index.ts';
import { modelFor } from '../../models/index.ts';

const pictures: PreprocessingSpec = {
  ...{ kind: 'image', layout: 'nhwc', channels: 3, height: 64, width: 64 },
  ...{ mean: [0, 0, 0], deviation: [1, 1, 1] },
};

/** With ten classes instead of a thousand, parameters are those of torchvision less the difference of the last layer. */
it.each([
  [{ kind: 'resnet', channels: [64, 128, 256, 512], blocks: 2, stem: 'imagenet' }, 11_689_512 - 990 * 513],
  [
    { kind: 'resnet', channels: [64, 128, 256, 512], blocks: [3, 4, 6, 3], block: 'bottleneck', stem: 'imagenet' },
    25_557_032 - 990 * 2049,
  ],
  [{ kind: 'mobilenet_v2' }, 3_504_872 - 990 * 1281],
  // 12288 · 4 of the gate; two layers in each of four experts.
  [{ kind: 'mixture_of_experts', hidden: [8] }, 12_288 * 4 + 4 * (12_288 * 8 + 8 + 80 + 10)],
])('%j has the parameters it should have', (model, count) => {
  const config = runConfig.parse({ task: 'image-classification', data: { dataset: 'd' }, model });
  expect(modelFor(config.task, config.model, pictures, 10).summary.parameterCount).toBe(count);
});

it('hands the options of residual networks on', () => {
  const layersOf = (patch: Record<string, unknown>) => {
    const model = { kind: 'resnet', channels: [8, 8], ...patch };
    const config = runConfig.parse({ task: 'image-classification', data: { dataset: 'd' }, model });
    return modelFor(config.task, config.model, pictures, 10).summary.layers.map(({ kind }) => kind);
  };
  expect(layersOf({ stochasticDepth: 0.1 })).toContain('StochasticDepth');
  expect(layersOf({ squeezeReduction: 4 })).toContain('SqueezeExcitation');
  expect(layersOf({ norm: 'group' })).toContain('GroupNorm');
  expect(layersOf({})).not.toEqual(expect.arrayContaining(['StochasticDepth']));
  expect(() => layersOf({ blocks: [1, 1, 1] })).toThrow('A resnet of 2 stages cannot have blocks for 3.');
});
