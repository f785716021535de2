import type { Dimension, Shape } from '../../dimension.ts';
import { dimensionProduct, elementCount, normalizeAxis, splitDimension } from '../../dimension.ts';
import { add, reduceMean, reduceSum, reshape, scale, shift, softmax, transpose } from '../../expression.ts';
import type { Tensor } from '../../tensor.ts';
import type { ImportCall, ImportedValue } from './values.ts';
import { constantIntegers, refuse } from './values.ts';

/** What becomes of a node: its first output, a value known without computing, or all its outputs. */
export type ImportRule = (call: ImportCall) => Tensor | ImportedValue | readonly Tensor[];

const unary =
  (operator: string): ImportRule =>
  ({ tensor }) =>
    tensor(0).graph.apply(operator, [tensor(0)]);

const binary =
  (operator: string): ImportRule =>
  ({ tensor }) =>
    tensor(0).graph.apply(operator, [tensor(0), tensor(1)]);

const axesOf = ({ integers }: ImportCall, x: Tensor): readonly number[] => {
  const axes = integers('axes', 1);
  return axes ? axes.map((axis) => normalizeAxis(axis, x.shape.length)) : x.shape.map((_, axis) => axis);
};

const reduction =
  (reduce: typeof reduceSum): ImportRule =>
  (call) =>
    reduce(call.tensor(0), axesOf(call, call.tensor(0)), call.integer('keepdims', 1) === 1);

/** Kernel, strides, pads and dilations of a window over images. */
function windowOf({ node, integers, integer, text }: ImportCall, kernel: readonly number[]) {
  if (kernel.length !== 2) refuse(node, 'only windows over two axes are known');
  if (!['NOTSET', 'VALID', ''].includes(text('auto_pad', 'NOTSET'))) refuse(node, 'automatic padding');
  if (integer('ceil_mode', 0) !== 0) refuse(node, 'rounding sizes up');
  const none = -1;
  return {
    kernel,
    strides: integers('strides', none) ?? [1, 1],
    pads: integers('pads', none) ?? [0, 0, 0, 0],
    dilations: integers('dilations', none) ?? [1, 1],
  };
}

const kernelOf = (call: ImportCall): readonly number[] =>
  call.integers('kernel_shape', -1) ?? refuse(call.node, 'a window without a size');

const withoutAxes = (shape: Shape, axes: readonly number[]): Shape => shape.filter((_, axis) => !axes.includes(axis));

/** The sizes a Reshape asks for, with 0 (copy) and −1 (the rest) put in. */
function reshapeTarget({ node, value, tensor }: ImportCall): Shape {
  const x = tensor(0);
  const asked = sizesOf(value(1)) ?? refuse(node, 'a shape that is not known beforehand');
  const sizes = asked.map((size, axis) => (size === 0 ? (x.shape[axis] ?? 1) : size));
  const open = sizes.indexOf(-1);
  if (open < 0) return sizes;
  const rest = splitDimension(dimensionProduct(sizes.filter((_, axis) => axis !== open)));
  const total = splitDimension(dimensionProduct(x.shape));
  const symbol = rest.symbol === '' ? total.symbol : rest.symbol === total.symbol ? '' : undefined;
  if (symbol === undefined || total.factor % rest.factor !== 0) refuse(node, `[${x.shape}] to [${asked}]`);
  const factor = total.factor / rest.factor;
  const size: Dimension = symbol === '' ? factor : factor === 1 ? symbol : `${factor}*${symbol}`;
  return sizes.map((old, axis) => (axis === open ? size : old));
}

export function sizesOf(value: ImportedValue | undefined): readonly Dimension[] | undefined {
  if (value?.kind === 'sizes') return value.sizes;
  return value?.kind === 'constant' ? constantIntegers(value.constant) : undefined;
}

/** Integer arithmetic on shapes, which exporters write for reshapes of a symbolic batch. */
const onSizes =
  (
    compute: (call: ImportCall, sizes: readonly Dimension[]) => readonly Dimension[],
    otherwise: ImportRule,
  ): ImportRule =>
  (call) => {
    const sizes = sizesOf(call.value(0));
    if (!sizes || call.value(0)?.kind === 'tensor') return otherwise(call);
    const result = compute(call, sizes);
    return { kind: 'sizes', sizes: result };
  };

const identity: ImportRule = ({ tensor }) => tensor(0);

