import type { OnnxGraph, OnnxNode, OnnxTensor } from '../onnx/model.ts';
import { renameValues } from '../onnx/rename.ts';

export interface CarriedInParts {
  readonly graph: OnnxGraph;
  /** State → its shape in the graph, where that is not the shape it has for everybody else. */
  readonly shapes: ReadonlyMap<string, OnnxTensor>;
}

/**
 * Large tensors are updated part by part: the state is reshaped, updated, and reshaped back. To reshape what a graph
 * yields copies it. So the graph takes and yields such state in parts, and reshapes it (which costs nothing inside)
 * for all others that read it.
 *
 * @param carried names of state → names of its next values
 */
export function carryInParts(graph: OnnxGraph, carried: ReadonlyMap<string, string>): CarriedInParts {
  const constants = new Map(graph.initializers.map((tensor) => [tensor.name, tensor]));
  const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const shapes = new Map<string, OnnxTensor>();
  const renames = new Map<string, string>();
  const removed = new Set<OnnxNode>();
  const added: OnnxNode[] = [];
  for (const [name, next] of carried) {
    const joins = makers.get(next);
    const update = makers.get(joins?.inputs[0] ?? '');
    const parted = update?.inputs.map((input) => makers.get(input));
    const parts = parted?.find((node) => node?.operator === 'Reshape' && node.inputs[0] === name);
    const shape = constants.get(parts?.inputs[1] ?? '');
    if (joins?.operator !== 'Reshape' || update?.operator !== 'Scan' || !parts || !shape) continue;
    shapes.set(name, shape);
    const whole = `whole.${name}`;
    const wholeNext = `whole.${next}`;
    renames.set(name, whole).set(next, wholeNext);
    renames.set(parts.outputs[0] ?? '', name).set(joins.inputs[0] ?? '', next);
    removed.add(parts);
    added.push({ ...joins, name: whole, inputs: [name, joins.inputs[1] ?? ''], outputs: [whole] });
  }
  const rename = (name: string): string => renames.get(name) ?? name;
  const inParts = <T extends { readonly name: string }>(values: readonly T[], stateOf: ReadonlyMap<string, string>) =>
    values.map((value) => {
      const shape = shapes.get(stateOf.get(value.name) ?? '');
      return shape ? { ...value, shape: Array.from(shape.data as BigInt64Array, Number) } : value;
    });
  return {
    graph: {
      ...graph,
      inputs: inParts(graph.inputs, new Map([...carried.keys()].map((name) => [name, name]))),
      outputs: inParts(graph.outputs, new Map([...carried].map(([name, next]) => [next, name]))),
      nodes: [...added, ...graph.nodes.filter((node) => !removed.has(node)).map((node) => renameValues(node, rename))],
    },
    shapes,
  };
}
