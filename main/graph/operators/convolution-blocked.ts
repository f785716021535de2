import { staticSize } from '../dimension.ts';
import type { Lowering } from '../lowering/lowering.ts';
import type { Node, Tensor } from '../tensor.ts';
import { packedFilter, packedFlippedFilter, packedPhaseFilter } from './filter-packing.ts';
import { inputOf, numberOf, outputOf } from './rule-inputs.ts';
import type { Window } from './window.ts';
import { onnxWindow, windowOf } from './window.ts';

/**
 * Lowerings to ONNX Runtime's NCHWc operators (com.microsoft.nchwc; kernels in onnxruntime/contrib_ops/cpu/nchwc_ops.cc).
 * Each returns false where the shapes do not fit, and has then written nothing.
 */

export function convolutionBlocked(lowering: Lowering, node: Node): boolean {
  const [x, weight, bias, residual] = node.inputs as readonly [Tensor, Tensor, Tensor?, Tensor?];
  const block = lowering.target.blockSize;
  const groups = numberOf(node.attributes, 'groups');
  if (block === undefined || !lowering.canBlock(outputOf(node))) return false;
  const channels = staticSize(x.shape[1]);
  const depthwise = groups === channels && staticSize(weight.shape[0]) === channels;
  if (groups !== 1 && !depthwise) return false;
  // Fewer channels than a block are read from the plain image.
  const stem = groups === 1 && channels < block;
  if (!stem && !lowering.canBlock(x)) return false;
  const image = stem ? lowering.plain(x) : lowering.blocked(x);
  const filter = packedFilter(lowering, weight, block);
  const names = [image, filter, bias && lowering.plain(bias), residual && lowering.blocked(residual)];
  const activation = node.attributes.activation;
  const attributes = {
    ...onnxWindow(windowOf(node.attributes)),
    group: groups,
    ...(typeof activation === 'string' ? { activation } : {}),
  };
  lowering.define(outputOf(node), lowering.emitBlocked('Conv', names, attributes), 'blocked');
  return true;
}

const unitWindow = (kernel: number, pads: readonly number[]) => ({
  kernel_shape: [kernel, kernel],
  strides: [1, 1],
  pads,
  dilations: [1, 1],
  group: 1,
});

export function inputGradientBlocked(lowering: Lowering, node: Node): boolean {
  const [g, weight, dx] = [inputOf(node, 0), inputOf(node, 1), outputOf(node)];
  const block = lowering.target.blockSize;
  const window = windowOf(node.attributes);
  if (block === undefined || numberOf(node.attributes, 'groups') !== 1) return false;
  if (!lowering.canBlock(g) || !lowering.canBlock(dx) || window.dilations.some((d) => d !== 1)) return false;
  const [kernel] = window.kernel;
  if (window.strides.every((stride) => stride === 1)) {
    const pads = window.pads.map((pad, side) => window.kernel[(side % 2) as 0 | 1] - 1 - pad);
    if (pads.some((pad) => pad < 0)) return false;
    const filter = packedFlippedFilter(lowering, weight, block);
    const attributes = { ...onnxWindow(window), pads, group: 1 };
    lowering.define(dx, lowering.emitBlocked('Conv', [lowering.blocked(g), filter], attributes), 'blocked');
    return true;
  }
  const [height, width] = [staticSize(dx.shape[2]), staticSize(dx.shape[3])];
  const halves = window.strides.every((stride) => stride === 2) && height % 2 === 0 && width % 2 === 0;
  if (!halves || window.kernel[1] !== kernel) return false;
  const channels = staticSize(dx.shape[1]);
  const blocks = channels / block;
  const sizes = [height / 2, width / 2] as const;
  if (kernel === 1 && window.pads.every((pad) => pad === 0)) {
    // Only the even pixels were read: the others get zeros.
    const filter = packedFlippedFilter(lowering, weight, block);
    const even = lowering.emitBlocked('Conv', [lowering.blocked(g), filter], unitWindow(1, [0, 0, 0, 0]));
    const apart = lowering.reshape(even, [-1, sizes[0], 1, sizes[1], block]);
    const pads = lowering.int64s([0, 0, 0, 0, 0, 0, 0, 1, 0, block]);
    const spread = lowering.emit('Pad', [apart, pads]);
    lowering.define(dx, lowering.reshape(spread, [-1, channels, height, width]), 'blocked');
    return true;
  }
  if (kernel !== 3 || window.pads.some((pad) => pad !== 1)) return false;
  // Four output phases from a 2 x 2 window each: one convolution to 4C channels, then a pixel shuffle.
  const filter = packedPhaseFilter(lowering, weight, block);
  const phases = lowering.emitBlocked('Conv', [lowering.blocked(g), filter], unitWindow(2, [0, 0, 1, 1]));
  const apart = lowering.reshape(phases, [-1, 2, 2, blocks, sizes[0], sizes[1], block]);
  const shuffled = lowering.transpose(apart, [0, 3, 4, 1, 5, 2, 6]);
  lowering.define(dx, lowering.reshape(shuffled, [-1, channels, height, width]), 'blocked');
  return true;
}

