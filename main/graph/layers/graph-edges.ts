import { reshape, squareRoot } from '../expression.ts';
import { GraphError } from '../graph-error.ts';
import type { Tensor } from '../tensor.ts';
import type { Trace } from './trace.ts';

/** The name under which graph layers read their edges: int64 [2, E], sources above targets. */
export const EDGES = 'edges';

export interface EdgeEnds {
  /** [E] int64 */
  readonly from: Tensor;
  /** [E] int64 */
  readonly to: Tensor;
}

const ends = new WeakMap<Tensor, EdgeEnds>();
const degrees = new WeakMap<Tensor, Tensor>();
const loops = new WeakMap<Tensor, Tensor>();

/** Both rows of a [2, E] tensor of node ids; the same tensors each time. */
export function edgeEnds(edges: Tensor): EdgeEnds {
  const count = edges.shape[1];
  if (edges.shape.length !== 2 || edges.shape[0] !== 2 || count === undefined || edges.dtype !== 'int64') {
    throw new GraphError('shape-mismatch', `Edges are int64 [2, number], not ${edges.dtype} [${edges.shape}].`);
  }
  return remember(ends, edges, () => {
    const row = (start: number): Tensor =>
      reshape(edges.graph.apply('Slice', [edges], { axis: 0, start, size: 1 }), [count]);
    return { from: row(0), to: row(1) };
  });
}

/** 1 / √(number of edges into a node, plus one for itself), float32 [N, 1]. */
export const inverseRootDegree = (edges: Tensor, x: Tensor): Tensor =>
  remember(degrees, edges, () => {
    const { graph } = edges;
    const count = graph.apply('CountIds', [edgeEnds(edges).to, x]);
    const root = squareRoot(graph.apply('Add', [count, graph.scalar(1)]));
    return reshape(graph.apply('Div', [graph.scalar(1), root]), [x.shape[0] ?? 1, 1]);
  });

/** The model's edges and one from each node to itself. */
export const edgesWithLoops = (trace: Trace, x: Tensor): Tensor => {
  const edges = trace.input(EDGES);
  return remember(loops, edges, () => edges.graph.apply('WithSelfLoops', [edges, x]));
};

function remember<T extends object>(known: WeakMap<Tensor, T>, edges: Tensor, make: () => T): T {
  const existing = known.get(edges);
  if (existing) return existing;
  const made = make();
  known.set(edges, made);
  return made;
}
