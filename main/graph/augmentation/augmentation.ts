import { GraphError } from '../graph-error.ts';
import type { Tensor } from '../tensor.ts';
import { jitterColors } from './color.ts';
import { transformImages } from './geometry.ts';
import { cutMix, cutOut, mixUp } from './mixing.ts';
import type { AugmentationScalars } from './random-draws.ts';
import { RandomDraws } from './random-draws.ts';
import { changeSeries } from './series.ts';
import type { AugmentationSpec, ImageAugmentation } from './specification.ts';
import { maskTokens } from './text.ts';

export interface Augmented {
  readonly x: Tensor;
  readonly prepareTarget?: (y: Tensor, output: Tensor) => Tensor;
}

/** @throws GraphError `shape-mismatch` if `x` is not what the spec changes, `invalid-argument` for impossible numbers */
export function augment(x: Tensor, spec: AugmentationSpec, scalars: AugmentationScalars): Augmented {
  check(spec);
  const draws = new RandomDraws(x, scalars);
  switch (spec.kind) {
    case 'image':
      if (x.shape.length !== 4) mismatch('images [batch, channels, height, width]', x);
      return augmentImages(x, spec, draws);
    case 'series':
      if ((x.shape.length !== 2 && x.shape.length !== 3) || x.dtype !== 'float32') mismatch('series', x);
      return { x: changeSeries(x, spec, draws) };
    case 'text':
      if (x.shape.length !== 2 || x.dtype !== 'int64') mismatch('token ids [batch, length]', x);
      return { x: maskTokens(x, spec, draws) };
    default:
      throw new GraphError('invalid-argument', 'There is no such augmentation.');
  }
}

function augmentImages(x: Tensor, spec: ImageAugmentation, draws: RandomDraws): Augmented {
  const colored = jitterColors(transformImages(x, spec, draws), spec, draws);
  const cut = spec.cutout ? cutOut(colored, spec.cutout, draws) : colored;
  if (spec.mixup) return mixUp(cut, spec.mixup, draws);
  if (spec.cutmix) return cutMix(cut, spec.cutmix, draws);
  return { x: cut };
}

function mismatch(expected: string, x: Tensor): never {
  throw new GraphError('shape-mismatch', `This augmentation changes ${expected}, not ${x.dtype} [${x.shape}].`);
}

function check(spec: AugmentationSpec): void {
  const refuse = (what: string): never => {
    throw new GraphError('invalid-argument', `Augmentation: ${what}.`);
  };
  const share = (name: string, value: number | undefined): void => {
    if (value !== undefined && !(value >= 0 && value <= 1)) refuse(`${name} lies in [0, 1], not at ${value}`);
  };
  if (spec.kind === 'text') {
    share('masking', spec.masking);
    return;
  }
  for (const [name, value] of Object.entries(spec)) {
    if (typeof value === 'number' && value < 0) refuse(`${name} is not negative, but ${value}`);
  }
  if (spec.kind === 'series') {
    share('crop', spec.crop);
    if ((spec.timeWarp ?? 0) >= 1) refuse(`timeWarp lies in [0, 1), not at ${spec.timeWarp}`);
    return;
  }
  share('horizontalFlip', spec.horizontalFlip);
  share('verticalFlip', spec.verticalFlip);
  if (spec.scaling && !(spec.scaling[0] > 0 && spec.scaling[1] >= spec.scaling[0])) {
    refuse(`scaling goes from a factor above 0 to one that is no smaller, not from ${spec.scaling.join(' to ')}`);
  }
  if (spec.mixup && spec.cutmix) refuse('a step mixes by mixup or by cutmix, not both');
}
