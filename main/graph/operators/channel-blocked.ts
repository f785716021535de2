import { staticSize } from '../dimension.ts';
import type { Lowering } from '../lowering/lowering.ts';
import type { Node, Tensor } from '../tensor.ts';
import { inputOf, need, numberOf, outputOf } from './rule-inputs.ts';

/**
 * Joining, cutting and widening along the channels in NCHWc: whole blocks lie together, so the operators of the plain
 * layout do it under the same shapes. Each returns false where the shapes do not fit, and has then written nothing.
 */

export function concatBlocked(lowering: Lowering, node: Node): boolean {
  const inputs = node.inputs.map(need);
  if (numberOf(node.attributes, 'axis') !== 1 || !inputs.every((input) => lowering.canBlock(input))) return false;
  if (!inputs.some((input) => lowering.isBlocked(input))) return false;
  const names = inputs.map((input) => lowering.blocked(input));
  lowering.define(outputOf(node), lowering.emit('Concat', names, { axis: 1 }), 'blocked');
  return true;
}

export function sliceBlocked(lowering: Lowering, node: Node): boolean {
  const x = inputOf(node, 0);
  const [start, size] = [numberOf(node.attributes, 'start'), numberOf(node.attributes, 'size')];
  if (!isWholeBlocks(lowering, node, x, [start, size])) return false;
  const bounds = [[start], [start + size], [1]].map((bound) => lowering.int64s(bound));
  lowering.define(outputOf(node), lowering.emit('Slice', [lowering.blocked(x), ...bounds]), 'blocked');
  return true;
}

export function padChannelsBlocked(lowering: Lowering, node: Node): boolean {
  const x = inputOf(node, 0);
  const pads = [numberOf(node.attributes, 'before'), numberOf(node.attributes, 'after')];
  if (!isWholeBlocks(lowering, node, x, pads)) return false;
  const inputs = [lowering.blocked(x), lowering.int64s(pads), undefined, lowering.int64s([1])];
  lowering.define(outputOf(node), lowering.emit('Pad', inputs), 'blocked');
  return true;
}

const isWholeBlocks = (lowering: Lowering, node: Node, x: Tensor, sizes: readonly number[]): boolean => {
  const block = lowering.target.blockSize;
  if (block === undefined || numberOf(node.attributes, 'axis') !== 1) return false;
  return lowering.isBlocked(x) && sizes.every((size) => size % block === 0);
};

/** x [N, C, H, W] times gate [N, C, 1, 1]. */
export function channelScaleBlocked(lowering: Lowering, node: Node): boolean {
  const [x, gate] = [inputOf(node, 0), inputOf(node, 1)];
  const block = lowering.target.blockSize;
  if (block === undefined || !lowering.isBlocked(x)) return false;
  const [channels, height, width] = x.shape.slice(1).map(Number) as [number, number, number];
  const image = lowering.reshape(lowering.blocked(x), [-1, channels / block, height * width, block]);
  const factors = lowering.reshape(lowering.blocked(gate), [-1, channels / block, 1, block]);
  const product = lowering.reshape(lowering.emit('Mul', [image, factors]), [-1, channels, height, width]);
  lowering.define(outputOf(node), product, 'blocked');
  return true;
}

/** [N, C, H, W] → [N, C, 1, 1], summed on all threads. */
export function pixelSumBlocked(lowering: Lowering, node: Node): boolean {
  const x = inputOf(node, 0);
  if (!lowering.isBlocked(x)) return false;
  const mean = lowering.emitBlocked('GlobalAveragePool', [lowering.blocked(x)]);
  const pixels = lowering.scalar(staticSize(x.shape[2]) * staticSize(x.shape[3]));
  lowering.define(outputOf(node), lowering.emit('Mul', [mean, pixels]), 'blocked');
  return true;
}
