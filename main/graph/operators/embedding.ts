import { elementCount } from '../dimension.ts';
import { GraphError } from '../graph-error.ts';
import type { Lowering } from '../lowering/lowering.ts';
import type { OperatorTable } from '../operator.ts';
import { inputOf, need, numberOf, outputOf } from './rule-inputs.ts';

/** Sorted ids are summed in runs of so many: a small matrix product per run. */
const RUN = 64;

/**
 * Sums rows [n, width] that share an id into a table [vocabulary, width], the same to the bit every time.
 *
 * Adding rows where they belong races (ScatterND on the CPU) or takes one thread (ScatterElements). So: sort the ids;
 * in runs of 64 sorted ids multiply the rows by the matrix of who equals whom, which puts the run's sum of an id into
 * each of its rows; add to the row where an id first appears what later runs begin with it; read for each word of the
 * vocabulary the row of its first appearance, or a row of zeros.
 */
function sumRowsById(lowering: Lowering, ids: string, values: string, vocabulary: number, width: number): string {
  const value = (operator: string, ...names: string[]): string => lowering.emit(operator, names);
  const integer = (number: number): string => lowering.constant('int64', [], BigInt64Array.of(BigInt(number)));
  const slice = (name: string, start: number, end: number): string =>
    value('Slice', name, lowering.int64s([start]), lowering.int64s([end]), lowering.int64s([0]));
  const concat = (...names: string[]): string => lowering.emit('Concat', names, { axis: 0 });
  const where = (condition: string, yes: string, no: string): string => value('Where', condition, yes, no);
  const zero = lowering.int64s([0]);

  const count = value('Shape', ids);
  const [sorted = '', order = ''] = lowering.emitAll('TopK', [ids, count], { largest: 0 }, { outputs: 2 });
  // Filled up to whole runs, by two places at least, with an id that no row has, so that their sums are zeros.
  const two = lowering.int64s([2]);
  const missing = value('Add', two, value('Mod', value('Neg', value('Add', count, two)), lowering.int64s([RUN])));
  const fill = (name: string, id: number): string => value('Pad', name, concat(zero, missing), integer(id));
  const keys = fill(sorted, vocabulary + 1);
  const length = value('Shape', keys);
  const filledRows = lowering.emit('Gather', [values, fill(order, 0)], { axis: 0 });
  const equal = (down: string, across: string, left: readonly number[], right: readonly number[]): string =>
    lowering.emit('Cast', [value('Equal', lowering.reshape(down, left), lowering.reshape(across, right))], { to: 1 });
  const runs = lowering.reshape(filledRows, [-1, RUN, width]);
  const same = equal(keys, fill(sorted, -1), [-1, RUN, 1], [-1, 1, RUN]);
  const sums = lowering.reshape(value('MatMul', same, runs), [-1, width]);
  const nought = value('Sub', length, lowering.int64s([1]));
  const spare = value('Sub', length, two);

  // Where each id first appears; the place of a row of zeros where it does not.
  const first = value('Not', value('Equal', keys, concat(lowering.int64s([-1]), slice(keys, 0, -1))));
  const places = value('Range', integer(0), value('Squeeze', length), integer(1));
  const absent = value('Expand', nought, lowering.int64s([vocabulary + 2]));
  const firstIds = where(first, keys, integer(vocabulary));
  const pointers = lowering.emit('ScatterElements', [absent, firstIds, where(first, places, nought)], { axis: 0 });

  // What runs begin with that began in an earlier run: one total per id, added at its first appearance.
  const heads = value('Range', integer(0), value('Squeeze', length), integer(RUN));
  const headIds = where(value('Gather', first, heads), integer(vocabulary), value('Gather', keys, heads));
  const totals = value(
    'MatMul',
    equal(headIds, headIds, [-1, 1], [1, -1]),
    lowering.emit('Gather', [sums, heads], { axis: 0 }),
  );
  const repeated = value('Equal', headIds, concat(lowering.int64s([vocabulary]), slice(headIds, 0, -1)));
  const needless = value('Or', repeated, value('Equal', headIds, integer(vocabulary)));
  const targets = where(needless, spare, value('Gather', pointers, headIds));
  const added = lowering.emit('ScatterND', [sums, lowering.reshape(targets, [-1, 1]), totals], { reduction: 'add' });
  return lowering.emit('Gather', [added, slice(pointers, 0, vocabulary)], { axis: 0 });
}

export const embeddingOperators: OperatorTable = {
  /** Inputs a table [vocabulary, width] and ids (int64, any shape) → the row of each id, [...ids, width]. */
  Embedding: {
    inferTypes: (inputs) => {
      const [table, ids] = [need(inputs[0]), need(inputs[1])];
      if (ids.dtype !== 'int64' || table.shape.length !== 2) {
        throw new GraphError('shape-mismatch', `An embedding [${table.shape}] cannot be read by ${ids.dtype} ids.`);
      }
      return [{ dtype: table.dtype, shape: [...ids.shape, need(table.shape[1])] }];
    },
    lower: {
      standard: (lowering, node) => {
        const names = [lowering.plain(inputOf(node, 0)), lowering.plain(inputOf(node, 1))];
        lowering.define(outputOf(node), lowering.emit('Gather', names, { axis: 0 }));
      },
    },
    gradient: ({ node, gradients }) => {
      const [table, ids] = [inputOf(node, 0), inputOf(node, 1)];
      const attributes = { vocabulary: Number(table.shape[0]), padding: numberOf(node.attributes, 'padding') };
      return [table.graph.apply('EmbeddingGradient', [ids, gradients[0]], attributes), undefined];
    },
  },
  /** Inputs ids and the gradient of their rows → that of the table; that of the row `padding` is zero (-1: of none). */
  EmbeddingGradient: {
    inferTypes: (inputs, attributes) => {
      const g = need(inputs[1]);
      return [{ dtype: g.dtype, shape: [numberOf(attributes, 'vocabulary'), need(g.shape.at(-1))] }];
    },
    lower: {
      standard: (lowering, node) => {
        const g = inputOf(node, 1);
        const width = elementCount([need(g.shape.at(-1))]);
        const vocabulary = numberOf(node.attributes, 'vocabulary');
        const padding = numberOf(node.attributes, 'padding');
        const flat = lowering.reshape(lowering.plain(inputOf(node, 0)), [-1]);
        const integer = (number: number): string => lowering.constant('int64', [], BigInt64Array.of(BigInt(number)));
        const ids =
          padding < 0
            ? flat
            : lowering.emit('Where', [lowering.emit('Equal', [flat, integer(padding)]), integer(vocabulary), flat]);
        const rows = lowering.reshape(lowering.plain(g), [-1, width]);
        lowering.define(outputOf(node), sumRowsById(lowering, ids, rows, vocabulary, width));
      },
    },
  },
};
