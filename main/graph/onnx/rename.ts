import type { OnnxAttribute, OnnxGraph, OnnxNode } from './model.ts';

/** The node with every value renamed, those of the graphs in its attributes too: bodies of Loop and Scan. */
export function renameValues(node: OnnxNode, rename: (name: string) => string): OnnxNode {
  return {
    ...node,
    inputs: node.inputs.map(rename),
    outputs: node.outputs.map(rename),
    attributes: Object.fromEntries(
      Object.entries(node.attributes).map(([name, attribute]): [string, OnnxAttribute] => [
        name,
        attribute.kind === 'graph' ? { kind: 'graph', value: renameGraph(attribute.value, rename) } : attribute,
      ]),
    ),
  };
}

function renameGraph(graph: OnnxGraph, rename: (name: string) => string): OnnxGraph {
  const named = <T extends { readonly name: string }>(entry: T): T => ({ ...entry, name: rename(entry.name) });
  return {
    name: graph.name,
    nodes: graph.nodes.map((node) => renameValues(node, rename)),
    initializers: graph.initializers.map(named),
    inputs: graph.inputs.map(named),
    outputs: graph.outputs.map(named),
  };
}

/** What a node reads, inside its bodies too. */
export function valuesReadBy({ inputs, attributes }: OnnxNode): readonly string[] {
  const nested = Object.values(attributes).flatMap((attribute) =>
    attribute.kind === 'graph' ? attribute.value.nodes.flatMap(valuesReadBy) : [],
  );
  return [...inputs, ...nested];
}
