import { NATIVE_DOMAIN, NCHWC_DOMAIN } from '../lowering/lowering.ts';
import type { OnnxGraph, OnnxNode } from '../onnx/model.ts';
import type { Allocation, ArenaModel } from './memory-arena.ts';
import { declaredShape, isSameShape, isStatic, type SeenShape, type SeenValue, seenOutputs } from './memory-shapes.ts';
import type { KnownValue } from './memory-values.ts';
import { bytesOf, inferOutputs } from './memory-values.ts';

/** Outputs that are their first input under other sizes. */
const ALIASES: ReadonlySet<string> = new Set(['Reshape', 'Squeeze', 'Unsqueeze', 'Flatten', 'Identity']);

/** May write into their first input (or one of two, where there are two) if nobody reads it afterwards. */
const IN_PLACE: ReadonlySet<string> = new Set([
  ...['Add', 'Sub', 'Mul', 'Div', 'Relu', 'Sigmoid', 'Tanh', 'Exp', 'Log', 'Sqrt', 'Neg', 'Abs', 'Reciprocal'],
  ...['HardSigmoid', 'LeakyRelu', 'Elu', 'Softplus', 'Clip', 'Cast', 'Not'],
]);

/** `MAY_OVERWRITE` in native/operators.cc. */
const NATIVE_IN_PLACE: ReadonlySet<string> = new Set([
  ...['AddBias', 'Gelu', 'GeluGradient', 'ReluGradient', 'SoftmaxGradient', 'LayerNormGradient', 'BatchNormGradient'],
]);

/** Numbers of constants that sizes may be multiplied with, at most: one per axis. */
const MOST_SCALES = 8;

/** How often a loop's body is followed: from the second time on, every round needs the same. */
const ROUNDS = 2;

/** Memory of one tensor, or of several that take each other's place. */
interface Buffer {
  readonly bytes: number;
  readonly dtypeBytes: number;
  /** Of the tensor that it was made for. */
  readonly seen: SeenShape;
  /** Reads that are still to come. */
  readers: number;
  allocation: Allocation;
}

interface Place extends SeenValue {
  /** Undefined for what does not lie in the arena: inputs, weights, results with a place of their own. */
  readonly buffer: Buffer | undefined;
}

export type Scope = ReadonlyMap<string, Place>;

/** What lies outside of the arena, such as inputs: its type is known, its memory is counted elsewhere. */
export const outside = (value: KnownValue, seen: SeenShape = value.dims): Place => ({
  value,
  seen,
  isConstant: false,
  buffer: undefined,
});

/** What happens to memory while a graph runs, in the order of its nodes. */
type Event =
  | { readonly kind: 'allocate' | 'release'; readonly buffer: Buffer }
  | { readonly kind: 'body'; readonly body: BodyPlan };

/** How a graph uses memory, whatever lies around it. */
interface GraphPlan {
  readonly events: readonly Event[];
  /** Of the graph's outputs; their buffers are the caller's to release. */
  readonly outputs: readonly Place[];
}

/** The body of a Loop or Scan. */
interface BodyPlan {
  readonly plan: GraphPlan;
  readonly rounds: number;
}

/**
 * Follows a graph node by node in the order of ONNX Runtime's sequential executor: takes memory for each output from the
 * arena, and gives it back after the last reader. As the runtime plans it (core/framework/allocation_planner), an output
 * takes the place of an input where the kernel can write there, else of a tensor of the same shape that nobody reads any
 * more, which is then not given back in between.
 *
 * @param placed names of outputs that are written somewhere else
 */
export class MemoryPlan {
  readonly #plan: GraphPlan;

  constructor(graph: OnnxGraph, scope: Scope, placed: ReadonlySet<string>) {
    this.#plan = planGraph(graph, scope, placed);
  }

