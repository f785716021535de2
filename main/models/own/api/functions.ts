import { type Dimension, dimensionProduct, GraphError, type Shape } from '../../../graph/index.ts';
import type { Operation } from '../program.ts';
import { Parameter } from './layers.ts';
import { recorder } from './recorder.ts';
import type { Tensor } from './tensor.ts';

type Operand = Tensor | Parameter | number;

function toTensor(operand: Operand): Tensor {
  if (operand instanceof Parameter) return recorder().parameter(operand);
  if (typeof operand === 'number') return apply({ name: 'scalar', value: finite(operand) });
  return operand;
}

function finite(value: number): number {
  if (Number.isFinite(value)) return value;
  throw new GraphError('invalid-argument', `${value} is no number to compute with.`);
}

function apply(operation: Operation, ...inputs: readonly Operand[]): Tensor {
  const tensors = inputs.map(toTensor);
  for (const tensor of tensors) recorder().graphTensor(tensor);
  return recorder().operation(operation, tensors)[0] as Tensor;
}

type UnaryName = 'relu' | 'gelu' | 'silu' | 'sigmoid' | 'tanh' | 'exp' | 'log' | 'sqrt' | 'abs' | 'neg' | 'detach';
type BinaryName = 'add' | 'sub' | 'mul' | 'div' | 'pow' | 'maximum' | 'minimum' | 'matmul';

const unary = (name: UnaryName) => (x: Operand) => apply({ name }, x);
const binary = (name: BinaryName) => (left: Operand, right: Operand) => apply({ name }, left, right);

export const relu = unary('relu');
export const gelu = unary('gelu');
export const silu = unary('silu');
export const sigmoid = unary('sigmoid');
export const tanh = unary('tanh');
export const exp = unary('exp');
export const log = unary('log');
export const sqrt = unary('sqrt');
export const abs = unary('abs');
export const neg = unary('neg');
export const detach = unary('detach');
export const add = binary('add');
export const sub = binary('sub');
export const mul = binary('mul');
export const div = binary('div');
export const pow = binary('pow');
export const maximum = binary('maximum');
export const minimum = binary('minimum');
export const matmul = binary('matmul');

export const softmax = (x: Operand, dim = -1) => apply({ name: 'softmax', dim: whole('dim', dim) }, x);
export const logSoftmax = (x: Operand, dim = -1) => apply({ name: 'logSoftmax', dim: whole('dim', dim) }, x);
export const expandAs = (x: Operand, like: Tensor) => apply({ name: 'expandAs' }, x, like);

const reduction =
  (name: 'sum' | 'mean') =>
  (x: Operand, dim?: number | readonly number[], { keepdim = false }: { keepdim?: boolean } = {}) => {
    const tensor = known(x);
    const dims = dim === undefined ? tensor.shape.map((_, axis) => axis) : typeof dim === 'number' ? [dim] : [...dim];
    return apply({ name, dims: dims.map((axis) => whole('dim', axis)), keepdim }, tensor);
  };

export const sum = reduction('sum');
export const mean = reduction('mean');

export function reshape(x: Operand, shape: readonly Dimension[]): Tensor {
  const tensor = known(x);
  return apply({ name: 'reshape', shape: withInferred(tensor.shape, shape) }, tensor);
}

export function flatten(x: Operand, startDim = 1): Tensor {
  const tensor = known(x);
  const start = axisOf(tensor, startDim);
  return reshape(tensor, [...tensor.shape.slice(0, start), dimensionProduct(tensor.shape.slice(start))]);
}

export function squeeze(x: Operand, dim: number): Tensor {
  const tensor = known(x);
  const axis = axisOf(tensor, dim);
  if (tensor.shape[axis] !== 1)
    throw new GraphError('shape-mismatch', `Dimension ${dim} of [${tensor.shape}] is not 1: it cannot be left out.`);
  return reshape(
    tensor,
    tensor.shape.filter((_, place) => place !== axis),
  );
}

export function unsqueeze(x: Operand, dim: number): Tensor {
  const tensor = known(x);
  const rank = tensor.shape.length + 1;
  const axis = dim < 0 ? dim + rank : dim;
  if (!(axis >= 0 && axis < rank))
    throw new GraphError('shape-mismatch', `There is no place ${dim} in [${tensor.shape}].`);
  return reshape(tensor, [...tensor.shape.slice(0, axis), 1, ...tensor.shape.slice(axis)]);
}

