import { staticSize } from '../dimension.ts';
import type { Lowering } from '../lowering/lowering.ts';
import { float } from '../lowering/lowering.ts';
import type { LoweringRule } from '../operator.ts';
import type { Tensor } from '../tensor.ts';
import { inputOf, need, numberOf, outputOf } from './rule-inputs.ts';
import { onnxWindow, windowOf } from './window.ts';

/**
 * Lowerings for WebGPU, in operators that its provider computes on the device. It hands OneHot, LogSoftmax, Sign,
 * MaxUnpool and comparisons of integers to the CPU, and fails on MaxPool with indices (ONNX Runtime 1.30).
 */

const FLOAT = 1;
/** A power of two, so that only zero itself is neither above nor below. */
const STEEP = 2 ** 100;
const LOWEST = -3.4028234663852886e38;

/** Ids [N] → [N, classes] with `on` at the id and `off` elsewhere. */
export function oneHotWebGpu(lowering: Lowering, ids: Tensor, classes: number, off: number, on: number): string {
  const column = lowering.emit('Unsqueeze', [asFloat(lowering, lowering.plain(ids)), lowering.int64s([1])]);
  const range = lowering.constant(
    'float32',
    [1, classes],
    Float32Array.from({ length: classes }, (_, index) => index),
  );
  const hot = lowering.emit('Cast', [lowering.emit('Equal', [column, range])], { to: FLOAT });
  if (off === 0 && on === 1) return hot;
  const scaled = lowering.emit('Mul', [hot, lowering.scalar(on - off)]);
  return lowering.emit('Add', [scaled, lowering.scalar(off)]);
}

export function logSoftmaxWebGpu(lowering: Lowering, x: string, axis: number): string {
  const axes = lowering.int64s([axis]);
  const below = lowering.emit('Sub', [x, lowering.emit('ReduceMax', [x, axes], { keepdims: 1 })]);
  const sum = lowering.emit('ReduceSum', [lowering.emit('Exp', [below]), axes], { keepdims: 1 });
  return lowering.emit('Sub', [below, lowering.emit('Log', [sum])]);
}

/** 1, 0 or −1: two clamped lines. */
export function signWebGpu(lowering: Lowering, x: string): string {
  const step = (slope: number): string => lowering.emit('HardSigmoid', [x], { alpha: float(slope), beta: float(0) });
  return lowering.emit('Sub', [step(STEEP), step(-STEEP)]);
}

/** Where two int64 tensors are the same, as float32 1 and 0; exact up to 2²⁴. */
export function equalIdsWebGpu(lowering: Lowering, left: string, right: string): string {
  const same = lowering.emit('Equal', [asFloat(lowering, left), asFloat(lowering, right)]);
  return lowering.emit('Cast', [same], { to: FLOAT });
}

export const maxPoolWebGpu: LoweringRule = (lowering, node) => {
  const x = lowering.plain(inputOf(node, 0));
  lowering.define(outputOf(node), lowering.emit('MaxPool', [x], onnxWindow(windowOf(node.attributes))));
};

/**
 * Looks through the places of all windows one after the other: the first that holds the maximum gets the gradient, as in
 * PyTorch. A transposed convolution with one-hot kernels then adds up what came to each pixel.
 */
