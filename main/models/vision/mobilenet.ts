import type { LayerSpec } from '../specification.ts';
import type { InvertedResidualStage, MobileNetSpec } from './specification.ts';

/** Table 2 of the paper. */
const STAGES: readonly InvertedResidualStage[] = [
  { expansion: 1, channels: 16, blocks: 1, stride: 1 },
  { expansion: 6, channels: 24, blocks: 2, stride: 2 },
  { expansion: 6, channels: 32, blocks: 3, stride: 2 },
  { expansion: 6, channels: 64, blocks: 4, stride: 2 },
  { expansion: 6, channels: 96, blocks: 3, stride: 1 },
  { expansion: 6, channels: 160, blocks: 3, stride: 2 },
  { expansion: 6, channels: 320, blocks: 1, stride: 1 },
];

interface ConvolutionOptions {
  readonly stride?: number;
  readonly groups?: number;
  /** The last one of a block is linear. */
  readonly linear?: boolean;
}

export function mobileNetLayers(spec: MobileNetSpec): readonly LayerSpec[] {
  const { width = 1, stages = STAGES, stemStride = 2, dropout = 0.2 } = spec;
  const convolution = (
    channels: number,
    kernel: number,
    { stride = 1, groups = 1, linear = false }: ConvolutionOptions = {},
  ): readonly LayerSpec[] => [
    { kind: 'conv2d', channels, kernel, stride, padding: Math.floor(kernel / 2), groups, bias: false },
    { kind: 'batch_norm' },
    ...(linear ? [] : [{ kind: 'relu6' } as const]),
  ];
  const stem = multipleOfEight((spec.stemChannels ?? 32) * width);
  let incoming = stem;
  const blocks = stages.flatMap(({ expansion, channels, blocks: count, stride: firstStride }) =>
    Array.from({ length: count }, (_, index): readonly LayerSpec[] => {
      const stride = index === 0 ? firstStride : 1;
      const outgoing = multipleOfEight(channels * width);
      const hidden = incoming * expansion;
      const layers = [
        ...(expansion === 1 ? [] : convolution(hidden, 1)),
        ...convolution(hidden, 3, { stride, groups: hidden }),
        ...convolution(outgoing, 1, { linear: true }),
      ];
      const keepsShape = stride === 1 && incoming === outgoing;
      incoming = outgoing;
      return keepsShape ? [{ kind: 'residual', layers }] : layers;
    }).flat(),
  );
  const head = multipleOfEight((spec.headChannels ?? 1280) * Math.max(1, width));
  return [
    ...convolution(stem, 3, { stride: stemStride }),
    ...blocks,
    ...convolution(head, 1),
    { kind: 'global_avg_pool' },
    ...(dropout > 0 ? [{ kind: 'dropout', probability: dropout } as const] : []),
  ];
}

/** As the paper's code rounds: never down by more than a tenth. */
function multipleOfEight(channels: number): number {
  const rounded = Math.max(8, Math.floor((channels + 4) / 8) * 8);
  return rounded < 0.9 * channels ? rounded + 8 : rounded;
}
