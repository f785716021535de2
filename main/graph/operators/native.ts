import { normalizeAxis, staticSize } from '../dimension.ts';
import { float, type Lowering } from '../lowering/lowering.ts';
import type { LoweringRule } from '../operator.ts';
import type { Node, Tensor } from '../tensor.ts';
import { inputOf, integersOf, need, numberOf, outputOf } from './rule-inputs.ts';
import { windowOf } from './window.ts';

/** What SplitHeads and JoinHeads of the addon take at most. */
export const MOST_PARTS = 3;

/**
 * Lowering to the operators of the addon in `native/`: what ONNX Runtime needs five to ten passes over memory for, or copies of
 * its operands, is one or two passes there. All of them are float32 but for ids; each rule declines (returns false, having
 * written nothing) what does not fit, and the rule of the provider, its twin, is taken.
 */
const isFloat = (node: Node): boolean => node.inputs.every((input) => !input || input.dtype === 'float32');

/** @param layout of the first output; all others lie row-major */
function defineOutputs(
  lowering: Lowering,
  node: Node,
  names: readonly string[],
  layout: 'plain' | 'blocked' = 'plain',
): void {
  names.forEach((name, index) => {
    lowering.define(outputOf(node, index), name, index === 0 ? layout : 'plain');
  });
}

/**
 * One node in whichever layout the inputs already lie.
 * @param count inputs that have the output's shape
 */
export const nativeElementwise =
  (operator: string, otherwise: LoweringRule, count: number): LoweringRule =>
  (lowering, node) => {
    if (!isFloat(node)) return otherwise(lowering, node);
    const { layout, names } = lowering.aligned({ ...node, inputs: node.inputs.slice(0, count) });
    const [y] = lowering.emitNative(operator, names);
    lowering.define(outputOf(node), need(y), layout);
  };

/** Its derivative needs x and the bias alone, for which the row's other outputs stand. */
export const nativeGelu =
  (otherwise: LoweringRule): LoweringRule =>
  (lowering, node) => {
    if (!isFloat(node)) return otherwise(lowering, node);
    const [x, bias] = [inputOf(node, 0), node.inputs[1]];
    const { layout, names } = lowering.aligned({ ...node, inputs: [x] });
    const given = [need(names[0]), ...(bias ? [lowering.plain(bias)] : [])];
    const [y] = lowering.emitNative('Gelu', given);
    lowering.define(outputOf(node), need(y), layout);
    lowering.define(node.outputs[1], need(given[0]), layout);
    lowering.define(node.outputs[2], need(given.at(-1)), layout);
  };

export const nativeGeluGradient =
  (otherwise: LoweringRule): LoweringRule =>
  (lowering, node) => {
    if (!isFloat(node)) return otherwise(lowering, node);
    const { layout, names } = lowering.aligned(node);
    const [g, x, bias] = names;
    const [dx] = lowering.emitNative('GeluGradient', bias === x ? [g, x] : [g, x, bias]);
    lowering.define(outputOf(node), need(dx), layout);
  };

export const addBias = (lowering: Lowering, node: Node): boolean => {
  if (!isFloat(node)) return false;
  const names = node.inputs.map((input) => lowering.plain(need(input)));
  lowering.define(outputOf(node), need(lowering.emitNative('AddBias', names)[0]));
  return true;
};

/** Sums over leading axes: gradients of biases. */
export const columnSum = (lowering: Lowering, node: Node): boolean => {
  const x = inputOf(node, 0);
  const axes = integersOf(node.attributes, 'axes').map((axis) => normalizeAxis(axis, x.shape.length));
  const areLeading = axes.length > 0 && [...axes].sort((a, b) => a - b).every((axis, place) => axis === place);
  if (!isFloat(node) || !areLeading || node.attributes.keep || axes.length === x.shape.length) return false;
  lowering.define(
    outputOf(node),
    need(lowering.emitNative('ColumnSum', [lowering.plain(x)], { leading: axes.length })[0]),
  );
  return true;
};

/**
 * Sums rows of `x` into as many as `count` ([1] int64) says, by the ids `to`; with `from` the rows from[e] of x. The order of
 * the edges depends on them alone, so runs of many steps over one graph make it once.
 */
export function sumRows(lowering: Lowering, x: string, to: string, count: string, from?: string): string {
  const [starts, sources] = lowering.memoAll(`edges:${to}:${count}:${from}`, () =>
    lowering.emitNative('EdgeOrder', [to, count, from], {}, 2),
  );
  return need(lowering.emitNative('SumRows', [x, starts, sources])[0]);
}