export const permute = (x: Operand, dims: readonly number[]) =>
  apply({ name: 'permute', dims: dims.map((dim) => whole('dim', dim)) }, x);

export function transpose(x: Operand, dim0: number, dim1: number): Tensor {
  const tensor = known(x);
  const [a, b] = [axisOf(tensor, dim0), axisOf(tensor, dim1)];
  const order = tensor.shape.map((_, axis) => (axis === a ? b : axis === b ? a : axis));
  return permute(tensor, order);
}

export const cat = (tensors: readonly Operand[], dim = 1) => apply({ name: 'cat', dim: whole('dim', dim) }, ...tensors);

export const stack = (tensors: readonly Operand[], dim = 1) =>
  cat(
    tensors.map((tensor) => unsqueeze(tensor, dim)),
    dim,
  );

export const narrow = (x: Operand, dim: number, start: number, length: number) =>
  apply(
    { name: 'narrow', dim: whole('dim', dim), start: from('start', start, 0), length: from('length', length, 1) },
    x,
  );

export function chunk(x: Operand, chunks: number, dim = 1): Tensor[] {
  const tensor = known(x);
  const size = tensor.size(axisOf(tensor, dim));
  if (size % from('chunks', chunks, 1) !== 0)
    throw new GraphError('shape-mismatch', `${size} does not divide into ${chunks} chunks.`);
  return Array.from({ length: chunks }, (_, place) => narrow(tensor, dim, (place * size) / chunks, size / chunks));
}

export const sequenceLengths = (tokens: Tensor, { padding = 0 } = {}) =>
  apply({ name: 'sequenceLengths', padding: from('padding', padding, 0) }, tokens);
export const paddingMask = (tokens: Tensor, { padding = 0 } = {}) =>
  apply({ name: 'paddingMask', padding: from('padding', padding, 0) }, tokens);
export const sequenceMean = (x: Tensor, lengths?: Tensor) =>
  lengths === undefined ? apply({ name: 'sequenceMean' }, x) : apply({ name: 'sequenceMean' }, x, lengths);

export function addLoss(loss: Tensor, name = ''): void {
  recorder().graphTensor(loss);
  recorder().operation({ name: 'addLoss', title: String(name) }, [loss]);
}

function known(operand: Operand): Tensor {
  const tensor = toTensor(operand);
  recorder().graphTensor(tensor);
  return tensor;
}

function whole(name: string, value: number): number {
  if (Number.isSafeInteger(value)) return value;
  throw new GraphError('invalid-argument', `${name} must be a whole number, not ${String(value)}.`);
}

function from(name: string, value: number, least: number): number {
  if (whole(name, value) >= least) return value;
  throw new GraphError('invalid-argument', `${name} must be at least ${least}, not ${value}.`);
}

function axisOf({ shape }: Tensor, dim: number): number {
  const axis = dim < 0 ? dim + shape.length : dim;
  if (Number.isSafeInteger(axis) && axis >= 0 && axis < shape.length) return axis;
  throw new GraphError('shape-mismatch', `There is no dimension ${String(dim)} in [${shape}].`);
}

/** −1 stands for what the other sizes leave. */
function withInferred(from: Shape, to: readonly Dimension[]): readonly Dimension[] {
  for (const size of to)
    if (typeof size !== 'string' && !(Number.isSafeInteger(size) && (size > 0 || size === -1)))
      throw new GraphError('invalid-argument', `${String(size)} is no size of a tensor.`);
  const open = to.filter((size) => size === -1).length;
  if (open === 0) return to;
  const rest = parts(dimensionProduct(to.filter((size) => size !== -1)));
  const all = parts(dimensionProduct(from));
  const factor = all.factor / rest.factor;
  const fits = open === 1 && Number.isSafeInteger(factor) && (rest.symbol === '' || rest.symbol === all.symbol);
  if (!fits) throw new GraphError('shape-mismatch', `[${from}] cannot be reshaped to [${to}].`);
  const symbol = rest.symbol === '' ? all.symbol : '';
  const size: Dimension = symbol === '' ? factor : factor === 1 ? symbol : `${factor}*${symbol}`;
  return to.map((one) => (one === -1 ? size : one));
}

function parts(size: Dimension): { readonly factor: number; readonly symbol: string } {
  if (typeof size === 'number') return { factor: size, symbol: '' };
  const star = size.indexOf('*');
  return /^\d+\*/.test(size)
    ? { factor: Number(size.slice(0, star)), symbol: size.slice(star + 1) }
    : { factor: 1, symbol: size };
}
