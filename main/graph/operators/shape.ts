import type { Dimension } from '../dimension.ts';
import { dimensionProduct, multiplyDimensions, normalizeAxis, splitDimension } from '../dimension.ts';
import { broadcastLike, countAlong, divide, reshape, sumTo, transpose } from '../expression.ts';
import { GraphError } from '../graph-error.ts';
import { orStandard } from '../lowering/lowering.ts';
import type { GradientRule, LoweringRule, OperatorTable, TypeRule } from '../operator.ts';
import type { Attributes, Node, Tensor } from '../tensor.ts';
import { concatBlocked, padChannelsBlocked, sliceBlocked } from './channel-blocked.ts';
import { columnSum } from './native.ts';
import { broadcastPixelBlocked } from './pooling-blocked.ts';
import { sumOverLeading } from './row-sum.ts';
import { inputOf, integersOf, need, numberOf, outputOf } from './rule-inputs.ts';

const reducedShape: TypeRule = (inputs, attributes) => {
  const x = need(inputs[0]);
  const axes = integersOf(attributes, 'axes').map((axis) => normalizeAxis(axis, x.shape.length));
  const shape = attributes.keep
    ? x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size))
    : x.shape.filter((_, axis) => !axes.includes(axis));
  return [{ dtype: x.dtype, shape }];
};

const reduction =
  (operator: string): LoweringRule =>
  (lowering, node) => {
    const axes = integersOf(node.attributes, 'axes');
    const keepdims = node.attributes.keep ? 1 : 0;
    const x = lowering.plain(inputOf(node, 0));
    lowering.define(outputOf(node), lowering.emit(operator, [x, lowering.int64s(axes)], { keepdims }));
  };

/** Sums over leading axes have a faster way. */
const reduceSum: LoweringRule = (lowering, node) => {
  const { shape } = inputOf(node, 0);
  const axes = integersOf(node.attributes, 'axes').map((axis) => normalizeAxis(axis, shape.length));
  const areLeading = axes.length < shape.length && axes.toSorted().every((axis, place) => axis === place);
  if (!areLeading || axes.length === 0 || node.attributes.keep) return reduction('ReduceSum')(lowering, node);
  lowering.define(outputOf(node), sumOverLeading(lowering, lowering.plain(inputOf(node, 0)), shape, axes.length));
};

/** The gradient of a reduction, spread back over the reduced axes. */
function spread(node: Node, gradient: Tensor): Tensor {
  const x = inputOf(node, 0);
  const axes = integersOf(node.attributes, 'axes').map((axis) => normalizeAxis(axis, x.shape.length));
  const kept = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  return broadcastLike(reshape(gradient, kept), x);
}

const meanGradient: GradientRule = ({ node, gradients }) => {
  const count = countAlong(inputOf(node, 0), integersOf(node.attributes, 'axes'));
  return [spread(node, divide(need(gradients[0]), count))];
};

const broadcastStandard: LoweringRule = (lowering, node) => {
  const like = lowering.emit('Shape', [lowering.plain(inputOf(node, 1))]);
  lowering.define(outputOf(node), lowering.emit('Expand', [lowering.plain(inputOf(node, 0)), like]));
};

const concatStandard: LoweringRule = (lowering, node) => {
  const names = node.inputs.map((input) => lowering.plain(need(input)));
  lowering.define(outputOf(node), lowering.emit('Concat', names, { axis: numberOf(node.attributes, 'axis') }));
};

const sliceStandard: LoweringRule = (lowering, node) => {
  const [start, size] = [numberOf(node.attributes, 'start'), numberOf(node.attributes, 'size')];
  const bounds = [[start], [start + size], [numberOf(node.attributes, 'axis')]];
  const inputs = [lowering.plain(inputOf(node, 0)), ...bounds.map((bound) => lowering.int64s(bound))];
  lowering.define(outputOf(node), lowering.emit('Slice', inputs));
};

const padStandard: LoweringRule = (lowering, node) => {
  const pads = lowering.int64s([numberOf(node.attributes, 'before'), numberOf(node.attributes, 'after')]);
  const axes = lowering.int64s([numberOf(node.attributes, 'axis')]);
  const padded = lowering.emit('Pad', [lowering.plain(inputOf(node, 0)), pads, undefined, axes]);
  lowering.define(outputOf(node), padded);
};

function targetShape(attributes: Attributes): readonly Dimension[] {
  if (!Array.isArray(attributes.shape)) throw new GraphError('invalid-argument', 'Reshape needs a shape.');
  return attributes.shape as readonly Dimension[];
}

/** Sizes for ONNX Reshape: at most one symbolic size, written as -1. */
export function reshapeSizes(shape: readonly Dimension[]): readonly number[] {
  const sizes = shape.map((size) => (typeof size === 'number' ? size : -1));
  if (sizes.filter((size) => size === -1).length > 1) {
    throw new GraphError('shape-mismatch', `[${shape}] has more than one symbolic size.`);
  }
  return sizes;
}

