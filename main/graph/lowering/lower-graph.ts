import { GraphError } from '../graph-error.ts';
import type { OnnxModel, OnnxNode, OnnxValueInfo } from '../onnx/model.ts';
import { renameValues } from '../onnx/rename.ts';
import type { OperatorTable } from '../operator.ts';
import { countUses, withoutDeadNodes } from '../passes/dead-nodes.ts';
import { fuseConvolutions } from '../passes/fuse-convolutions.ts';
import { moveBiases } from '../passes/move-biases.ts';
import type { Graph, Tensor } from '../tensor.ts';
import { Lowering } from './lowering.ts';
import type { Target } from './target.ts';

/** Opset 21 of March 2024 with intermediate representation 10: what ONNX Runtime has read since 1.18. */
const OPSET = 21;
const IR_VERSION = 10;
/** Versions of the other standard domains; ONNX Runtime's own are at 1. */
const DOMAIN_VERSIONS: Readonly<Record<string, number>> = { '': OPSET, 'ai.onnx.ml': 3 };

export interface NamedOutput {
  readonly name: string;
  readonly tensor: Tensor;
}

/**
 * Lowers what the outputs depend on. Inputs that nothing reads are dropped.
 * @param landmarks tensors inside the graph that get names of their own, where they are computed as such
 */
export function lowerGraph(
  operators: OperatorTable,
  graph: Graph,
  outputs: readonly NamedOutput[],
  target: Target,
  graphName: string,
  metadata: Readonly<Record<string, string>> = {},
  landmarks: readonly NamedOutput[] = [],
): OnnxModel {
  const tensors = outputs.map((output) => output.tensor);
  const alive = withoutDeadNodes(graph.nodes, tensors);
  const fused = target.blockSize === undefined ? alive : fuseConvolutions(alive, tensors);
  const nodes = target.native ? moveBiases(fused, tensors) : fused;
  const uses = countUses(nodes, tensors);
  const lowering = new Lowering(target, uses);
  const inputs: OnnxValueInfo[] = [];
  for (const input of graph.inputs) {
    if (!uses.has(input.id)) continue;
    const name = input.inputName ?? '';
    inputs.push({ name, dtype: input.dtype, shape: input.shape });
    lowering.define(input, name);
  }
  for (const node of nodes) {
    const rules = operators[node.operator]?.lower;
    if (!rules) throw new GraphError('unknown-operator', `There is no operator named ${node.operator}.`);
    const rule = (target.native && rules.native) || rules[target.provider] || rules.standard;
    rule(lowering, node);
  }
  const renamed = nameOutputs(lowering, outputs, landmarks, new Set(inputs.map((input) => input.name)));
  // An output that got its public name has its type there.
  const written = new Set(renamed.flatMap((node) => node.outputs));
  const opsets: Record<string, number> = {};
  for (const domain of lowering.domains) opsets[domain] = DOMAIN_VERSIONS[domain] ?? 1;
  return {
    irVersion: IR_VERSION,
    producer: 'Lightbench',
    opsets,
    metadata,
    graph: {
      name: graphName,
      nodes: renamed,
      initializers: lowering.initializers,
      inputs,
      outputs: outputs.map(({ name, tensor }) => ({ name, dtype: tensor.dtype, shape: tensor.shape })),
      values: lowering.nativeValues.filter(({ name }) => written.has(name)),
    },
  };
}

/** Gives outputs their public names by renaming in place: an Identity would copy every weight at every step. */
function nameOutputs(
  lowering: Lowering,
  outputs: readonly NamedOutput[],
  landmarks: readonly NamedOutput[],
  inputNames: ReadonlySet<string>,
): readonly OnnxNode[] {
  const constants = new Set(lowering.initializers.map((tensor) => tensor.name));
  const renames = new Map<string, string>();
  for (const { name, tensor } of outputs) {
    const current = lowering.plain(tensor);
    if (inputNames.has(current) || constants.has(current) || renames.has(current)) {
      renames.set(lowering.emit('Identity', [current]), name);
    } else {
      renames.set(current, name);
    }
  }
  for (const { name, tensor } of landmarks) {
    if (!lowering.isPlain(tensor)) continue;
    const current = lowering.plain(tensor);
    if (!inputNames.has(current) && !constants.has(current) && !renames.has(current)) renames.set(current, name);
  }
  const rename = (name: string): string => renames.get(name) ?? name;
  return lowering.nodes.map((node) => renameValues(node, rename));
}
