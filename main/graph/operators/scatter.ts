import type { Dimension } from '../dimension.ts';
import { dimensionProduct } from '../dimension.ts';
import { gatherRows, multiply, scatterAddRows, subtract } from '../expression.ts';
import { GraphError } from '../graph-error.ts';
import type { Lowering } from '../lowering/lowering.ts';
import { orStandard } from '../lowering/lowering.ts';
import type { LoweringRule, OperatorTable, TypeRule } from '../operator.ts';
import type { Attributes, Node, TensorType } from '../tensor.ts';
import { sumRows } from './native.ts';
import { inputOf, need, outputOf } from './rule-inputs.ts';
import { sumByChunks } from './scatter-chunks.ts';

/**
 * Rows by index and sums over rows that share one: message passing over edges, pooling of nodes into graphs.
 *
 * Sums never go through ScatterND: on the CPU its additions race where indices repeat. ScatterElements adds in order.
 */

/** How many rows a scatter yields: as many as its third input has, or the symbol of the attribute `rows`. */
function rowsOf(inputs: readonly (TensorType | undefined)[], attributes: Attributes): Dimension {
  const like = inputs[2];
  if (like) return need(like.shape[0]);
  if (typeof attributes.rows !== 'string') {
    throw new GraphError('invalid-argument', 'A scatter needs a tensor with as many rows, or a name for their number.');
  }
  return attributes.rows;
}

const scatterTypes: TypeRule = (inputs, attributes) => {
  const [values, ids] = [need(inputs[0]), need(inputs[1])];
  if (ids.shape.length !== 1 || ids.shape[0] !== values.shape[0]) {
    throw new GraphError('shape-mismatch', `Indices [${ids.shape}] do not name the rows of [${values.shape}].`);
  }
  return [{ dtype: values.dtype, shape: [rowsOf(inputs, attributes), ...values.shape.slice(1)] }];
};

/** The number of rows of a scatter's result, as a list of one int64. */
export function rowCount(lowering: Lowering, node: Node): string {
  const like = node.inputs[2];
  const rows = like?.shape[0];
  if (typeof rows === 'number') return lowering.int64s([rows]);
  // Read off a graph input where one has that size, so that it depends on the data alone.
  const size = rows === undefined ? undefined : lowering.symbolSize(rows);
  if (size !== undefined) return size;
  if (like) {
    const name = lowering.plain(like);
    return lowering.memo(`row-count:${name}`, () =>
      lowering.emit('Slice', [lowering.emit('Shape', [name]), lowering.int64s([0]), lowering.int64s([1])]),
    );
  }
  const ids = lowering.plain(inputOf(node, 1));
  return lowering.memo(`segment-count:${ids}`, () =>
    lowering.emit('Add', [lowering.emit('ReduceMax', [ids], { keepdims: 1 }), lowering.int64s([1])]),
  );
}

/** [rows, width] filled with one number. */
function filled(lowering: Lowering, count: string, width: number, value: number): string {
  return lowering.memo(`filled:${count}:${width}:${value}`, () => {
    const shape = lowering.emit('Concat', [count, lowering.int64s([width])], { axis: 0 });
    const tensor = { name: '', dtype: 'float32', dims: [1], data: Float32Array.of(value) } as const;
    return lowering.emit('ConstantOfShape', [shape], { value: { kind: 'tensor', value: tensor } });
  });
}

/** The indices repeated along the columns, as ScatterElements wants them. */
function columnIndices(lowering: Lowering, ids: string, width: number): string {
  return lowering.memo(`column-indices:${ids}:${width}`, () =>
    lowering.emit('Expand', [lowering.reshape(ids, [-1, 1]), lowering.int64s([1, width])]),
  );
}

function scatter(
  lowering: Lowering,
  values: string,
  ids: string,
  count: string,
  width: number,
  reduction: 'add' | 'max',
): string {
  const start = filled(lowering, count, width, reduction === 'add' ? 0 : -3.4e38);
  return lowering.emit('ScatterElements', [start, columnIndices(lowering, ids, width), values], { axis: 0, reduction });
}

const widthOf = (type: TensorType): number => {
  const width = dimensionProduct(type.shape.slice(1));
  if (typeof width !== 'number') throw new GraphError('shape-mismatch', `[${type.shape}] has no fixed row size.`);
  return width;
};

