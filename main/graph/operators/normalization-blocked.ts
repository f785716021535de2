import { staticSize } from '../dimension.ts';
import type { Lowering } from '../lowering/lowering.ts';
import type { Node, Tensor } from '../tensor.ts';
import { inputOf, numberOf, outputOf } from './rule-inputs.ts';

/**
 * Batch norm in NCHWc: statistics through GlobalAveragePool, and every pass over the images as a depthwise 1 x 1
 * convolution, which is a fused multiply-add per channel. Returns false where the shapes do not fit.
 */
export function batchNormTrainBlocked(lowering: Lowering, node: Node): boolean {
  const [x, weight, bias] = [inputOf(node, 0), inputOf(node, 1), inputOf(node, 2)];
  if (!lowering.isBlocked(x)) return false;
  const channels = staticSize(x.shape[1]);
  const name = lowering.blocked(x);
  const mean = channelMean(lowering, name, channels);
  const centred = affine(
    lowering,
    name,
    channels,
    lowering.constant('float32', [channels], new Float32Array(channels).fill(1)),
    lowering.emit('Neg', [mean]),
  );
  const variance = channelMean(lowering, lowering.emit('Mul', [centred, centred]), channels);
  const shifted = lowering.emit('Add', [variance, lowering.scalar(numberOf(node.attributes, 'epsilon'))]);
  const inverse = lowering.emit('Reciprocal', [lowering.emit('Sqrt', [shifted])]);
  const factor = lowering.emit('Mul', [inverse, lowering.plain(weight)]);
  const residual = node.inputs[3];
  const more = residual && lowering.blocked(residual);
  const y = affine(
    lowering,
    centred,
    channels,
    factor,
    lowering.plain(bias),
    more,
    node.attributes.activation === 'Relu',
  );
  lowering.define(outputOf(node), y, 'blocked');
  lowering.define(outputOf(node, 4), centred, 'blocked');
  [mean, variance, inverse].forEach((value, index) => {
    lowering.define(outputOf(node, index + 1), value);
  });
  return true;
}

export function batchNormGradientBlocked(lowering: Lowering, node: Node): boolean {
  const [g, x, weight, inverse] = node.inputs as readonly Tensor[] as readonly [Tensor, Tensor, Tensor, Tensor];
  if (!lowering.isBlocked(x)) return false;
  const channels = staticSize(x.shape[1]);
  const gradient = lowering.blocked(g);
  const centred = lowering.blocked(x);
  const scale = lowering.plain(inverse);
  const biasMean = channelMean(lowering, gradient, channels);
  const product = channelMean(lowering, lowering.emit('Mul', [gradient, centred]), channels);
  const weightMean = lowering.emit('Mul', [product, scale]);
  // dx = f·g − f·mean(g) − f·mean(g·normal)·normal with f = weight / deviation and normal = centred / deviation
  const factor = lowering.emit('Mul', [scale, lowering.plain(weight)]);
  const slope = lowering.emit('Neg', [lowering.emit('Mul', [lowering.emit('Mul', [factor, weightMean]), scale])]);
  const offset = lowering.emit('Neg', [lowering.emit('Mul', [factor, biasMean])]);
  const rest = affine(lowering, centred, channels, slope, offset);
  lowering.define(outputOf(node), affine(lowering, gradient, channels, factor, undefined, rest), 'blocked');
  const shape = lowering.emit('Shape', [gradient]);
  const along = lowering.emit('Gather', [shape, lowering.int64s([0, 2, 3])]);
  const count = lowering.emit('Cast', [lowering.emit('ReduceProd', [along], { keepdims: 0 })], { to: 1 });
  [weightMean, biasMean].forEach((value, index) => {
    lowering.define(outputOf(node, index + 1), lowering.emit('Mul', [value, count]));
  });
  return true;
}

/** factor·x + offset (+ more) per channel, then optionally a rectifier. */
function affine(
  lowering: Lowering,
  x: string,
  channels: number,
  factor: string,
  offset?: string,
  more?: string,
  rectified = false,
): string {
  const filter = lowering.reshape(factor, [channels, 1, 1, 1]);
  return lowering.emitBlocked('Conv', [x, filter, offset, more], {
    kernel_shape: [1, 1],
    strides: [1, 1],
    pads: [0, 0, 0, 0],
    dilations: [1, 1],
    group: channels,
    ...(rectified ? { activation: 'Relu' } : {}),
  });
}

/** [C], over images and pixels. */
function channelMean(lowering: Lowering, x: string, channels: number): string {
  const images = lowering.reshape(lowering.emitBlocked('GlobalAveragePool', [x]), [-1, channels]);
  return lowering.emit('ReduceMean', [images, lowering.int64s([0])], { keepdims: 0 });
}
