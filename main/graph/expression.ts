import type { DataType } from './data-type.ts';
import type { Shape } from './dimension.ts';
import { normalizeAxis, sameShape } from './dimension.ts';
import type { Tensor } from './tensor.ts';

/** Functions over symbolic tensors, one per common operator: what layers and gradient rules are written in. */

export const add = (left: Tensor, right: Tensor): Tensor => left.graph.apply('Add', [left, right]);
export const subtract = (left: Tensor, right: Tensor): Tensor => left.graph.apply('Sub', [left, right]);
export const multiply = (left: Tensor, right: Tensor): Tensor => left.graph.apply('Mul', [left, right]);
export const divide = (left: Tensor, right: Tensor): Tensor => left.graph.apply('Div', [left, right]);
export const minimum = (left: Tensor, right: Tensor): Tensor => left.graph.apply('Min', [left, right]);
export const maximum = (left: Tensor, right: Tensor): Tensor => left.graph.apply('Max', [left, right]);
export const power = (left: Tensor, right: Tensor): Tensor => left.graph.apply('Pow', [left, right]);
export const scale = (x: Tensor, factor: number): Tensor => multiply(x, constantLike(x, factor));
export const shift = (x: Tensor, offset: number): Tensor => add(x, constantLike(x, offset));

export const negate = (x: Tensor): Tensor => x.graph.apply('Neg', [x]);
/** @public The vocabulary is complete, whether or not a layer of today says every word. */
export const exponential = (x: Tensor): Tensor => x.graph.apply('Exp', [x]);
/** @public */
export const logarithm = (x: Tensor): Tensor => x.graph.apply('Log', [x]);
export const squareRoot = (x: Tensor): Tensor => x.graph.apply('Sqrt', [x]);
export const absolute = (x: Tensor): Tensor => x.graph.apply('Abs', [x]);
export const sigmoid = (x: Tensor): Tensor => x.graph.apply('Sigmoid', [x]);
export const tanh = (x: Tensor): Tensor => x.graph.apply('Tanh', [x]);
export const relu = (x: Tensor): Tensor => x.graph.apply('Relu', [x]);
export const gelu = (x: Tensor): Tensor => x.graph.apply('Gelu', [x]);
export const silu = (x: Tensor): Tensor => x.graph.apply('Silu', [x]);
export const softmax = (x: Tensor, axis = -1): Tensor =>
  x.graph.apply('Softmax', [x], { axis: normalizeAxis(axis, x.shape.length) });

export const cast = (x: Tensor, dtype: DataType): Tensor =>
  x.dtype === dtype ? x : x.graph.apply('Cast', [x], { dtype });

/** The tensor itself, as a constant to gradients. */
export const stopGradient = (x: Tensor): Tensor => x.graph.apply('StopGradient', [x]);

export const reshape = (x: Tensor, shape: Shape): Tensor =>
  sameShape(x.shape, shape) ? x : x.graph.apply('Reshape', [x], { shape });

export const transpose = (x: Tensor, order: readonly number[]): Tensor => x.graph.apply('Transpose', [x], { order });

/** Repeats a tensor to the shape of another. */
export const broadcastLike = (x: Tensor, like: Tensor): Tensor =>
  sameShape(x.shape, like.shape) ? x : x.graph.apply('BroadcastLike', [x, like]);

export const reduceSum = (x: Tensor, axes: readonly number[], keep = false): Tensor =>
  x.graph.apply('ReduceSum', [x], { axes, keep });
export const reduceMean = (x: Tensor, axes: readonly number[], keep = false): Tensor =>
  x.graph.apply('ReduceMean', [x], { axes, keep });
export const reduceMax = (x: Tensor, axes: readonly number[], keep = false): Tensor =>
  x.graph.apply('ReduceMax', [x], { axes, keep });
export const reduceMin = (x: Tensor, axes: readonly number[], keep = false): Tensor =>
  x.graph.apply('ReduceMin', [x], { axes, keep });

/** PyTorch's `F.normalize`: no division by less than this. */
const SMALLEST_NORM = 1e-12;

/** Rows [N, features] of length 1. */
export const unitRows = (x: Tensor): Tensor =>
  divide(x, squareRoot(shift(reduceSum(multiply(x, x), [1], true), SMALLEST_NORM ** 2)));

/** The number of elements along some axes as a float32 scalar, known only at run time if one of them is symbolic. */
export const countAlong = (x: Tensor, axes: readonly number[]): Tensor => x.graph.apply('CountAlong', [x], { axes });

/** left · right (+ bias), each optionally transposed; two-dimensional. */
export const gemm = (
  left: Tensor,
  right: Tensor,
  bias?: Tensor,
  transposeLeft = false,
  transposeRight = false,
): Tensor => left.graph.apply('Gemm', [left, right, bias], { transposeLeft, transposeRight });

export const matmul = (left: Tensor, right: Tensor): Tensor => left.graph.apply('MatMul', [left, right]);

/** Rows ids[e] of x [N, …] at place e; ids int64 [E]. */
export const gatherRows = (x: Tensor, ids: Tensor): Tensor => x.graph.apply('GatherRows', [x, ids]);

/** The sum of the rows of values [E, …] with id n at place n, with as many rows as `like`; deterministic. */
export const scatterAddRows = (values: Tensor, ids: Tensor, like: Tensor): Tensor =>
  values.graph.apply('ScatterAddRows', [values, ids, like]);

/** Sums a gradient over the axes along which its tensor had been broadcast. */
export function sumTo(gradient: Tensor, shape: Shape): Tensor {
  if (sameShape(gradient.shape, shape)) return gradient;
  const offset = gradient.shape.length - shape.length;
  const axes = gradient.shape.flatMap((size, axis) =>
    axis < offset || (shape[axis - offset] === 1 && size !== 1) ? [axis] : [],
  );
  if (offset === 0) return reduceSum(gradient, axes, true);
  return reshape(reduceSum(gradient, axes, false), shape);
}

const constantLike = (x: Tensor, value: number): Tensor =>
  x.graph.scalar(value, x.dtype === 'float64' ? 'float64' : 'float32');