export function weightGradientBlocked(lowering: Lowering, node: Node): boolean {
  const [x, g] = [inputOf(node, 0), inputOf(node, 1)];
  const window = windowOf(node.attributes);
  if (numberOf(node.attributes, 'groups') !== 1 || !lowering.isBlocked(g) || !lowering.canBlock(x)) return false;
  if (window.dilations.some((d) => d !== 1)) return false;
  const [kh, kw] = window.kernel;
  if (kh === 1 && kw === 1 && window.pads.every((pad) => pad === 0)) return pointwise(lowering, node, x, g, window);
  return unfolded(lowering, node, x, g, window);
}

/** One matrix product over all pixels of all images. */
function pointwise(lowering: Lowering, node: Node, x: Tensor, g: Tensor, window: Window): boolean {
  const [outputs, channels] = [staticSize(g.shape[1]), staticSize(x.shape[1])];
  let pixels = channelsLast(lowering, x);
  if (window.strides.some((stride) => stride !== 1)) {
    const axes = ([0, 1] as const).filter((axis) => window.strides[axis] !== 1);
    for (const axis of axes) {
      const chosen = Array.from({ length: staticSize(g.shape[axis + 2]) }, (_, index) => index * window.strides[axis]);
      pixels = lowering.emit('Gather', [pixels, lowering.int64s(chosen)], { axis: axis + 1 });
    }
  }
  const rows = lowering.reshape(channelsLast(lowering, g), [-1, outputs]);
  const product = lowering.emit('Gemm', [rows, lowering.reshape(pixels, [-1, channels])], { transA: 1 });
  lowering.define(outputOf(node), lowering.reshape(product, [outputs, channels, 1, 1]));
  return true;
}

/** Gather every window's pixels with channels last, then one matrix product per image, summed over the images. */
function unfolded(lowering: Lowering, node: Node, x: Tensor, g: Tensor, window: Window): boolean {
  const channels = staticSize(x.shape[1]);
  const [outputs, rows, columns] = g.shape.slice(1).map(Number) as [number, number, number];
  const taps = window.kernel[0] * window.kernel[1];
  const pixels = rows * columns;
  const left = lowering.reshape(lowering.plain(g), [-1, outputs, pixels]);
  const right = lowering.reshape(windows(lowering, x, rows, columns, window), [-1, pixels, taps * channels]);
  const sum = lowering.reduceSum(lowering.emit('MatMul', [left, right]), [0], false);
  const apart = lowering.transpose(lowering.reshape(sum, [outputs, taps, channels]), [0, 2, 1]);
  lowering.define(outputOf(node), lowering.reshape(apart, outputOf(node).shape.map(Number)));
  return true;
}

/** [N, output pixels · taps, C]: what each window reads; places outside the image read an added zero. */
function windows(lowering: Lowering, x: Tensor, rows: number, columns: number, window: Window): string {
  const [channels, height, width] = x.shape.slice(1).map(Number) as [number, number, number];
  const outside = height * width;
  const indices: number[] = [];
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      for (let dy = 0; dy < window.kernel[0]; dy++)
        for (let dx = 0; dx < window.kernel[1]; dx++) {
          const y = row * window.strides[0] + dy - window.pads[0];
          const z = column * window.strides[1] + dx - window.pads[1];
          indices.push(y < 0 || z < 0 || y >= height || z >= width ? outside : y * width + z);
        }
  let flat = lowering.reshape(channelsLast(lowering, x), [-1, outside, channels]);
  if (indices.includes(outside)) flat = lowering.emit('Pad', [flat, lowering.int64s([0, 0, 0, 0, 1, 0])]);
  return lowering.emit('Gather', [flat, lowering.int64s(indices)], { axis: 1 });
}

/** [N, C, H, W] in blocks → [N, H, W, C]. */
function channelsLast(lowering: Lowering, x: Tensor): string {
  const [channels, height, width] = x.shape.slice(1).map(Number) as [number, number, number];
  return lowering.memo(`channels-last:${x.id}`, () =>
    channels === lowering.target.blockSize
      ? lowering.reshape(lowering.blocked(x), [-1, height, width, channels])
      : lowering.emitBlocked('ReorderOutput', [lowering.blocked(x)], { channels, channels_last: 1 }),
  );
}
