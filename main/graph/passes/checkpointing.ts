import { dataTypes } from '../data-type.ts';
import { elementCount } from '../dimension.ts';
import type { Graph, Node, Tensor } from '../tensor.ts';

/** What symbols stand for where only the proportions of sizes matter. */
const TYPICAL_BATCH = 32;

/**
 * Gradient checkpointing (Chen et al. 2016): cuts the forward nodes into segments and lets the backward pass read values
 * of a segment from a second computation of it, which starts when the gradient has arrived there; what lies between the
 * cuts is then not kept. Nodes, numbers and their order stay the same, so the results do, to the bit.
 *
 * @param firstForward place of the first node that may be recomputed; the forward pass ends before `firstBackward`
 * @param weights ids of tensors that are there all the time
 */
export function recomputeActivations(
  graph: Graph,
  firstForward: number,
  firstBackward: number,
  segments: number,
  weights: ReadonlySet<number>,
): void {
  const nodes = graph.nodes.splice(0);
  const forward = nodes.slice(firstForward, firstBackward);
  const segmentOf = assignSegments(forward, segments);
  const last = segments - 1;
  const makers = new Map<number, Node>();
  for (const node of forward) for (const output of node.outputs) makers.set(output.id, node);
  const fromBackward = new Set(nodes.slice(firstBackward).flatMap((node) => node.outputs.map(({ id }) => id)));
  const gates = new Map<number, Tensor>();
  const copies = new Map<number, Tensor>();
  const entries = new Map<string, Tensor>();

  /** The recomputed twin of a tensor that backward reads. */
  const copyOf = (tensor: Tensor, gate: Tensor, segment: number): Tensor => {
    const existing = copies.get(tensor.id);
    if (existing) return existing;
    const maker = makers.get(tensor.id);
    if (!maker || segmentOf.get(maker) !== segment) return entryOf(tensor, gate, segment);
    const inputs = maker.inputs.map((input) => input && copyOf(input, gate, segment));
    const outputs = graph.applyAll(maker.operator, inputs, maker.attributes);
    maker.outputs.forEach((output, index) => {
      copies.set(output.id, outputs[index] as Tensor);
    });
    return copies.get(tensor.id) as Tensor;
  };
  /** A value from outside the segment, which cannot be read before the gradient is there. */
  const entryOf = (tensor: Tensor, gate: Tensor, segment: number): Tensor => {
    if (weights.has(tensor.id) || tensor.data) return tensor;
    const key = `${segment}:${tensor.id}`;
    const entry = entries.get(key) ?? graph.apply('WaitFor', [tensor, gate]);
    entries.set(key, entry);
    return entry;
  };

  nodes.slice(0, firstBackward).forEach((node) => {
    graph.nodes.push(node);
  });
  for (const node of nodes.slice(firstBackward)) {
    const inputs = node.inputs.map((input) => {
      const maker = input && makers.get(input.id);
      const segment = maker && segmentOf.get(maker);
      if (!input || segment === undefined || segment === last) return input;
      const arrived = node.inputs.find((other) => other && fromBackward.has(other.id));
      const gate = gates.get(segment) ?? arrived;
      if (!gate) return input;
      gates.set(segment, gate);
      return copyOf(input, gate, segment);
    });
    graph.nodes.push({ ...node, inputs });
  }
}

/** Cuts where the bytes written before a node pass each further share of all bytes written. */
function assignSegments(forward: readonly Node[], segments: number): ReadonlyMap<Node, number> {
  const bytes = forward.map((node) =>
    node.outputs.reduce(
      (sum, { dtype, shape }) => sum + elementCount(shape, TYPICAL_BATCH) * dataTypes[dtype].sizeBytes,
      0,
    ),
  );
  const total = bytes.reduce((sum, size) => sum + size, 0);
  const assigned = new Map<Node, number>();
  let before = 0;
  forward.forEach((node, place) => {
    assigned.set(node, Math.min(segments - 1, Math.floor((before * segments) / Math.max(1, total))));
    before += bytes[place] ?? 0;
  });
  return assigned;
}