/** Every operator that can be read. Whatever is not here is reported by name. */
export const importRules: Readonly<Record<string, ImportRule>> = {
  Add: binary('Add'),
  Sub: binary('Sub'),
  Mul: binary('Mul'),
  Div: binary('Div'),
  Pow: binary('Pow'),
  Neg: unary('Neg'),
  Exp: unary('Exp'),
  Log: unary('Log'),
  Sqrt: unary('Sqrt'),
  Abs: unary('Abs'),
  Erf: unary('Erf'),
  Sigmoid: unary('Sigmoid'),
  Tanh: unary('Tanh'),
  Relu: unary('Relu'),
  Gelu: (call) =>
    call.text('approximate', 'none') === 'none' ? unary('Gelu')(call) : refuse(call.node, 'approximation'),
  LeakyRelu: ({ tensor, float }) => tensor(0).graph.apply('LeakyRelu', [tensor(0)], { slope: float('alpha', 0.01) }),
  Clip: (call) => {
    const bound = (index: number, fallback: number): number => {
      const value = call.value(index);
      return value?.kind === 'constant' ? Number(value.constant.data[0]) : fallback;
    };
    const [minimum, maximum] = [bound(1, call.float('min', -3.4e38)), bound(2, call.float('max', 3.4e38))];
    return call.tensor(0).graph.apply('Clip', [call.tensor(0)], { minimum, maximum });
  },
  HardSigmoid: ({ tensor, float }) => {
    const line = shift(scale(tensor(0), float('alpha', 0.2)), float('beta', 0.5));
    return line.graph.apply('Clip', [line], { minimum: 0, maximum: 1 });
  },
  HardSwish: unary('HardSwish'),
  // Of shape arithmetic only: sizes are whole numbers, whatever their type.
  Cast: (call) => {
    const sizes = sizesOf(call.value(0));
    return sizes ? { kind: 'sizes', sizes } : refuse(call.node, 'changing the type of numbers that are no sizes');
  },
  Identity: identity,
  // Outside training, where exported graphs live, dropout does nothing.
  Dropout: identity,
  Softmax: (call) => {
    const x = call.tensor(0);
    const axis = normalizeAxis(call.integer('axis', call.opset < 13 ? 1 : -1), x.shape.length);
    // Before opset 13 everything from the axis on was one row: the same for the last axis only.
    if (call.opset < 13 && axis !== x.shape.length - 1) refuse(call.node, 'rows over several axes');
    return softmax(x, axis);
  },
  Gemm: ({ tensor, optional, integer, float }) => {
    const flags = { transposeLeft: integer('transA', 0) === 1, transposeRight: integer('transB', 0) === 1 };
    const [alpha, beta] = [float('alpha', 1), float('beta', 1)];
    const bias = optional(2);
    const { graph } = tensor(0);
    if (alpha === 1 && beta === 1) return graph.apply('Gemm', [tensor(0), tensor(1), bias], flags);
    const product = scale(graph.apply('Gemm', [tensor(0), tensor(1), undefined], flags), alpha);
    return bias ? add(product, scale(bias, beta)) : product;
  },
  MatMul: binary('MatMul'),
  Conv: (call) => {
    const weight = call.tensor(1);
    const groups = call.integer('group', 1);
    const attributes = { ...windowOf(call, weight.shape.slice(2).map(Number)), groups };
    return weight.graph.apply('Conv', [call.tensor(0), weight, call.optional(2)], attributes);
  },
  MaxPool: (call) => call.tensor(0).graph.apply('MaxPool', [call.tensor(0)], windowOf(call, kernelOf(call))),
  AveragePool: (call) => {
    const window = windowOf(call, kernelOf(call));
    const padded = window.pads.some((pad) => pad !== 0);
    if (padded && call.integer('count_include_pad', 0) === 0) refuse(call.node, 'averages that leave padding out');
    return call.tensor(0).graph.apply('AveragePool', [call.tensor(0)], window);
  },
  GlobalAveragePool: unary('GlobalAveragePool'),
  BatchNormalization: (call) => {
    if (call.integer('training_mode', 0) !== 0) refuse(call.node, 'training mode');
    const inputs = [0, 1, 2, 3, 4].map(call.tensor);
    return call.tensor(0).graph.apply('BatchNormEvaluation', inputs, { epsilon: call.float('epsilon', 1e-5) });
  },
  LayerNormalization: (call) => {
    const [x, weight] = [call.tensor(0), call.tensor(1)];
    const bias = call.optional(2) ?? zerosLike(weight);
    const axis = normalizeAxis(call.integer('axis', -1), x.shape.length);
    return x.graph.apply('LayerNorm', [x, weight, bias], { axis, epsilon: call.float('epsilon', 1e-5) });
  },
  ReduceMean: reduction(reduceMean),
  ReduceSum: reduction(reduceSum),
  Reshape: (call) => reshape(call.tensor(0), reshapeTarget(call)),
  Flatten: ({ tensor, integer }) => {
    const x = tensor(0);
    const axis = normalizeAxis(integer('axis', 1), x.shape.length + 1);
    return reshape(x, [dimensionProduct(x.shape.slice(0, axis)), dimensionProduct(x.shape.slice(axis))]);
  },
  Squeeze: onSizes(
    (_, sizes) => sizes,
    (call) => {
      const x = call.tensor(0);
      const axes = call.integers('axes', 1) ?? x.shape.flatMap((size, axis) => (size === 1 ? [axis] : []));
      return reshape(
        x,
        withoutAxes(
          x.shape,
          axes.map((axis) => normalizeAxis(axis, x.shape.length)),
        ),
      );
    },
  ),
  Unsqueeze: onSizes(
    (_, sizes) => sizes,
    (call) => {
      const x = call.tensor(0);
      const axes = call.integers('axes', 1) ?? refuse(call.node, 'axes that are not known beforehand');
      const rank = x.shape.length + axes.length;
      const places = new Set(axes.map((axis) => normalizeAxis(axis, rank)));
      const rest = [...x.shape];
      return reshape(
        x,
        Array.from({ length: rank }, (_, axis) => (places.has(axis) ? 1 : (rest.shift() ?? 1))),
      );
    },
  ),
  Transpose: ({ tensor, integers }) =>
    transpose(
      tensor(0),
      integers('perm', -1) ??
        tensor(0)
          .shape.map((_, axis) => axis)
          .reverse(),
    ),
  Concat: (call) => {
    const values = call.node.inputs.map((_, index) => call.value(index));
    if (values.every((value) => value?.kind !== 'tensor')) {
      const parts = values.map((value) => sizesOf(value) ?? refuse(call.node, 'constants that are no sizes'));
      return { kind: 'sizes', sizes: parts.flat() };
    }
    const tensors = call.node.inputs.map((_, index) => call.tensor(index));
    const rank = tensors[0]?.shape.length ?? 0;
    return call.tensor(0).graph.apply('Concat', tensors, { axis: normalizeAxis(call.integer('axis', 0), rank) });
  },
  Slice: onSizes(({ node, integers }, sizes) => {
    const [start] = integers('starts', 1) ?? refuse(node, 'bounds that are not known beforehand');
    const [end] = integers('ends', 2) ?? refuse(node, 'bounds that are not known beforehand');
    return sizes.slice(start, end);
  }, slice),
  Split: (call) => {
    const x = call.tensor(0);
    const axis = normalizeAxis(call.integer('axis', 0), x.shape.length);
    const total = Number(x.shape[axis]);
    const parts = call.node.outputs.length;
    const each = Math.ceil(total / parts);
    const sizes =
      call.integers('split', 1) ?? Array.from({ length: parts }, (_, index) => Math.min(each, total - index * each));
    let start = 0;
    return sizes.map((size) => {
      const part = x.graph.apply('Slice', [x], { axis, start, size });
      start += size;
      return part;
    });
  },
  Shape: ({ tensor }) => ({ kind: 'sizes', sizes: tensor(0).shape }),
  Gather: (call) => {
    const sizes = sizesOf(call.value(0));
    const places = sizesOf(call.value(1));
    if (!sizes || !places || call.value(0)?.kind === 'tensor') return gather(call);
    return { kind: 'sizes', sizes: places.map((place) => sizes.at(Number(place)) ?? 1) };
  },
  Constant: ({ node }) => {
    const { value } = node.attributes;
    if (value?.kind !== 'tensor') refuse(node, 'a constant that is no tensor');
    return { kind: 'constant', constant: value.value };
  },
};

