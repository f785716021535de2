import type { Initialization } from '../../graph/index.ts';
import { BatchNorm2d, Conv2d, GroupNorm, type Module, ReLU, Sequential } from '../../graph/index.ts';
import type { ImageNorm } from './specification.ts';

/** As many groups as fit, at most so many. */
const GROUPS = 8;

export const groupsOf = (channels: number): number => {
  let groups = Math.min(GROUPS, channels);
  while (channels % groups !== 0) groups--;
  return groups;
};

const norms: Readonly<Record<ImageNorm, (channels: number) => readonly Module[]>> = {
  none: () => [],
  batch: (channels) => [new BatchNorm2d(channels)],
  group: (channels) => [new GroupNorm(groupsOf(channels), channels)],
  instance: (channels) => [new GroupNorm(channels, channels)],
};

export interface ConvolutionBlockOptions {
  readonly normalization: ImageNorm;
  readonly initialization: Initialization;
  readonly stride?: number;
  readonly kernel?: number;
}

/** Convolution, norm, rectifier. */
export function convolutionBlock(
  inChannels: number,
  outChannels: number,
  options: ConvolutionBlockOptions,
): Sequential {
  const { normalization, initialization, stride = 1, kernel = 3 } = options;
  const bias = normalization === 'none';
  const convolution = new Conv2d(inChannels, outChannels, kernel, {
    stride,
    padding: Math.floor(kernel / 2),
    bias,
    initialization,
  });
  return new Sequential([convolution, ...norms[normalization](outChannels), new ReLU()]);
}
