import { staticSize } from '../dimension.ts';
import type { Lowering } from '../lowering/lowering.ts';
import type { Node, Tensor } from '../tensor.ts';
import {
  packedFilter,
  packedFlippedDepthwiseFilter,
  packedFlippedFilter,
  packedPhaseFilter,
  phaseWindow,
} from './filter-packing.ts';
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

const unitWindow = (kernel: number, pads: readonly number[], groups = 1) => ({
  kernel_shape: [kernel, kernel],
  strides: [1, 1],
  pads,
  dilations: [1, 1],
  group: groups,
});

/**
 * Input gradients and transposed convolutions: g, weight, bias?, residual? and, set by fusion only, the gradient and
 * weight of a 1 x 1 shortcut at stride 2, which is added.
 */
export function inputGradientBlocked(lowering: Lowering, node: Node): boolean {
  const [g, weight] = [inputOf(node, 0), inputOf(node, 1)];
  const [, , bias, residual, shortcut] = node.inputs;
  const dx = outputOf(node);
  const block = lowering.target.blockSize;
  const window = windowOf(node.attributes);
  if (block === undefined || !lowering.canBlock(dx) || window.dilations.some((d) => d !== 1)) return false;
  const groups = numberOf(node.attributes, 'groups');
  const isUnit = window.strides.every((stride) => stride === 1);
  // Fewer channels than a block are read from the plain image.
  const isThin = groups === 1 && isUnit && staticSize(g.shape[1]) < block;
  if (!isThin && !lowering.canBlock(g)) return false;
  if (groups !== 1) {
    const isDepthwise = groups === staticSize(dx.shape[1]) && groups === staticSize(g.shape[1]);
    return isDepthwise && !bias && !residual && depthwiseInputGradient(lowering, node, window, block);
  }
  if (isUnit) {
    const pads = window.pads.map((pad, side) => window.kernel[(side % 2) as 0 | 1] - 1 - pad);
    if (pads.some((pad) => pad < 0)) return false;
    const filter = packedFlippedFilter(lowering, weight, block);
    const image = isThin ? lowering.plain(g) : lowering.blocked(g);
    const names = [image, filter, bias && lowering.plain(bias), residual && lowering.blocked(residual)];
    lowering.define(dx, lowering.emitBlocked('Conv', names, { ...onnxWindow(window), pads, group: 1 }), 'blocked');
    return true;
  }
  if (residual || !doubles(window, g, dx)) return false;
  const [kernel, pad] = [window.kernel[0], window.pads[0]];
  if (kernel === 1 && pad === 0 && !bias && !shortcut) {
    // Only the even pixels were read: the others get zeros.
    const filter = packedFlippedFilter(lowering, weight, block);
    const even = lowering.emitBlocked('Conv', [lowering.blocked(g), filter], unitWindow(1, [0, 0, 0, 0]));
    lowering.define(dx, spread(lowering, even, g, dx, block), 'blocked');
    return true;
  }
  if (kernel > 4) return false;
  // Four output phases: one convolution to 4C channels, then a pixel shuffle.
  const phases = phaseWindow(kernel, pad);
  const offsets = bias && lowering.emit('Concat', Array(4).fill(lowering.plain(bias)), { axis: 0 });
  const filter = packedPhaseFilter(lowering, weight, block, pad);
  let fourfold = lowering.emitBlocked(
    'Conv',
    [lowering.blocked(g), filter, offsets],
    unitWindow(phases.kernel, phases.pads),
  );
  if (shortcut) {
    const pointwise = packedPhaseFilter(lowering, inputOf(node, 5), block, 0);
    const names = [lowering.blocked(shortcut), pointwise, undefined, fourfold];
    fourfold = lowering.emitBlocked('Conv', names, unitWindow(1, [0, 0, 0, 0]));
  }
  const [channels, height, width] = dx.shape.slice(1).map(Number) as [number, number, number];
  const apart = lowering.reshape(fourfold, [-1, 2, 2, channels / block, height / 2, width / 2, block]);
  const shuffled = lowering.transpose(apart, [0, 3, 4, 1, 5, 2, 6]);
  lowering.define(dx, lowering.reshape(shuffled, [-1, channels, height, width]), 'blocked');
  return true;
}

/** A square window at stride 2 that takes g to exactly twice its height and width. */
function doubles(window: Window, g: Tensor, dx: Tensor): boolean {
  const [kernel, pad] = [window.kernel[0], window.pads[0]];
  return (
    window.strides.every((stride) => stride === 2) &&
    window.kernel[1] === kernel &&
    window.pads.every((other) => other === pad) &&
    ([2, 3] as const).every((axis) => staticSize(dx.shape[axis]) === 2 * staticSize(g.shape[axis]))
  );
}

/** Zeros between the pixels: [N, C, H, W] → [N, C, 2H, 2W], blocked. */
function spread(lowering: Lowering, name: string, small: Tensor, large: Tensor, block: number): string {
  const [height, width] = [staticSize(small.shape[2]), staticSize(small.shape[3])];
  const apart = lowering.reshape(name, [-1, height, 1, width, block]);
  const padded = lowering.emit('Pad', [apart, lowering.int64s([0, 0, 0, 0, 0, 0, 0, 1, 0, block])]);
  return lowering.reshape(padded, [-1, ...large.shape.slice(1).map(Number)]);
}

function depthwiseInputGradient(lowering: Lowering, node: Node, window: Window, block: number): boolean {
  const [g, weight, dx] = [inputOf(node, 0), inputOf(node, 1), outputOf(node)];
  const isUnit = window.strides.every((stride) => stride === 1);
  if (!isUnit && !doubles(window, g, dx)) return false;
  const [kernel] = window.kernel;
  const leading = window.pads.slice(0, 2).map((pad, axis) => window.kernel[axis as 0 | 1] - 1 - pad);
  const trailing = isUnit
    ? window.pads.slice(2).map((pad, axis) => window.kernel[axis as 0 | 1] - 1 - pad)
    : leading.map((pad) => kernel - 1 - pad);
  const pads = [...leading, ...trailing];
  if (pads.some((pad) => pad < 0)) return false;
  const image = isUnit ? lowering.blocked(g) : spread(lowering, lowering.blocked(g), g, dx, block);
  const filter = packedFlippedDepthwiseFilter(lowering, weight, block);
  const channels = staticSize(dx.shape[1]);
  const attributes = { ...unitWindow(kernel, pads, channels), kernel_shape: window.kernel };
  lowering.define(dx, lowering.emitBlocked('Conv', [image, filter], attributes), 'blocked');
  return true;
}
