import { BATCH, type ModelSummary, type Shape } from '../graph/index.ts';

/** What the compiler traced, as plain JSON in the words of the contract. */
export function describeArchitecture(architecture: ModelSummary) {
  return {
    layers: architecture.layers.map((layer) => ({
      name: layer.name,
      kind: layer.kind,
      description: layer.description,
      outputShape: shapeOf(layer.outputShape),
      parameters: layer.parameterCount,
      flops: layer.flops,
    })),
    flow: {
      nodes: architecture.flow.nodes.map((node) => ({ ...node, shape: shapeOf(node.shape) })),
      edges: architecture.flow.edges.map((edge) => ({ ...edge, shape: shapeOf(edge.shape) })),
    },
    parameters: architecture.parameterCount,
    flops: architecture.flops,
  };
}

const shapeOf = (shape: Shape): (number | string)[] => shape.map((size) => (size === BATCH ? 'N' : size));
