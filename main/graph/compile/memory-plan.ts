import type { OnnxGraph, OnnxNode } from '../onnx/model.ts';
import type { Allocation, ArenaModel } from './memory-arena.ts';
import type { KnownValue } from './memory-values.ts';
import { bytesOf, inferOutputs } from './memory-values.ts';

/** Outputs that are their first input under other sizes. */
const ALIASES: ReadonlySet<string> = new Set(['Reshape', 'Squeeze', 'Unsqueeze', 'Flatten', 'Identity']);

/** May write into their first input (or one of two, where there are two) if nobody reads it afterwards. */
const IN_PLACE: ReadonlySet<string> = new Set([
  ...['Add', 'Sub', 'Mul', 'Div', 'Relu', 'Sigmoid', 'Tanh', 'Exp', 'Log', 'Sqrt', 'Neg', 'Abs', 'Reciprocal'],
  ...['HardSigmoid', 'LeakyRelu', 'Elu', 'Softplus', 'Clip', 'Cast', 'Not'],
]);

/** How often a loop's body is followed: from the second time on, every round needs the same. */
const ROUNDS = 2;

interface Buffer {
  readonly bytes: number;
  readers: number;
  /** Undefined for what does not lie in the arena: inputs, weights, results with a place of their own. */
  readonly allocation: Allocation;
}

interface Place {
  readonly value: KnownValue;
  readonly buffer: Buffer | undefined;
  /** Comes from a loop or scan: the runtime does not know its sizes beforehand, so nothing is computed in its place. */
  readonly isVague?: boolean;
}

export type Scope = ReadonlyMap<string, Place>;

/** What lies outside of the arena, such as inputs: its type is known, its memory is counted elsewhere. */
export const outside = (value: KnownValue): Place => ({ value, buffer: undefined });

/**
 * Follows a graph node by node in the order of ONNX Runtime's sequential executor: takes memory for each output from the
 * arena, shares it where a kernel writes in place, and gives it back after the last reader.
 *
 * @param placed names of outputs that are written somewhere else
 * @returns the places of the graph's outputs that lie in the arena; their readers are the caller's
 */
export function followGraph(
  graph: OnnxGraph,
  scope: Scope,
  arena: ArenaModel,
  placed: ReadonlySet<string>,
): ReadonlyMap<string, Place> {
  const places = new Map(scope);
  for (const { name, dtype, dims, data } of graph.initializers) {
    const small = data.length <= 64 && dtype !== 'float32' ? { numbers: Array.from(data as Int32Array, Number) } : {};
    places.set(name, outside({ dtype, dims, ...small }));
  }
  const nodes = executionOrder(graph);
  const readers = countReaders(
    nodes,
    graph.outputs.map(({ name }) => name),
  );
  const drop = (name: string): void => {
    const buffer = places.get(name)?.buffer;
    if (!buffer || scope.has(name)) return;
    if (--buffer.readers === 0) arena.release(buffer.allocation);
  };
  for (const node of nodes) {
    const inputs = node.inputs.map((name) => places.get(name));
    const types =
      followBodies(node, places, arena) ??
      inferOutputs(
        node,
        inputs.map((place) => place?.value),
      );
    const isVague = node.attributes.body !== undefined || inputs.some((place) => place?.isVague);
    node.outputs.forEach((name, index) => {
      const value = types[index] ?? inputs[0]?.value ?? { dtype: 'float32', dims: [] };
      const uses = readers.get(name) ?? 0;
      if (placed.has(name)) {
        places.set(name, outside(value));
        return;
      }
      const shared = sharedBuffer(node, inputs, isVague, value, index, (at) => {
        const input = node.inputs[at] ?? '';
        return scope.has(input) ? Number.POSITIVE_INFINITY : (inputs[at]?.buffer?.readers ?? Number.POSITIVE_INFINITY);
      });
      if (shared) {
        shared.readers += uses;
        places.set(name, { value, buffer: shared, isVague });
      } else if (value.numbers && value.numbers.length <= 64) {
        places.set(name, outside(value));
      } else {
        const bytes = bytesOf(value);
        const allocation = arena.allocate(bytes);
        places.set(name, { value, isVague, buffer: { bytes, readers: Math.max(1, uses), allocation } });
        if (uses === 0) arena.release(allocation);
      }
    });
    for (const name of node.inputs) drop(name);
    const body = node.attributes.body;
    if (body?.kind === 'graph') for (const name of freeNames(body.value)) drop(name);
  }
  return new Map(graph.outputs.flatMap(({ name }) => (places.has(name) ? [[name, places.get(name) as Place]] : [])));
}

/** The buffer of an input that the output is written into, if any. */
function sharedBuffer(
  node: OnnxNode,
  inputs: readonly (Place | undefined)[],
  isVague: boolean,
  value: KnownValue,
  index: number,
  readersOf: (input: number) => number,
): Buffer | undefined {
  if (index > 0) return undefined;
  if (ALIASES.has(node.operator) && (node.operator !== 'Identity' || readersOf(0) === 1)) return inputs[0]?.buffer;
  // The blocked convolution adds its fourth input in its last pass.
  const candidates = IN_PLACE.has(node.operator) && !isVague ? [0, 1] : node.domain.endsWith('nchwc') ? [3] : [];
  const place = candidates.find((at) => {
    const input = inputs[at];
    return input?.buffer !== undefined && readersOf(at) === 1 && input.buffer.bytes === bytesOf(value);
  });
  return place === undefined ? undefined : inputs[place]?.buffer;
}

