import type { ModelSummary } from '../../contract/training.ts';
import { type ModelSummary as Architecture, BATCH, type Shape } from '../../graph/index.ts';

/** What the compiler traced, as the contract tells it. */
export function describeArchitecture(architecture: Architecture): Omit<ModelSummary, 'memoryBytes'> {
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