  /** Runs it once. */
  follow(arena: ArenaModel): void {
    execute(this.#plan, arena);
    for (const { buffer } of this.#plan.outputs) if (buffer) arena.release(buffer.allocation);
  }
}

function execute({ events }: GraphPlan, arena: ArenaModel): void {
  for (const event of events) {
    if (event.kind === 'body') runBody(event.body, arena);
    else if (event.kind === 'release') arena.release(event.buffer.allocation);
    else event.buffer.allocation = arena.allocate(event.buffer.bytes);
  }
}

function runBody({ plan, rounds }: BodyPlan, arena: ArenaModel): void {
  let held: readonly Allocation[] = [];
  for (let round = 0; round < rounds; round++) {
    execute(plan, arena);
    // What a round yields stays until the next one has read it.
    for (const old of held) arena.release(old);
    held = plan.outputs.map(({ buffer }) => buffer?.allocation);
  }
  for (const old of held) arena.release(old);
}

function planGraph(graph: OnnxGraph, scope: Scope, placed: ReadonlySet<string>): GraphPlan {
  const places = new Map(scope);
  for (const { name, dtype, dims, data } of graph.initializers) {
    const small =
      data.length <= (dtype === 'float32' ? MOST_SCALES : 64)
        ? { numbers: Array.from(data as Int32Array, Number) }
        : {};
    places.set(name, { ...outside({ dtype, dims, ...small }), isConstant: true });
  }
  const events: Event[] = [];
  const nodes = executionOrder(graph);
  const outputNames = graph.outputs.map(({ name }) => name);
  const isOutput = new Set(outputNames);
  const readers = countReaders(nodes, outputNames);
  const folded = foldedTransposes(nodes, isOutput);
  /** Nobody reads them any more, the newest first. They are given back unless something takes their place. */
  const free: { readonly buffer: Buffer; readonly at: number }[] = [];
  const drop = (name: string): void => {
    const buffer = places.get(name)?.buffer;
    if (!buffer || scope.has(name)) return;
    if (--buffer.readers > 0) return;
    free.unshift({ buffer, at: events.length });
    events.push({ kind: 'release', buffer });
  };
  const take = (value: KnownValue, seen: SeenShape): Buffer | undefined => {
    const place = free.findIndex(({ buffer }) => isSameSize(buffer, value, seen));
    const [taken] = place < 0 ? [] : free.splice(place, 1);
    if (taken) kept.add(taken.at);
    return taken?.buffer;
  };
  /** Releases that do not happen. */
  const kept = new Set<number>();
  for (const node of nodes) {
    const inputs = node.inputs.map((name) => places.get(name));
    const body = planBody(node, places);
    const types =
      body?.types ??
      inferOutputs(
        node,
        inputs.map((place) => place?.value),
      );
    const values = node.outputs.map(
      (_, index): KnownValue => types[index] ?? inputs[0]?.value ?? { dtype: 'float32', dims: [] },
    );
    const shapes = body?.seen ?? seenOutputs(node, inputs, values);
    const isConstant =
      (node.operator === 'Shape' && isStatic(inputs[0]?.seen ?? [])) ||
      inputs.every((input) => input?.isConstant !== false);
    // A Scan writes what its steps yield straight into its outputs; a Loop copies what its last round left.
    if (body && node.operator !== 'Scan') events.push({ kind: 'body', body: body.plan });
    node.outputs.forEach((name, index) => {
      const value = values[index] as KnownValue;
      const seen = shapes[index] ?? [];
      const uses = readers.get(name) ?? 0;
      const lies = { value, seen, isConstant };
      if (placed.has(name) || (value.numbers && value.numbers.length <= 64)) {
        places.set(name, { ...lies, buffer: undefined });
        return;
      }
      const isAlias = ALIASES.has(node.operator) || folded.has(name);
      if (isAlias && inputs[0] && !inputs[0].buffer && !isOutput.has(name)) {
        places.set(name, { ...lies, buffer: undefined });
        return;
      }
      const shared = isAlias
        ? inputs[0]?.buffer
        : isOutput.has(name) || index > 0
          ? undefined
          : overwritten(node, inputs, lies, scope);
      const buffer = shared ?? (isOutput.has(name) ? undefined : take(value, seen));
      if (buffer) {
        buffer.readers += uses;
        places.set(name, { ...lies, buffer });
        return;
      }
      const bytes = bytesOf(value);
      const made: Buffer = {
        bytes,
        dtypeBytes: sizeOf(value),
        seen,
        readers: Math.max(1, uses),
        allocation: undefined,
      };
      events.push({ kind: 'allocate', buffer: made });
      places.set(name, { ...lies, buffer: made });
      if (uses > 0) return;
      free.unshift({ buffer: made, at: events.length });
      events.push({ kind: 'release', buffer: made });
    });
    if (body && node.operator === 'Scan') events.push({ kind: 'body', body: body.plan });
    for (const name of node.inputs) drop(name);
    for (const { value } of bodiesOf(node)) for (const name of freeNames(value)) drop(name);
  }
  return {
    events: events.filter((_, at) => !kept.has(at)),
    outputs: outputNames.flatMap((name) => places.get(name) ?? []),
  };
}

const sizeOf = (value: KnownValue): number => bytesOf({ dtype: value.dtype, dims: [] });

const isSameSize = (buffer: Buffer, value: KnownValue, seen: SeenShape): boolean =>
  seen.length > 0 && buffer.dtypeBytes === sizeOf(value) && isSameShape(buffer.seen, seen);

/** Inputs whose memory the kernel may write its output into. */
function overwritable({ operator, domain }: OnnxNode): readonly number[] {
  if (domain === NATIVE_DOMAIN) return NATIVE_IN_PLACE.has(operator) ? [0] : [];
  // The blocked convolution adds its fourth input in its last pass.
  if (domain === NCHWC_DOMAIN) return [3];
  return IN_PLACE.has(operator) ? [0, 1] : [];
}

/** The buffer of an input that nobody reads afterwards, and that the kernel writes its output into; if any. */
function overwritten(
  node: OnnxNode,
  inputs: readonly (Place | undefined)[],
  { value, seen }: SeenValue,
  scope: Scope,
): Buffer | undefined {
  const candidates = overwritable(node);
  const place = candidates.find((at) => {
    const input = inputs[at];
    if (input?.buffer?.readers !== 1 || scope.has(node.inputs[at] ?? '')) return false;
    return sizeOf(input.value) === sizeOf(value) && isSameShape(input.seen, seen);
  });
  return place === undefined ? undefined : inputs[place]?.buffer;
}

/** Transposes of the last two axes for matrix products alone: the runtime lets the product read the other way instead. */
function foldedTransposes(nodes: readonly OnnxNode[], kept: ReadonlySet<string>): ReadonlySet<string> {
  const folded = new Set(
    nodes.flatMap(({ operator, attributes: { perm }, outputs: [name = ''] }) => {
      if (operator !== 'Transpose' || perm?.kind !== 'ints' || kept.has(name)) return [];
      const rank = perm.value.length;
      const swaps = perm.value.every((axis, at) => axis === (at < rank - 2 ? at : 2 * rank - 3 - at));
      return swaps ? [name] : [];
    }),
  );
  for (const node of nodes) {
    if (node.operator !== 'MatMul') for (const name of node.inputs) folded.delete(name);
    for (const { value } of bodiesOf(node)) for (const name of freeNames(value)) folded.delete(name);
  }
  return folded;
}

/** How the body of a Loop or Scan uses memory, and the types of the node's outputs; undefined where there is no body. */
function planBody(
  node: OnnxNode,
  places: ReadonlyMap<string, Place>,
): { readonly plan: BodyPlan; readonly types: readonly KnownValue[]; readonly seen: readonly SeenShape[] } | undefined {
  const body = node.attributes.body;
  if (body?.kind !== 'graph') return undefined;
  const graph = body.value;
  const isLoop = node.operator === 'Loop';
  const scanned = node.attributes.num_scan_inputs?.kind === 'int' ? node.attributes.num_scan_inputs.value : 0;
  const carriedNames = isLoop ? node.inputs.slice(2) : node.inputs.slice(0, node.inputs.length - scanned);
  const bodyInputs = isLoop ? graph.inputs.slice(2) : graph.inputs;
  const bodyOutputs = isLoop ? graph.outputs.slice(1) : graph.outputs;
  const last = places.get((isLoop ? node.inputs[0] : node.inputs.at(-1)) ?? '');
  const trips = (isLoop ? last?.value.numbers?.[0] : last?.value.dims[0]) ?? 1;
  const scope = new Map(places);
  if (isLoop) {
    scope.set(graph.inputs[0]?.name ?? '', outside({ dtype: 'int64', dims: [], numbers: [0] }));
    scope.set(graph.inputs[1]?.name ?? '', outside({ dtype: 'bool', dims: [] }));
  }
  bodyInputs.forEach((input, place) => {
    const whole = places.get(node.inputs[place + (isLoop ? 2 : 0)] ?? '')?.value ?? { dtype: 'float32', dims: [] };
    const value = place < carriedNames.length ? whole : { dtype: whole.dtype, dims: whole.dims.slice(1) };
    scope.set(input.name, outside(value, declaredShape(input)));
  });
  const written = isLoop ? new Set<string>() : new Set(bodyOutputs.map(({ name }) => name));
  const plan = planGraph(graph, scope, written);
  const results = plan.outputs.slice(isLoop ? 1 : 0);
  const types = bodyOutputs.map((_, place) => {
    const value = results[place]?.value ?? { dtype: 'float32' as const, dims: [] };
    return place < carriedNames.length ? value : { dtype: value.dtype, dims: [trips, ...value.dims] };
  });
  const seen = types.map(({ dims }, place) => {
    const each = results[place]?.seen ?? [];
    // What a loop carries may change its shape.
    if (isLoop) return dims.map(() => Number.NaN);
    return place < carriedNames.length ? each : [last?.seen[0] ?? Number.NaN, ...each];
  });
  return { plan: { plan, rounds: Math.min(ROUNDS, trips) }, types, seen };
}

const bodiesOf = ({ attributes }: OnnxNode) =>
  Object.values(attributes).flatMap((attribute) => (attribute.kind === 'graph' ? [attribute] : []));

/** Reads by nodes and, for each graph output, one by the caller. */
function countReaders(nodes: readonly OnnxNode[], outputs: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const read = (name: string): void => {
    counts.set(name, (counts.get(name) ?? 0) + 1);
  };
  for (const node of nodes) for (const name of node.inputs) read(name);
  for (const name of outputs) read(name);
  // A body reads what lies around it for as long as it runs, which its node's own inputs do not show.
  for (const node of nodes) for (const { value } of bodiesOf(node)) for (const name of freeNames(value)) read(name);
  return counts;
}

function freeNames(graph: OnnxGraph): ReadonlySet<string> {
  const own = new Set([...graph.inputs, ...graph.initializers].map(({ name }) => name));
  for (const node of graph.nodes) for (const name of node.outputs) own.add(name);
  const inner = graph.nodes.flatMap((node) => bodiesOf(node).flatMap(({ value }) => [...freeNames(value)]));
  return new Set(
    [...graph.nodes.flatMap((node) => node.inputs), ...inner].filter((name) => name !== '' && !own.has(name)),
  );
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
    const names = [...node.inputs, ...bodiesOf(node).flatMap(({ value }) => [...freeNames(value)])];
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
