import { staticSize } from '../dimension.ts';
import type { Lowering } from '../lowering/lowering.ts';
import { float } from '../lowering/lowering.ts';
import type { Node, Tensor } from '../tensor.ts';
import { inputOf, outputOf } from './rule-inputs.ts';
import { onnxWindow, windowOf } from './window.ts';

/** NCHWc lowerings of pooling. Each returns false where the shapes do not fit, and has then written nothing. */

export function maxPoolBlocked(lowering: Lowering, node: Node): boolean {
  const [x, y] = [inputOf(node, 0), outputOf(node)];
  if (!lowering.isBlocked(x) || !lowering.canBlock(y)) return false;
  // The blocked operator yields no indices; the gradient can do without only for halving windows.
  if (lowering.readerCount(outputOf(node, 1)) > 0 && !halves(node.attributes, x)) return false;
  const { dilations: _none, ...attributes } = onnxWindow(windowOf(node.attributes));
  const name = lowering.emitBlocked('MaxPool', [lowering.blocked(x)], { ...attributes, storage_order: 0 });
  lowering.define(y, name, 'blocked');
  return true;
}

/**
 * Each 2 x 2 window hands its gradient to its first maximum: what the earlier places took is subtracted before the next
 * is asked, so ties go to one place only, as in PyTorch. All arithmetic is on quarter-sized tensors and exact.
 */
export function maxPoolGradientBlocked(lowering: Lowering, node: Node): boolean {
  const [g, x, y] = node.inputs as readonly Tensor[] as readonly [Tensor, Tensor, Tensor];
  const block = lowering.target.blockSize;
  if (block === undefined || !lowering.isBlocked(y) || !lowering.canBlock(x) || !halves(node.attributes, x))
    return false;
  const [channels, height, width] = x.shape.slice(1).map(Number) as [number, number, number];
  const small = (tensor: Tensor): string => lowering.reshape(lowering.blocked(tensor), [-1, 1, width / 2, block]);
  const minusBest = lowering.emit('Neg', [lowering.blocked(y)]);
  let rest = small(g);
  const shares: string[] = [];
  for (const place of [0, 1, 2]) {
    // A depthwise convolution with a single one picks a place of every window and subtracts the maximum on all threads.
    const filter = lowering.memo(`window-place:${channels}:${place}`, () => {
      const taps = Float32Array.from({ length: 4 * channels }, (_, index) =>
        Math.floor(index / block) % 4 === place ? 1 : 0,
      );
      return lowering.constant('float32', [channels, 1, 2, 2], taps);
    });
    const attributes = {
      kernel_shape: [2, 2],
      strides: [2, 2],
      pads: [0, 0, 0, 0],
      dilations: [1, 1],
      group: channels,
    };
    const difference = lowering.emitBlocked('Conv', [lowering.blocked(x), filter, undefined, minusBest], attributes);
    // 1 where the place holds the maximum: a steep clamped line through the difference, which is never positive.
    const apart = lowering.reshape(difference, [-1, 1, width / 2, block]);
    const hit = lowering.emit('HardSigmoid', [apart], { alpha: float(1e30), beta: float(1) });
    const share = lowering.emit('Mul', [rest, hit]);
    shares.push(share);
    rest = lowering.emit('Sub', [rest, share]);
  }
  shares.push(rest);
  const pairs = [shares.slice(0, 2), shares.slice(2)].map((pair) => lowering.emit('Concat', pair, { axis: 3 }));
  const whole = lowering.emit('Concat', pairs, { axis: 1 });
  lowering.define(outputOf(node), lowering.reshape(whole, [-1, channels, height, width]), 'blocked');
  return true;
}

const halves = (attributes: Node['attributes'], x: Tensor): boolean => {
  const { kernel, strides, pads } = windowOf(attributes);
  const even = staticSize(x.shape[2]) % 2 === 0 && staticSize(x.shape[3]) % 2 === 0;
  return even && [...kernel, ...strides].every((size) => size === 2) && pads.every((pad) => pad === 0);
};

export function averagePoolBlocked(lowering: Lowering, node: Node): boolean {
  const x = inputOf(node, 0);
  if (!lowering.isBlocked(x)) return false;
  const attributes = { ...onnxWindow(windowOf(node.attributes)), count_include_pad: 1 };
  lowering.define(outputOf(node), lowering.emitBlocked('AveragePool', [lowering.blocked(x)], attributes), 'blocked');
  return true;
}

/** Windows that tile the image: every pixel of a window gets the same share. */
export function averagePoolGradientBlocked(lowering: Lowering, node: Node): boolean {
  const [g, x] = [inputOf(node, 0), inputOf(node, 1)];
  const { kernel, strides, pads } = windowOf(node.attributes);
  const tiles = ([0, 1] as const).every(
    (axis) => strides[axis] === kernel[axis] && staticSize(x.shape[axis + 2]) % kernel[axis] === 0,
  );
  if (!tiles || pads.some((pad) => pad !== 0) || !lowering.isBlocked(g)) return false;
  const share = lowering.emit('Mul', [lowering.blocked(g), lowering.scalar(1 / (kernel[0] * kernel[1]))]);
  const attributes = { scales: [1, 1, ...kernel], mode: 'nearest' };
  lowering.define(outputOf(node), lowering.emitBlocked('Upsample', [share], attributes), 'blocked');
  return true;
}

/** Repeats one pixel per channel over a whole image; for the gradient of global pooling. */
export function broadcastPixelBlocked(lowering: Lowering, node: Node): boolean {
  const [pixel, like] = [inputOf(node, 0), inputOf(node, 1)];
  const block = lowering.target.blockSize;
  if (block === undefined || !lowering.isBlocked(like) || !lowering.canBlock(pixel)) return false;
  if (pixel.shape[2] !== 1 || pixel.shape[3] !== 1) return false;
  const [channels, height, width] = like.shape.slice(1).map(Number) as [number, number, number];
  const apart = lowering.reshape(lowering.blocked(pixel), [-1, channels / block, 1, block]);
  const spread = lowering.emit('Expand', [apart, lowering.int64s([1, 1, height * width, 1])]);
  lowering.define(outputOf(node), lowering.reshape(spread, [-1, channels, height, width]), 'blocked');
  return true;
}
