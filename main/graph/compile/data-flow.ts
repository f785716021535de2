import type { Shape } from '../dimension.ts';
import type { LayerRecord } from '../layers/recording-trace.ts';
import { operators } from '../operators/index.ts';
import type { Graph, Tensor } from '../tensor.ts';

/** A place that data pass through: a layer, an operator that a container applies itself, an end of the model. */
export interface FlowNode {
  readonly id: string;
  readonly kind: 'input' | 'layer' | 'operator' | 'output';
  /** The layer's kind, the operator's name, or the name of the input. */
  readonly title: string;
  /** The layer that ran it; null at the top. */
  readonly parent: string | null;
  /** Its place among the recorded layers, counted without the root. */
  readonly layer: number | null;
  /** Of what it yields. */
  readonly shape: Shape;
}

export interface FlowEdge {
  readonly from: string;
  readonly to: string;
  /** Of what its source yields. */
  readonly shape: Shape;
}

/** Which layer reads what of which, as traced: nested nodes, and edges between those that have no children. */
export interface DataFlow {
  readonly nodes: readonly FlowNode[];
  readonly edges: readonly FlowEdge[];
}

/** The nodes that a tensor was made from. */
interface Sources {
  readonly ids: ReadonlySet<string>;
  /** It says which places count or how many there are: no gradient comes through, and it is left out beside others. */
  readonly aside: boolean;
}

/** What containers apply between their children and people expect to see; other operators with one source are passed by. */
const ACTIVATIONS: ReadonlySet<string> = new Set(
  'Relu Gelu Silu Sigmoid Tanh Softmax LeakyRelu Elu HardSwish Clip'.split(' '),
);

/**
 * Reads off a traced graph how data flow between layers.
 *
 * @param records as the trace wrote them, the root first, every parent before its children
 * @param inputs what the model reads; graph inputs that are not among them are weights
 */
export function dataFlow(
  graph: Graph,
  records: readonly LayerRecord[],
  inputs: readonly Tensor[],
  output: Tensor,
): DataFlow {
  const nodes: FlowNode[] = [];
  const edges = new Map<string, Omit<FlowEdge, 'shape'> & { readonly aside: boolean }>();
  const sources = new Map<number, Sources>();
  const idOf = (place: number): string | null => (place === 0 ? null : `layer.${place - 1}`);
  const connect = (tensors: readonly Tensor[], to: string): void => {
    for (const tensor of tensors) {
      const { ids, aside } = sources.get(tensor.id) ?? { ids: [], aside: true };
      for (const from of ids) {
        const key = `${from} ${to}`;
        if (from !== to && edges.get(key)?.aside !== false) edges.set(key, { from, to, aside });
      }
    }
  };
  for (const input of inputs) {
    const id = `input.${input.inputName}`;
    const base = { kind: 'input', title: input.inputName ?? '', parent: null, layer: null } as const;
    nodes.push({ id, ...base, shape: input.shape });
    sources.set(input.id, { ids: new Set([id]), aside: false });
  }
  const parents = parentsOf(records);
  records.forEach(({ kind, outputShape }, place) => {
    const id = idOf(place);
    if (id === null) return;
    const parent = idOf(parents[place] ?? 0);
    nodes.push({ id, kind: 'layer', title: kind, parent, layer: place - 1, shape: outputShape });
  });
  const owners = ownersOf(graph, records);
  const containers = new Set([0, ...parents]);
  // A model that records no layers, such as an imported one, is shown operator by operator.
  const all = records.length === 1;
  graph.nodes.forEach((node, place) => {
    const owner = owners[place] ?? 0;
    const known = node.inputs.filter((input) => input !== undefined && sources.has(input.id)) as readonly Tensor[];
    const main = known.filter(({ id }) => sources.get(id)?.aside === false);
    const read = main.length > 0 ? main : known;
    const from = new Set(read.flatMap(({ id }) => [...(sources.get(id)?.ids ?? [])]));
    let through: ReadonlySet<string> = from;
    let aside = known.length > 0 && (main.length === 0 || operators[node.operator]?.gradient === 'none');
    if (!containers.has(owner)) {
      const id = idOf(owner) as string;
      connect(read, id);
      through = new Set([id]);
      aside = false;
    } else if (!aside && (from.size > 1 || (from.size === 1 && (all || ACTIVATIONS.has(node.operator))))) {
      const id = `operator.${place}`;
      const base = { kind: 'operator', title: node.operator, parent: idOf(owner), layer: null } as const;
      nodes.push({ id, ...base, shape: node.outputs[0]?.shape ?? [] });
      connect(read, id);
      through = new Set([id]);
    }
    if (through.size > 0) for (const result of node.outputs) sources.set(result.id, { ids: through, aside });
  });
  nodes.push({ id: 'output', kind: 'output', title: 'output', parent: null, layer: null, shape: output.shape });
  connect([output], 'output');
  const fed = new Set([...edges.values()].filter(({ aside }) => !aside).map(({ to }) => to));
  const kept = [...edges.values()].filter(({ aside, to }) => !aside || !fed.has(to));
  const shapeOf = new Map(nodes.map(({ id, shape }) => [id, shape]));
  const read = new Set(kept.map(({ from }) => from));
  return {
    // Operators whose result nothing reads, such as outputs emitted on the side, are no part of the picture.
    nodes: nodes.filter(({ id, kind }) => kind !== 'operator' || read.has(id)),
    edges: kept.map(({ from, to }) => ({ from, to, shape: shapeOf.get(from) ?? [] })),
  };
}

/** The place of the record that ran each record; -1 for the root. */
function parentsOf(records: readonly LayerRecord[]): readonly number[] {
  const path: number[] = [];
  return records.map(({ depth }, place) => {
    path.length = depth - 1;
    path.push(place);
    return path.at(-2) ?? -1;
  });
}

/** The innermost record that each operator was recorded in. */
function ownersOf(graph: Graph, records: readonly LayerRecord[]): readonly number[] {
  const owners = graph.nodes.map(() => 0);
  records.forEach(({ nodes: [first, end] }, place) => {
    owners.fill(place, first, end);
  });
  return owners;
}