/** Runs the bodies of Loop and Scan in the same arena; yields the types of the node's outputs, if it has a body. */
function followBodies(
  node: OnnxNode,
  places: Map<string, Place>,
  arena: ArenaModel,
): readonly KnownValue[] | undefined {
  const body = node.attributes.body;
  if (body?.kind !== 'graph') return undefined;
  const graph = body.value;
  const isLoop = node.operator === 'Loop';
  const scanned = node.attributes.num_scan_inputs?.kind === 'int' ? node.attributes.num_scan_inputs.value : 0;
  const carriedNames = isLoop ? node.inputs.slice(2) : node.inputs.slice(0, node.inputs.length - scanned);
  const bodyInputs = isLoop ? graph.inputs.slice(2) : graph.inputs;
  const bodyOutputs = isLoop ? graph.outputs.slice(1) : graph.outputs;
  const trips = isLoop
    ? (places.get(node.inputs[0] ?? '')?.value.numbers?.[0] ?? 1)
    : (places.get(node.inputs.at(-1) ?? '')?.value.dims[0] ?? 1);
  let carried = carriedNames.map((name) => places.get(name)?.value ?? { dtype: 'float32' as const, dims: [] });
  let held: readonly (Place | undefined)[] = [];
  for (let round = 0; round < Math.min(ROUNDS, trips); round++) {
    const scope = new Map(places);
    if (isLoop) {
      scope.set(graph.inputs[0]?.name ?? '', outside({ dtype: 'int64', dims: [], numbers: [round] }));
      scope.set(graph.inputs[1]?.name ?? '', outside({ dtype: 'bool', dims: [] }));
    }
    bodyInputs.forEach(({ name }, place) => {
      const whole = places.get(node.inputs[place + (isLoop ? 2 : 0)] ?? '')?.value;
      const value = carried[place] ?? { dtype: whole?.dtype ?? 'float32', dims: whole?.dims.slice(1) ?? [] };
      scope.set(name, outside(value));
    });
    const results = followGraph(graph, scope, arena, new Set());
    const places2 = bodyOutputs.map(({ name }) => results.get(name));
    for (const old of held) if (old?.buffer) arena.release(old.buffer.allocation);
    carried = carried.map((value, place) => places2[place]?.value ?? value);
    held = places2;
  }
  for (const old of held) if (old?.buffer) arena.release(old.buffer.allocation);
  return bodyOutputs.map((_, place) => {
    const value = held[place]?.value ?? carried[place] ?? { dtype: 'float32', dims: [] };
    return place < carriedNames.length ? value : { dtype: value.dtype, dims: [trips, ...value.dims] };
  });
}

/** Reads by nodes and, for each graph output, one by the caller. */
function countReaders(nodes: readonly OnnxNode[], outputs: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const read = (name: string): void => {
    counts.set(name, (counts.get(name) ?? 0) + 1);
  };
  for (const node of nodes) for (const name of node.inputs) read(name);
  for (const name of outputs) read(name);
  // A body reads what lies around it for as long as it runs, which its node's own inputs do not show.
  for (const node of nodes) {
    const body = node.attributes.body;
    if (body?.kind === 'graph') for (const name of freeNames(body.value)) read(name);
  }
  return counts;
}

function freeNames(graph: OnnxGraph): ReadonlySet<string> {
  const own = new Set([...graph.inputs, ...graph.initializers].map(({ name }) => name));
  for (const node of graph.nodes) for (const name of node.outputs) own.add(name);
  return new Set(graph.nodes.flatMap((node) => node.inputs).filter((name) => name !== '' && !own.has(name)));
}

/**
 * The order of ONNX Runtime's executor: depth first from the nodes that nobody reads, the last of them first, and of a
 * node's makers the last first (GraphViewer, ExecutionOrder::DEFAULT).
 */
function executionOrder(graph: OnnxGraph): readonly OnnxNode[] {
  const makers = new Map<string, number>();
  graph.nodes.forEach((node, index) => {
    for (const name of node.outputs) makers.set(name, index);
  });
  const inputsOf = graph.nodes.map((node) => {
    const body = node.attributes.body;
    const names = body?.kind === 'graph' ? [...node.inputs, ...freeNames(body.value)] : node.inputs;
    return [...new Set(names.flatMap((name) => (makers.has(name) ? [makers.get(name) as number] : [])))];
  });
  const isRead = new Set(inputsOf.flat());
  const visited = new Set<number>();
  const order: OnnxNode[] = [];
  const stack: { readonly index: number; readonly leaving: boolean }[] = graph.nodes.flatMap((_, index) =>
    isRead.has(index) ? [] : [{ index, leaving: false }],
  );
  for (let entry = stack.pop(); entry; entry = stack.pop()) {
    if (entry.leaving) {
      order.push(graph.nodes[entry.index] as OnnxNode);
      continue;
    }
    if (visited.has(entry.index)) continue;
    visited.add(entry.index);
    stack.push({ index: entry.index, leaving: true });
    for (const index of [...(inputsOf[entry.index] ?? [])].sort((a, b) => a - b)) {
      if (!visited.has(index)) stack.push({ index, leaving: false });
    }
  }
  return order;
}
