import type { NamedOutput } from '../lowering/lower-graph.ts';
import { lowerGraph } from '../lowering/lower-graph.ts';
import type { Target } from '../lowering/target.ts';
import { encodeModel } from '../onnx/encode.ts';
import type { OnnxModel } from '../onnx/model.ts';
import { operators } from '../operators/index.ts';
import type { Graph } from '../tensor.ts';
import type { CompiledGraph } from './model.ts';

/** Lowers, wraps if asked, and serialises. */
export function assemble(
  graph: Graph,
  outputs: readonly NamedOutput[],
  target: Target,
  name: string,
  metadata: Readonly<Record<string, string>> = {},
  wrap: (model: OnnxModel) => OnnxModel = (model) => model,
  landmarks: readonly NamedOutput[] = [],
): CompiledGraph {
  const model = wrap(lowerGraph(operators, graph, outputs, target, name, metadata, landmarks));
  return { onnx: encodeModel(model), inputs: model.graph.inputs, outputs: model.graph.outputs };
}