const scatterStandard =
  (reduction: 'add' | 'max'): LoweringRule =>
  (lowering, node) => {
    const values = inputOf(node, 0);
    const width = widthOf(values);
    const rows =
      values.shape.length === 2 ? lowering.plain(values) : lowering.reshape(lowering.plain(values), [-1, width]);
    const ids = lowering.plain(inputOf(node, 1));
    const sums = scatter(lowering, rows, ids, rowCount(lowering, node), width, reduction);
    const sizes = values.shape.slice(1).map(Number);
    lowering.define(outputOf(node), values.shape.length === 2 ? sums : lowering.reshape(sums, [-1, ...sizes]));
  };

/** @param sum of rows of the given name by the ids `to`, of which there are `count` */
const neighborSum =
  (
    sum: (lowering: Lowering, x: string, to: string, count: string, from: string, width: number) => string,
  ): LoweringRule =>
  (lowering, node) => {
    const x = inputOf(node, 0);
    const [name = '', from = '', to = ''] = node.inputs.map((input) => lowering.plain(need(input)));
    const count = rowCount(lowering, { ...node, inputs: [undefined, undefined, x] });
    lowering.define(outputOf(node), sum(lowering, name, to, count, from, widthOf(x)));
  };

const neighborSumByChunks = neighborSum((lowering, x, to, count, from, width) =>
  sumByChunks(lowering, x, to, count, width, from),
);