/** Over the last axis only. */
export const softmaxGradient = (lowering: Lowering, node: Node): boolean => {
  const [g, y] = [inputOf(node, 0), inputOf(node, 1)];
  if (!isFloat(node) || normalizeAxis(numberOf(node.attributes, 'axis'), y.shape.length) !== y.shape.length - 1)
    return false;
  const names = [lowering.plain(g), lowering.plain(y)];
  lowering.define(outputOf(node), need(lowering.emitNative('SoftmaxGradient', names)[0]));
  return true;
};

/** Queries, keys and values in one pass. */
export const splitHeads = (lowering: Lowering, node: Node): boolean => {
  const { parts, heads } = node.attributes;
  if (!isFloat(node) || Number(parts) > MOST_PARTS) return false;
  const names = node.inputs.map((input) => input && lowering.plain(input));
  const attributes = { parts: Number(parts), heads: Number(heads) };
  defineOutputs(lowering, node, lowering.emitNative('SplitHeads', names, attributes, Number(parts)));
  return true;
};

export const joinHeads = (lowering: Lowering, node: Node): boolean => {
  const names = node.inputs.map((input) => lowering.plain(need(input)));
  if (!isFloat(node) || names.length > MOST_PARTS) return false;
  lowering.define(outputOf(node), need(lowering.emitNative('JoinHeads', names, { parts: names.length })[0]));
  return true;
};

/** Inputs g, x, weight, mean, inverse deviation; by fusion also what is added to x's gradient. */
export const layerNormGradient = (lowering: Lowering, node: Node): boolean => {
  if (!isFloat(node)) return false;
  const names = node.inputs.map((input) => lowering.plain(need(input)));
  defineOutputs(lowering, node, lowering.emitNative('LayerNormGradient', names, {}, 3));
  return true;
};

/** Channels per block of the image, 0 where it is row-major. */
const blockOf = (lowering: Lowering, x: Tensor): number =>
  lowering.isBlocked(x) ? (lowering.target.blockSize ?? 0) : 0;

/** The row's last output, x − mean, stands for x itself here: only the gradient below reads it. */
export const batchNormTrain = (lowering: Lowering, node: Node): boolean => {
  const [x, residual] = [inputOf(node, 0), node.inputs[3]];
  if (!isFloat(node)) return false;
  const block = blockOf(lowering, x);
  const image = (tensor: Tensor): string => (block === 0 ? lowering.plain(tensor) : lowering.blocked(tensor));
  const names = [image(x), ...[1, 2].map((index) => lowering.plain(inputOf(node, index))), residual && image(residual)];
  const attributes = {
    block,
    epsilon: float(numberOf(node.attributes, 'epsilon')),
    rectified: node.attributes.activation === 'Relu' ? 1 : 0,
  };
  const layout = block === 0 ? 'plain' : 'blocked';
  defineOutputs(lowering, node, lowering.emitNative('BatchNormTrain', names, attributes, 4), layout);
  lowering.define(outputOf(node, 4), need(names[0]), layout);
  return true;
};

/** Inputs g, x, weight, inverse deviation, mean. */
export const batchNormGradient = (lowering: Lowering, node: Node): boolean => {
  const [g, x] = [inputOf(node, 0), inputOf(node, 1)];
  if (!isFloat(node)) return false;
  const block = blockOf(lowering, x);
  const images = [g, x].map((tensor) => (block === 0 ? lowering.plain(tensor) : lowering.blocked(tensor)));
  const names = [...images, ...[2, 3, 4].map((index) => lowering.plain(inputOf(node, index)))];
  const sums = lowering.emitNative('BatchNormGradient', names, { block }, 3);
  defineOutputs(lowering, node, sums, block === 0 ? 'plain' : 'blocked');
  return true;
};

/** Where g lies in blocks: no shifted copies of the images are made. */
export const convolutionWeightGradient = (lowering: Lowering, node: Node): boolean => {
  const [x, g] = [inputOf(node, 0), inputOf(node, 1)];
  const window = windowOf(node.attributes);
  const block = lowering.target.blockSize;
  if (block === undefined || !isFloat(node) || !lowering.isBlocked(g) || numberOf(node.attributes, 'groups') !== 1)
    return false;
  if (window.dilations.some((dilation) => dilation !== 1)) return false;
  // Few plain channels are a picture's: more of them lie in blocks, or cost more this way than as a product.
  const plain = !lowering.canBlock(x);
  if (plain && staticSize(x.shape[1]) > 4) return false;
  const [sum] = lowering.emitNative(
    'ConvolutionWeightGradient',
    [plain ? lowering.plain(x) : lowering.blocked(x), lowering.blocked(g)],
    {
      block,
      kernel_height: window.kernel[0],
      kernel_width: window.kernel[1],
      stride_y: window.strides[0],
      stride_x: window.strides[1],
      pad_top: window.pads[0],
      pad_left: window.pads[1],
      plain_input: plain ? 1 : 0,
    },
  );
  lowering.define(outputOf(node), need(sum));
  return true;
};