export const maxPoolGradientWebGpu: LoweringRule = (lowering, node) => {
  const [g, x, y] = [inputOf(node, 0), inputOf(node, 1), inputOf(node, 2)];
  const { kernel, strides, pads, dilations } = windowOf(node.attributes);
  const channels = staticSize(x.shape[1]);
  const sizes = ([0, 1] as const).map((axis) => staticSize(y.shape[axis + 2]));
  const spans = ([0, 1] as const).map((axis) => (need(sizes[axis]) - 1) * strides[axis] + 1);
  const after = ([0, 1] as const).map((axis) => {
    const reach = need(spans[axis]) + (kernel[axis] - 1) * dilations[axis];
    return Math.max(0, reach - staticSize(x.shape[axis + 2]) - pads[axis]);
  });
  const isPadded = [...pads.slice(0, 2), ...after].some((size) => size > 0);
  const padding = lowering.int64s([0, 0, pads[0], pads[1], 0, 0, ...after]);
  const padded = isPadded
    ? lowering.emit('Pad', [lowering.plain(x), padding, lowering.scalar(LOWEST)])
    : lowering.plain(x);
  const [gradient, maxima] = [lowering.plain(g), lowering.plain(y)];
  const axes = lowering.int64s([2, 3]);
  const steps = lowering.int64s(strides);
  let free: string | undefined;
  const claimed: string[] = [];
  for (let row = 0; row < kernel[0]; row++) {
    for (let column = 0; column < kernel[1]; column++) {
      const start = [row * dilations[0], column * dilations[1]];
      const end = start.map((place, axis) => place + need(spans[axis]));
      const values = lowering.emit('Slice', [padded, lowering.int64s(start), lowering.int64s(end), axes, steps]);
      const equal = lowering.emit('Cast', [lowering.emit('Equal', [values, maxima])], { to: FLOAT });
      const claim = free === undefined ? equal : lowering.emit('Mul', [equal, free]);
      free = lowering.emit('Sub', [free ?? lowering.scalar(1), claim]);
      claimed.push(lowering.emit('Unsqueeze', [lowering.emit('Mul', [gradient, claim]), lowering.int64s([2])]));
    }
  }
  const taps = claimed.length;
  const stacked = lowering.reshape(lowering.emit('Concat', claimed, { axis: 2 }), [-1, channels * taps, ...sizes]);
  const oneHot = Float32Array.from({ length: channels * taps * taps }, (_, index) =>
    Math.floor(index / taps) % taps === index % taps ? 1 : 0,
  );
  const places = lowering.constant('float32', [channels * taps, 1, ...kernel], oneHot);
  const output_padding = ([0, 1] as const).map((axis) => {
    const covered = need(spans[axis]) + (kernel[axis] - 1) * dilations[axis] - pads[axis] - pads[(axis + 2) as 2 | 3];
    return staticSize(x.shape[axis + 2]) - covered;
  });
  const attributes = { ...onnxWindow(windowOf(node.attributes)), group: channels, output_padding };
  lowering.define(outputOf(node), lowering.emit('ConvTranspose', [stacked, places], attributes));
};

export const softmaxCrossEntropyWebGpu: LoweringRule = (lowering, node) => {
  const logits = inputOf(node, 0);
  const classes = Number(logits.shape[1]);
  const smoothing = numberOf(node.attributes, 'labelSmoothing');
  const off = smoothing / classes;
  const target = oneHotWebGpu(lowering, inputOf(node, 1), classes, off, 1 - smoothing + off);
  const log = logSoftmaxWebGpu(lowering, lowering.plain(logits), 1);
  const sum = lowering.reduceSum(lowering.emit('Mul', [log, target]), [1], false);
  lowering.define(outputOf(node), lowering.emit('Neg', [sum]));
  lowering.define(outputOf(node, 1), log);
  lowering.define(outputOf(node, 2), target);
};

export const correctCountWebGpu: LoweringRule = (lowering, node) => {
  const best = lowering.emit('ArgMax', [lowering.plain(inputOf(node, 0))], { axis: 1, keepdims: 0 });
  const hit = equalIdsWebGpu(lowering, best, lowering.plain(inputOf(node, 1)));
  const weights = node.inputs[2] && signWebGpu(lowering, lowering.plain(node.inputs[2]));
  const counted = weights === undefined ? hit : lowering.emit('Mul', [hit, weights]);
  lowering.define(outputOf(node), lowering.emit('ReduceSum', [counted], { keepdims: 0 }));
};

function asFloat(lowering: Lowering, name: string): string {
  return lowering.memo(`as-float:${name}`, () => lowering.emit('Cast', [name], { to: FLOAT }));
}