export const shapeOperators: OperatorTable = {
  Reshape: {
    inferTypes: (inputs, attributes) => {
      const x = need(inputs[0]);
      const shape = targetShape(attributes);
      if (dimensionProduct(x.shape) !== dimensionProduct(shape)) {
        throw new GraphError('shape-mismatch', `[${x.shape}] cannot be reshaped to [${shape}].`);
      }
      return [{ dtype: x.dtype, shape }];
    },
    lower: {
      standard: (lowering, node) => {
        const x = lowering.plain(inputOf(node, 0));
        lowering.define(outputOf(node), lowering.reshape(x, reshapeSizes(targetShape(node.attributes))));
      },
    },
    gradient: ({ node, gradients }) => [reshape(need(gradients[0]), inputOf(node, 0).shape)],
  },
  Transpose: {
    inferTypes: (inputs, attributes) => {
      const x = need(inputs[0]);
      return [{ dtype: x.dtype, shape: integersOf(attributes, 'order').map((axis) => need(x.shape[axis])) }];
    },
    lower: {
      standard: (lowering, node) => {
        const x = lowering.plain(inputOf(node, 0));
        lowering.define(outputOf(node), lowering.transpose(x, integersOf(node.attributes, 'order')));
      },
    },
    gradient: ({ node, gradients }) => {
      const order = integersOf(node.attributes, 'order');
      return [
        transpose(
          need(gradients[0]),
          order.map((_, axis) => order.indexOf(axis)),
        ),
      ];
    },
  },
  BroadcastLike: {
    inferTypes: (inputs) => [{ dtype: need(inputs[0]).dtype, shape: need(inputs[1]).shape }],
    lower: {
      standard: broadcastStandard,
      cpu: orStandard(broadcastPixelBlocked, broadcastStandard),
    },
    gradient: ({ node, gradients }) => [sumTo(need(gradients[0]), inputOf(node, 0).shape), undefined],
  },
  Concat: {
    inferTypes: (inputs, attributes) => {
      const axis = numberOf(attributes, 'axis');
      const tensors = inputs.map(need);
      const first = need(tensors[0]);
      const parts = tensors.map((tensor) => splitDimension(need(tensor.shape[axis])));
      const factor = parts.reduce((sum, part) => sum + part.factor, 0);
      const total = multiplyDimensions(factor, parts[0]?.symbol || 1);
      return [{ dtype: first.dtype, shape: first.shape.map((size, index) => (index === axis ? total : size)) }];
    },
    lower: { standard: concatStandard, cpu: orStandard(concatBlocked, concatStandard) },
    gradient: ({ node, gradients }) => {
      const axis = numberOf(node.attributes, 'axis');
      let start = 0;
      return node.inputs.map((input) => {
        const size = Number(need(input).shape[axis]);
        const slice = need(gradients[0]).graph.apply('Slice', [gradients[0]], { axis, start, size });
        start += size;
        return slice;
      });
    },
  },
  /** A run of `size` places from `start` along one axis. */
  Slice: {
    inferTypes: (inputs, attributes) => {
      const x = need(inputs[0]);
      const axis = numberOf(attributes, 'axis');
      const size = numberOf(attributes, 'size');
      return [{ dtype: x.dtype, shape: x.shape.map((old, index) => (index === axis ? size : old)) }];
    },
    lower: { standard: sliceStandard, cpu: orStandard(sliceBlocked, sliceStandard) },
    gradient: ({ node, gradients }) => {
      const x = inputOf(node, 0);
      const axis = numberOf(node.attributes, 'axis');
      const before = numberOf(node.attributes, 'start');
      const after = Number(x.shape[axis]) - before - numberOf(node.attributes, 'size');
      return [x.graph.apply('PadAxis', [gradients[0]], { axis, before, after })];
    },
  },
  PadAxis: {
    inferTypes: (inputs, attributes) => {
      const x = need(inputs[0]);
      const axis = numberOf(attributes, 'axis');
      const extra = numberOf(attributes, 'before') + numberOf(attributes, 'after');
      return [{ dtype: x.dtype, shape: x.shape.map((size, index) => (index === axis ? Number(size) + extra : size)) }];
    },
    lower: { standard: padStandard, cpu: orStandard(padChannelsBlocked, padStandard) },
  },
  ReduceSum: {
    inferTypes: reducedShape,
    lower: { standard: reduceSum, native: orStandard(columnSum, reduceSum) },
    gradient: ({ node, gradients }) => [spread(node, need(gradients[0]))],
  },
  ReduceMean: { inferTypes: reducedShape, lower: { standard: reduction('ReduceMean') }, gradient: meanGradient },
  ReduceMax: { inferTypes: reducedShape, lower: { standard: reduction('ReduceMax') } },
  ReduceMin: { inferTypes: reducedShape, lower: { standard: reduction('ReduceMin') } },
  CountAlong: {
    inferTypes: () => [{ dtype: 'float32', shape: [] }],
    lower: {
      standard: (lowering, node) => {
        const x = inputOf(node, 0);
        const axes = integersOf(node.attributes, 'axes').map((axis) => normalizeAxis(axis, x.shape.length));
        const sizes = axes.map((axis) => need(x.shape[axis]));
        if (sizes.every((size) => typeof size === 'number')) {
          lowering.define(outputOf(node), lowering.scalar(sizes.reduce((product, size) => product * size, 1)));
          return;
        }
        const name = lowering.isPlain(x) || !lowering.isBlocked(x) ? lowering.plain(x) : lowering.blocked(x);
        const chosen = lowering.emit('Gather', [lowering.emit('Shape', [name]), lowering.int64s(axes)]);
        const count = lowering.emit('ReduceProd', [chosen, lowering.int64s([0])], { keepdims: 0 });
        lowering.define(outputOf(node), lowering.emit('Cast', [count], { to: 1 }));
      },
    },
    gradient: 'none',
  },
  /** The global sum of squares as a scalar: for gradient norms. */
  SumOfSquares: {
    inferTypes: (inputs) => [{ dtype: need(inputs[0]).dtype, shape: [] }],
    lower: {
      standard: (lowering, node) => {
        const flat = lowering.reshape(lowering.plain(inputOf(node, 0)), [-1]);
        lowering.define(outputOf(node), lowering.emit('ReduceSumSquare', [flat], { keepdims: 0 }));
      },
    },
  },
};
