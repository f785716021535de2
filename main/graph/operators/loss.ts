import { normalizeAxis } from '../dimension.ts';
import { exponential, multiply, reduceSum, sigmoid, subtract } from '../expression.ts';
import type { OperatorTable } from '../operator.ts';
import { elementwise, sameAsFirst } from './elementwise.ts';
import { inputOf, need, numberOf, outputOf } from './rule-inputs.ts';
import { logSoftmaxWebGpu } from './webgpu.ts';

const FLOAT = 1;

export const lossOperators: OperatorTable = {
  /** log(1 + eˣ), without overflow. */
  Softplus: {
    inferTypes: sameAsFirst,
    lower: { standard: elementwise('Softplus') },
    gradient: ({ node, gradients }) => [multiply(need(gradients[0]), sigmoid(inputOf(node, 0)))],
  },
  LogSoftmax: {
    inferTypes: sameAsFirst,
    lower: {
      standard: (lowering, node) => {
        const axis = numberOf(node.attributes, 'axis');
        lowering.define(outputOf(node), lowering.emit('LogSoftmax', [lowering.plain(inputOf(node, 0))], { axis }));
      },
      webgpu: (lowering, node) => {
        const axis = numberOf(node.attributes, 'axis');
        lowering.define(outputOf(node), logSoftmaxWebGpu(lowering, lowering.plain(inputOf(node, 0)), axis));
      },
    },
    gradient: ({ node, gradients }) => {
      const g = need(gradients[0]);
      const sum = reduceSum(g, [numberOf(node.attributes, 'axis')], true);
      return [subtract(g, multiply(exponential(outputOf(node)), sum))];
    },
  },
  /** [N, K] → the place of each row's largest entry, int64 [N]. */
  LargestIndex: {
    inferTypes: (inputs) => [{ dtype: 'int64', shape: [need(need(inputs[0]).shape[0])] }],
    lower: {
      standard: (lowering, node) => {
        const x = lowering.plain(inputOf(node, 0));
        lowering.define(outputOf(node), lowering.emit('ArgMax', [x], { axis: 1, keepdims: 0 }));
      },
    },
    gradient: 'none',
  },
  /** A new axis of size 1. */
  Unsqueeze: {
    inferTypes: (inputs, attributes) => {
      const x = need(inputs[0]);
      const shape = [...x.shape];
      shape.splice(normalizeAxis(numberOf(attributes, 'axis'), x.shape.length + 1), 0, 1);
      return [{ dtype: x.dtype, shape }];
    },
    lower: {
      standard: (lowering, node) => {
        const axis = lowering.int64s([numberOf(node.attributes, 'axis')]);
        lowering.define(outputOf(node), lowering.emit('Unsqueeze', [lowering.plain(inputOf(node, 0)), axis]));
      },
    },
    gradient: ({ node, gradients }) => [reduceSum(need(gradients[0]), [numberOf(node.attributes, 'axis')], false)],
  },
  /** Group ids [N] (int64) → two masks [N, N] in float32: another row of the same group; the row itself. */
  PairMasks: {
    inferTypes: (inputs) => {
      const rows = need(need(inputs[0]).shape[0]);
      const mask = { dtype: 'float32', shape: [rows, rows] } as const;
      return [mask, mask];
    },
    lower: {
      standard: (lowering, node) => {
        const ids = lowering.plain(inputOf(node, 0));
        const column = (name: string): string => lowering.emit('Unsqueeze', [name, lowering.int64s([1])]);
        const row = (name: string): string => lowering.emit('Unsqueeze', [name, lowering.int64s([0])]);
        const same = (name: string): string =>
          lowering.emit('Cast', [lowering.emit('Equal', [column(name), row(name)])], { to: FLOAT });
        const count = lowering.emit('Squeeze', [lowering.emit('Shape', [ids])]);
        const integer = (value: number): string => lowering.constant('int64', [], BigInt64Array.of(BigInt(value)));
        const places = lowering.emit('Range', [integer(0), count, integer(1)]);
        const itself = same(places);
        lowering.define(outputOf(node), lowering.emit('Sub', [same(ids), itself]));
        lowering.define(outputOf(node, 1), itself);
      },
    },
    gradient: 'none',
  },
};
