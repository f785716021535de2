import type { Lowering } from '../lowering/lowering.ts';

/**
 * Sums over edges by chunks: the edges into a node are dealt to chunks of a few places, a Gather fills the places, and a
 * reduction over them adds whole rows at once, where ScatterElements would add number by number. The first chunk of node
 * n is chunk n; what a node has beyond comes after all first chunks, and only those few sums are scattered. The table of
 * places depends on the edges alone, so runs of many steps over one graph make it once.
 */

/** Places per chunk: most nodes of citation graphs and molecules have fewer neighbours. */
const CHUNK = 4;

type ChunkPlan = readonly [
  /** [CHUNK, chunks] int64: which edge stands at a place, or the number of edges where none does. */
  places: string,
  /** [extra] int64: the node that each chunk beyond the first ones belongs to. */
  owners: string,
];

/** @param to [E] int64 @param count [1] int64, the number of nodes */
function chunkPlan(lowering: Lowering, to: string, count: string): ChunkPlan {
  const emit = (operator: string, ...inputs: string[]): string => lowering.emit(operator, inputs);
  const integer = (value: number): string => lowering.constant('int64', [], BigInt64Array.of(BigInt(value)));
  const list = (value: number): string => lowering.int64s([value]);
  const filled = (shape: string, value: number): string => {
    const tensor = { name: '', dtype: 'int64', dims: [1], data: BigInt64Array.of(BigInt(value)) } as const;
    return lowering.emit('ConstantOfShape', [shape], { value: { kind: 'tensor', value: tensor } });
  };
  const scatterInto = (start: string, indices: string, values: string, reduction: 'add' | 'none'): string =>
    lowering.emit('ScatterElements', [start, indices, values], { axis: 0, reduction });
  const before = (sizes: string): string => lowering.emit('CumSum', [sizes, integer(0)], { exclusive: 1 });

  const edges = emit('Shape', to);
  const degree = scatterInto(filled(count, 0), to, filled(edges, 1), 'add');
  const [sorted, order] = lowering.emitAll('TopK', [to, edges], { largest: 0, sorted: 1, axis: 0 }, { outputs: 2 });
  const along = emit('Range', integer(0), emit('Squeeze', edges), integer(1));
  const rank = emit('Sub', along, emit('Gather', before(degree), sorted ?? ''));
  // Chunks beyond a node's first: ⌊(degree − 1) / CHUNK⌋, and none for nodes without edges.
  const extra = emit('Div', emit('Max', emit('Sub', degree, list(1)), list(0)), list(CHUNK));
  const level = emit('Div', rank, list(CHUNK));
  const beyond = emit(
    'Add',
    emit('Gather', emit('Add', before(extra), count), sorted ?? ''),
    emit('Sub', level, list(1)),
  );
  const isFirst = emit('Equal', level, list(0));
  const chunk = emit('Where', isFirst, sorted ?? '', beyond);
  const chunks = emit('Add', count, lowering.emit('ReduceSum', [extra, list(0)], { keepdims: 1 }));
  const slot = emit('Add', emit('Mul', emit('Mod', rank, list(CHUNK)), chunks), chunk);
  const empty = emit('Expand', edges, emit('Mul', chunks, list(CHUNK)));
  const table = scatterInto(empty, slot, order ?? '', 'none');
  const places = emit('Reshape', table, lowering.int64s([CHUNK, -1]));
  // Edges that open a further chunk name its node, in the order of the chunks.
  const opens = emit('And', emit('Not', isFirst), emit('Equal', emit('Mod', rank, list(CHUNK)), list(0)));
  const owners = lowering.emit('Compress', [sorted, opens], { axis: 0 });
  return [places, owners];
}

/** Sums rows of `rows` [E, width] by the ids `to`; or, with `from`, the rows from[e] of `rows` [N, width]. */
export function sumByChunks(
  lowering: Lowering,
  rows: string,
  to: string,
  count: string,
  width: number,
  from?: string,
): string {
  const emit = (operator: string, ...inputs: string[]): string => lowering.emit(operator, inputs);
  const key = `chunks:${to}:${count}`;
  const [places = '', owners = ''] = lowering.memoAll(key, () => chunkPlan(lowering, to, count));
  const zero = lowering.constant('float32', [1, width], new Float32Array(width));
  const padded = lowering.emit('Concat', [rows, zero], { axis: 0 });
  const table =
    from === undefined
      ? places
      : lowering.memo(`${key}:from:${from}`, () =>
          emit('Gather', lowering.emit('Concat', [from, count], { axis: 0 }), places),
        );
  const sums = lowering.reduceSum(lowering.emit('Gather', [padded, table], { axis: 0 }), [0], false);
  const first = emit('Slice', sums, lowering.int64s([0]), count);
  const rest = emit('Slice', sums, count, lowering.int64s([2 ** 31]));
  const indices = lowering.memo(`${key}:owners:${width}`, () =>
    emit('Expand', lowering.reshape(owners, [-1, 1]), lowering.int64s([1, width])),
  );
  return lowering.emit('ScatterElements', [first, indices, rest], { axis: 0, reduction: 'add' });
}
