import * as graph from '../../graph/index.ts';
import { BATCH, type Dimension, dimensionProduct, GraphError, type Tensor, type Trace } from '../../graph/index.ts';
import type { OfName, Operation, OperationName } from './program.ts';

type Apply<Name extends OperationName> = (
  operation: OfName<Operation, Name>,
  inputs: readonly Tensor[],
  trace: Trace,
  /** What stands for the batch in this trace. */
  batch: Dimension,
) => readonly Tensor[];

const unary =
  (apply: (x: Tensor) => Tensor) =>
  (operation: Operation, inputs: readonly Tensor[]): readonly Tensor[] => [apply(input(operation, inputs, 0))];
const binary =
  (apply: (left: Tensor, right: Tensor) => Tensor) =>
  (operation: Operation, inputs: readonly Tensor[]): readonly Tensor[] => [
    apply(input(operation, inputs, 0), input(operation, inputs, 1)),
  ];
const reduction =
  (apply: (x: Tensor, dims: readonly number[], keep: boolean) => Tensor) =>
  (operation: OfName<Operation, 'sum'>, inputs: readonly Tensor[]): readonly Tensor[] => {
    const x = input(operation, inputs, 0);
    return [
      apply(
        x,
        operation.dims.map((dim) => axisOf(x, dim)),
        operation.keepdim,
      ),
    ];
  };

/** Every operation that a model file can use, one entry per name. */
const operations: { readonly [Name in OperationName]: Apply<Name> } = {
  relu: unary(graph.relu),
  gelu: unary(graph.gelu),
  silu: unary(graph.silu),
  sigmoid: unary(graph.sigmoid),
  tanh: unary(graph.tanh),
  exp: unary(graph.exponential),
  log: unary(graph.logarithm),
  sqrt: unary(graph.squareRoot),
  abs: unary(graph.absolute),
  neg: unary(graph.negate),
  detach: unary(graph.stopGradient),
  add: binary(graph.add),
  sub: binary(graph.subtract),
  mul: binary(graph.multiply),
  div: binary(graph.divide),
  pow: binary(graph.power),
  // By a rectifier, which has derivatives.
  maximum: binary((left, right) => graph.add(right, graph.relu(graph.subtract(left, right)))),
  minimum: binary((left, right) => graph.subtract(left, graph.relu(graph.subtract(left, right)))),
  matmul: binary(graph.matmul),
  expandAs: binary(graph.broadcastLike),
  sequenceMean: (operation, inputs) => [graph.sequenceMean(input(operation, inputs, 0), inputs[1])],
  scalar: ({ value }, _inputs, trace) => [trace.graph.scalar(value)],
  softmax: ({ dim }, [x]) => (x ? [graph.softmax(x, axisOf(x, dim))] : []),
  logSoftmax: ({ dim }, [x]) => (x ? [x.graph.apply('LogSoftmax', [x], { axis: axisOf(x, dim) })] : []),
  cat: (operation, inputs) => {
    const x = input(operation, inputs, 0);
    return [x.graph.apply('Concat', inputs, { axis: axisOf(x, operation.dim) })];
  },
  reshape: (operation, inputs, _trace, batch) => {
    const shape = operation.shape.map((size) => inBatches(size, batch));
    return [graph.reshape(input(operation, inputs, 0), shape)];
  },
  permute: (operation, inputs) => {
    const x = input(operation, inputs, 0);
    const order = operation.dims.map((dim) => axisOf(x, dim));
    if (new Set(order).size !== x.shape.length || order.length !== x.shape.length)
      throw new GraphError(
        'invalid-argument',
        `[${operation.dims}] does not name each dimension of [${x.shape}] once.`,
      );
    return [graph.transpose(x, order)];
  },
  narrow: (operation, inputs) => {
    const x = input(operation, inputs, 0);
    const { start, length } = operation;
    const axis = axisOf(x, operation.dim);
    const size = x.shape[axis];
    if (typeof size !== 'number' || start + length > size)
      throw new GraphError(
        'shape-mismatch',
        `${start} to ${start + length} lies outside dimension ${axis} of [${x.shape}].`,
      );
    return [x.graph.apply('Slice', [x], { axis, start, size: length })];
  },
  sum: reduction(graph.reduceSum),
  mean: reduction(graph.reduceMean),
  sequenceLengths: (operation, inputs) => [graph.sequenceLengths(ids(operation, inputs), operation.padding)],
  paddingMask: (operation, inputs) => [
    graph.paddingMask(ids(operation, inputs), operation.padding, graph.MASKED_SCORE),
  ],
  addLoss: (operation, inputs, trace) => {
    const loss = input(operation, inputs, 0);
    if (loss.shape.length !== 0)
      throw new GraphError('shape-mismatch', `A loss is one number, not [${loss.shape}]: take its mean or its sum.`);
    trace.addLoss(loss, operation.title === '' ? undefined : operation.title);
    return [];
  },
};

/** @throws GraphError where shapes do not fit */
export const applyOperation = (
  operation: Operation,
  inputs: readonly Tensor[],
  trace: Trace,
  batch: Dimension,
): readonly Tensor[] => (operations[operation.name] as Apply<OperationName>)(operation, inputs, trace, batch);

/** `32*batch` in a trace whose batch goes by another name, or is a number. */
function inBatches(size: Dimension, batch: Dimension): Dimension {
  if (typeof size === 'number') return size;
  return dimensionProduct(size.split('*').map((part) => (part === BATCH ? batch : Number(part))));
}

function input({ name }: Operation, inputs: readonly Tensor[], place: number): Tensor {
  const tensor = inputs[place];
  if (!tensor) throw new GraphError('invalid-argument', `${name} lacks an input.`);
  return tensor;
}

function ids(operation: Operation, inputs: readonly Tensor[]): Tensor {
  const tensor = input(operation, inputs, 0);
  if (tensor.dtype !== 'int64' || tensor.shape.length !== 2)
    throw new GraphError('shape-mismatch', `${operation.name} takes the ids of tokens, int64 [batch, length].`);
  return tensor;
}

function axisOf({ shape }: Tensor, dim: number): number {
  const axis = dim < 0 ? dim + shape.length : dim;
  if (!(axis >= 0 && axis < shape.length))
    throw new GraphError('shape-mismatch', `There is no dimension ${dim} in [${shape}].`);
  return axis;
}
