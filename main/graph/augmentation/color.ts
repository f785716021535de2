import {
  add,
  divide,
  maximum,
  minimum,
  multiply,
  reduceMean,
  reduceSum,
  scale,
  shift,
  subtract,
} from '../expression.ts';
import { GraphError } from '../graph-error.ts';
import type { Tensor } from '../tensor.ts';
import type { RandomDraws } from './random-draws.ts';
import type { ImageAugmentation } from './specification.ts';

const RANK = 4;
/** Luma of ITU-R BT.601, as torchvision weighs colours. */
const LUMA = [0.299, 0.587, 0.114];
/** From RGB to luma and two colour differences (YIQ, BT.601 rounded as in NTSC), and back. */
const TO_YIQ = [0.299, 0.587, 0.114, 0.596, -0.274, -0.322, 0.211, -0.523, 0.312];
const FROM_YIQ = inverse(TO_YIQ);

/**
 * Brightness, contrast and saturation blend an image with black, with its mean luma and with its luma, by factors from
 * 1 − s to 1 + s, as torchvision's ColorJitter does in this order; hue turns the colour plane of YIQ by up to the given
 * share of a full turn (a linear stand-in for the turn in HSV). Results are limited to `range`. Normalised images are
 * brought back to what they were and normalised again.
 */
export function jitterColors(x: Tensor, spec: ImageAugmentation, draws: RandomDraws): Tensor {
  const { brightness = 0, contrast = 0, saturation = 0, hue = 0, range = [0, 1] } = spec;
  const { graph } = x;
  const isColor = x.shape[1] === 3;
  if ((saturation > 0 || hue > 0) && !isColor) {
    throw new GraphError('invalid-argument', `Saturation and hue need three channels, not ${x.shape[1]}.`);
  }
  const limit = (value: Tensor): Tensor => maximum(graph.scalar(range[0]), minimum(graph.scalar(range[1]), value));
  const blend = (image: Tensor, other: Tensor | undefined, strength: number): Tensor => {
    const factor = draws.between(Math.max(0, 1 - strength), 1 + strength, RANK);
    const own = multiply(image, factor);
    return limit(other ? add(own, multiply(other, shift(scale(factor, -1), 1))) : own);
  };
  const luma = (image: Tensor): Tensor =>
    isColor
      ? reduceSum(multiply(image, graph.constant('float32', [1, 3, 1, 1], Float32Array.from(LUMA))), [1], true)
      : reduceMean(image, [1], true);
  if (Math.max(brightness, contrast, saturation, hue) === 0) return x;
  const perChannel = (values: readonly number[]): Tensor =>
    graph.constant('float32', [1, values.length, 1, 1], Float32Array.from(values));
  const { normalization } = spec;
  let image = normalization ? add(multiply(x, perChannel(normalization.deviation)), perChannel(normalization.mean)) : x;
  if (brightness > 0) image = blend(image, undefined, brightness);
  if (contrast > 0) image = blend(image, reduceMean(luma(image), [1, 2, 3], true), contrast);
  if (saturation > 0) image = blend(image, luma(image), saturation);
  if (hue > 0) image = limit(turnHue(image, draws.between(-hue, hue, RANK)));
  if (!normalization) return image;
  return divide(subtract(image, perChannel(normalization.mean)), perChannel(normalization.deviation));
}

function turnHue(image: Tensor, turns: Tensor): Tensor {
  const { graph } = image;
  const angle = scale(turns, 2 * Math.PI);
  const [cosine, sine] = [graph.apply('Cos', [angle]), graph.apply('Sin', [angle])];
  const [y, i, q] = mixChannels(image, TO_YIQ);
  const turned = [y, subtract(multiply(i, cosine), multiply(q, sine)), add(multiply(i, sine), multiply(q, cosine))];
  return graph.apply('Concat', mixChannels(graph.apply('Concat', turned, { axis: 1 }), FROM_YIQ), { axis: 1 });
}

/** A 3 × 3 matrix over the channels; one result per row. */
function mixChannels(image: Tensor, matrix: readonly number[]): readonly [Tensor, Tensor, Tensor] {
  const row = (place: number): Tensor => {
    const weights = Float32Array.from(matrix.slice(3 * place, 3 * place + 3));
    return reduceSum(multiply(image, image.graph.constant('float32', [1, 3, 1, 1], weights)), [1], true);
  };
  return [row(0), row(1), row(2)];
}

function inverse(m: readonly number[]): readonly number[] {
  const at = (row: number, column: number): number => m[3 * (row % 3) + (column % 3)] as number;
  const cofactor = (row: number, column: number): number =>
    at(row + 1, column + 1) * at(row + 2, column + 2) - at(row + 1, column + 2) * at(row + 2, column + 1);
  const determinant = [0, 1, 2].reduce((sum, column) => sum + at(0, column) * cofactor(0, column), 0);
  return Array.from({ length: 9 }, (_, place) => cofactor(place % 3, Math.floor(place / 3)) / determinant);
}