/** Rows by computed ids, or one known place along any axis. */
function gather(call: ImportCall): Tensor {
  const x = call.tensor(0);
  const axis = normalizeAxis(call.integer('axis', 0), x.shape.length);
  const index = call.value(1);
  if (index?.kind === 'constant' && index.constant.dims.length === 0) {
    const size = x.shape[axis];
    if (typeof size !== 'number') return refuse(call.node, 'one place along a symbolic axis');
    const place = Number(index.constant.data[0]);
    const start = place < 0 ? place + size : place;
    const part = x.graph.apply('Slice', [x], { axis, start, size: 1 });
    return reshape(part, withoutAxes(x.shape, [axis]));
  }
  if (axis !== 0) return refuse(call.node, 'rows along another axis than the first');
  return x.graph.apply('GatherRows', [x, call.tensor(1)]);
}

function slice(call: ImportCall): Tensor {
  const { node, integers } = call;
  const x = call.tensor(0);
  const [starts, ends] = [integers('starts', 1), integers('ends', 2)];
  if (!starts || !ends) refuse(node, 'bounds that are not known beforehand');
  const axes = integers('axes', 3) ?? starts.map((_, index) => index);
  if (integers('steps', 4)?.some((step) => step !== 1)) refuse(node, 'steps other than one');
  return axes.reduce((value, place, index) => {
    const axis = normalizeAxis(place, x.shape.length);
    const size = value.shape[axis];
    if (typeof size !== 'number') return refuse(node, 'parts of a symbolic size');
    const clamp = (bound: number): number => Math.min(size, Math.max(0, bound < 0 ? bound + size : bound));
    const [start, end] = [clamp(starts[index] ?? 0), clamp(ends[index] ?? size)];
    return value.graph.apply('Slice', [value], { axis, start, size: end - start });
  }, x);
}

const zerosLike = (x: Tensor): Tensor => x.graph.constant('float32', x.shape, new Float32Array(elementCount(x.shape)));
