import { add, cast, maximum, minimum, multiply, reduceMean, reshape, scale, shift, subtract } from '../expression.ts';
import { GraphError } from '../graph-error.ts';
import type { Tensor } from '../tensor.ts';
import { betaQuantiles } from './beta.ts';
import type { RandomDraws } from './random-draws.ts';

const RANK = 4;
const TABLE_SIZE = 1024;

/** Boxes as masks [batch, 1, H, W]: 1 inside of a box of the given size around a place of the image, 0 outside. */
function boxMask(x: Tensor, sizeY: Tensor, sizeX: Tensor, draws: RandomDraws): Tensor {
  const { graph } = x;
  const axis = (length: number, size: Tensor, shape: readonly number[]): Tensor => {
    const places = graph.constant(
      'float32',
      shape,
      Float32Array.from({ length }, (_, index) => index + 0.5),
    );
    const middle = draws.between(0, length, RANK);
    const half = scale(size, 0.5);
    const above = graph.apply('Less', [subtract(middle, half), places]);
    const below = graph.apply('Less', [places, add(middle, half)]);
    return multiply(cast(above, 'float32'), cast(below, 'float32'));
  };
  const [height, width] = [Number(x.shape[2]), Number(x.shape[3])];
  return multiply(axis(height, sizeY, [1, 1, height, 1]), axis(width, sizeX, [1, 1, 1, width]));
}

/** A square of zeros somewhere in each image, cut off at the edges (DeVries & Taylor 2017). */
export function cutOut(x: Tensor, size: number, draws: RandomDraws): Tensor {
  const side = x.graph.scalar(size);
  return multiply(x, shift(scale(boxMask(x, side, side, draws), -1), 1));
}

export interface Mixed {
  readonly x: Tensor;
  /** Mixes the targets in the same proportions; class ids become distributions. */
  readonly prepareTarget: (y: Tensor, output: Tensor) => Tensor;
}

/** λ·x + (1 − λ)·x′ with λ ~ Beta(α, α) per sample, x′ the batch in reverse order (Zhang et al. 2018). */
export function mixUp(x: Tensor, alpha: number, draws: RandomDraws): Mixed {
  const share = drawBeta(x, alpha, draws, x.shape.length);
  return { x: blend(x, share), prepareTarget: mixTargets(share) };
}

/**
 * A box of the area 1 − λ comes from the other image, λ ~ Beta(α, α); targets count by the area that it really has
 * (Yun et al. 2019).
 */
export function cutMix(x: Tensor, alpha: number, draws: RandomDraws): Mixed {
  const { graph } = x;
  const side = graph.apply('Sqrt', [shift(scale(drawBeta(x, alpha, draws, RANK), -1), 1)]);
  const mask = boxMask(x, scale(side, Number(x.shape[2])), scale(side, Number(x.shape[3])), draws);
  const kept = shift(scale(mask, -1), 1);
  return { x: blend(x, kept), prepareTarget: mixTargets(reduceMean(kept, [1, 2, 3], true)) };
}

const blend = (value: Tensor, share: Tensor): Tensor =>
  add(multiply(value, share), multiply(value.graph.apply('ReverseRows', [value]), shift(scale(share, -1), 1)));

const mixTargets =
  (share: Tensor) =>
  (y: Tensor, output: Tensor): Tensor => {
    const classes = output.shape[1];
    const isIds = y.dtype === 'int64';
    if (isIds && (y.shape.length !== 1 || output.shape.length !== 2)) {
      throw new GraphError('unsupported', `Samples can be mixed where there is one class per image, not [${y.shape}].`);
    }
    const target = isIds ? y.graph.apply('OneHot', [y], { classes: Number(classes) }) : y;
    const [batch, ...rest] = target.shape;
    return blend(target, reshape(share, [batch ?? 1, ...rest.map(() => 1)]));
  };

/** By a table of quantiles, since the distribution has no closed inverse. */
function drawBeta(x: Tensor, alpha: number, draws: RandomDraws, rank: number): Tensor {
  const { graph } = x;
  const uniform = draws.unit(rank);
  if (alpha === 1) return uniform;
  const table = graph.constant('float32', [TABLE_SIZE + 1], betaQuantiles(alpha, TABLE_SIZE));
  const place = scale(uniform, TABLE_SIZE);
  const below = minimum(graph.apply('Floor', [place]), graph.scalar(TABLE_SIZE - 1));
  const [low, high] = [below, shift(below, 1)].map((at) => graph.apply('LookUp', [table, at])) as [Tensor, Tensor];
  const between = maximum(graph.scalar(0), subtract(place, below));
  return add(low, multiply(subtract(high, low), between));
}
