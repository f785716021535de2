import type { Target } from '../lowering/target.ts';
import { STANDARD } from '../lowering/target.ts';
import { assemble } from './assemble.ts';
import type { CompiledGraph, TensorSpec } from './model.ts';
import { createGraph } from './model.ts';

/** A graph that hands its inputs out again, each as `copy.<name>`: how tensors on a device are read. */
export function compileCopy(tensors: readonly TensorSpec[], target: Target = STANDARD): CompiledGraph {
  const graph = createGraph();
  const outputs = tensors.map(({ name, dtype, shape }) => ({
    name: `copy.${name}`,
    tensor: graph.apply('StopGradient', [graph.input(name, dtype, shape)]),
  }));
  return assemble(graph, outputs, target, 'copy');
}