export const scatterOperators: OperatorTable = {
  /** Inputs x [N, …] and ids [E] (int64) → row ids[e] of x at place e, [E, …]. */
  GatherRows: {
    inferTypes: (inputs) => {
      const [x, ids] = [need(inputs[0]), need(inputs[1])];
      return [{ dtype: x.dtype, shape: [...ids.shape, ...x.shape.slice(1)] }];
    },
    lower: {
      standard: (lowering, node) => {
        const names = [lowering.plain(inputOf(node, 0)), lowering.plain(inputOf(node, 1))];
        lowering.define(outputOf(node), lowering.emit('Gather', names, { axis: 0 }));
      },
    },
    gradient: ({ node, gradients }) => [
      scatterAddRows(need(gradients[0]), inputOf(node, 1), inputOf(node, 0)),
      undefined,
    ],
  },
  /**
   * Inputs values [E, …], ids [E] (int64) and optionally a tensor [N, …] that says how many rows there are (else the
   * largest id plus one; its symbol is the attribute `rows`) → the sum of the rows with id n at place n, [N, …].
   */
  ScatterAddRows: {
    inferTypes: scatterTypes,
    lower: {
      standard: scatterStandard('add'),
      native: orStandard((lowering, node) => {
        const [values, ids] = [inputOf(node, 0), inputOf(node, 1)];
        if (values.dtype !== 'float32') return false;
        const sums = sumRows(lowering, lowering.plain(values), lowering.plain(ids), rowCount(lowering, node));
        lowering.define(outputOf(node), sums);
        return true;
      }, scatterStandard('add')),
    },
    gradient: ({ node, gradients }) => [gatherRows(need(gradients[0]), inputOf(node, 1)), undefined, undefined],
  },
  /** As ScatterAddRows with the largest value instead of the sum; −3.4·10³⁸ where no row has the id. */
  ScatterMaxRows: { inferTypes: scatterTypes, lower: { standard: scatterStandard('max') }, gradient: 'none' },
  /**
   * Inputs x [N, F], from [E] and to [E] (int64): row n of the result is the sum of x[from[e]] over the edges e with
   * to[e] = n. The same as gathering and scattering, without the messages between where the lowering can do so.
   */
  NeighborSum: {
    inferTypes: (inputs) => [{ dtype: need(inputs[0]).dtype, shape: need(inputs[0]).shape }],
    lower: {
      standard: neighborSum((lowering, x, to, count, from, width) =>
        scatter(lowering, lowering.emit('Gather', [x, from], { axis: 0 }), to, count, width, 'add'),
      ),
      cpu: neighborSumByChunks,
      native: orStandard((lowering, node) => {
        if (inputOf(node, 0).dtype !== 'float32') return false;
        neighborSum(sumRows)(lowering, node);
        return true;
      }, neighborSumByChunks),
    },
    gradient: ({ node, gradients }) => {
      const g = need(gradients[0]);
      return [g.graph.apply('NeighborSum', [g, inputOf(node, 2), inputOf(node, 1)]), undefined, undefined];
    },
  },
  /** Inputs ids [E] (int64) and a tensor [N, …] (or the attribute `rows`) → how often each id occurs, float32 [N]. */
  CountIds: {
    inferTypes: (inputs, attributes) => [
      { dtype: 'float32', shape: [rowsOf([undefined, undefined, inputs[1]], attributes)] },
    ],
    lower: {
      standard: (lowering, node) => {
        const ids = inputOf(node, 0);
        const count = rowCount(lowering, { ...node, inputs: [undefined, ids, node.inputs[1]] });
        const key = lowering.plain(ids);
        const one = { name: '', dtype: 'float32', dims: [1], data: Float32Array.of(1) } as const;
        const shape = lowering.emit('Shape', [columnIndices(lowering, key, 1)]);
        const ones = lowering.emit('ConstantOfShape', [shape], { value: { kind: 'tensor', value: one } });
        lowering.define(outputOf(node), lowering.reshape(scatter(lowering, ones, key, count, 1, 'add'), [-1]));
      },
    },
    gradient: 'none',
  },
  /**
   * Inputs scores [E, H], ids [E] and a tensor [N, …]: softmax over the rows that share an id, per column (the attention
   * of Veličković et al. 2018 over the edges into a node).
   */
  SegmentSoftmax: {
    inferTypes: (inputs, attributes) => {
      scatterTypes(inputs, attributes);
      return [{ dtype: need(inputs[0]).dtype, shape: need(inputs[0]).shape }];
    },
    lower: {
      standard: (lowering, node) => {
        const width = widthOf(inputOf(node, 0));
        const [scores, ids] = [lowering.plain(inputOf(node, 0)), lowering.plain(inputOf(node, 1))];
        const count = rowCount(lowering, node);
        const largest = scatter(lowering, scores, ids, count, width, 'max');
        const below = lowering.emit('Sub', [scores, lowering.emit('Gather', [largest, ids], { axis: 0 })]);
        const weights = lowering.emit('Exp', [below]);
        const total = scatter(lowering, weights, ids, count, width, 'add');
        const divisor = lowering.emit('Gather', [total, ids], { axis: 0 });
        lowering.define(outputOf(node), lowering.emit('Div', [weights, divisor]));
      },
    },
    gradient: ({ node, gradients }) => {
      const [y, ids] = [outputOf(node), inputOf(node, 1)];
      const weighted = multiply(need(gradients[0]), y);
      const sums = scatterAddRows(weighted, ids, inputOf(node, 2));
      return [subtract(weighted, multiply(y, gatherRows(sums, ids))), undefined, undefined];
    },
  },
  /** Inputs edges [2, E] (int64) and a tensor [N, …] → the edges and then one from each node to itself, [2, E + N]. */
  WithSelfLoops: {
    inferTypes: (inputs) => {
      const [edges, nodes] = [need(inputs[0]), need(inputs[1])];
      if (edges.shape.length !== 2 || edges.shape[0] !== 2) {
        throw new GraphError('shape-mismatch', `Edges are [2, number], not [${edges.shape}].`);
      }
      return [{ dtype: edges.dtype, shape: [2, `${edges.shape[1]}+${nodes.shape[0]}`] }];
    },
    lower: {
      standard: (lowering, node) => {
        const edges = lowering.plain(inputOf(node, 0));
        const count = rowCount(lowering, { ...node, inputs: [undefined, undefined, inputOf(node, 1)] });
        const integer = (value: number): string => lowering.constant('int64', [], BigInt64Array.of(BigInt(value)));
        const ids = lowering.emit('Range', [integer(0), lowering.emit('Squeeze', [count]), integer(1)]);
        const loops = lowering.emit('Expand', [ids, lowering.int64s([2, 1])]);
        lowering.define(outputOf(node), lowering.emit('Concat', [edges, loops], { axis: 1 }));
      },
    },
    gradient: 'none',
  },
};
