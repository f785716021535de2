import { sameShape } from '../dimension.ts';
import type { Node, Tensor } from '../tensor.ts';
import { countUses } from './dead-nodes.ts';

/**
 * Conv + Add (a residual) and Conv + Relu become one Conv with a fourth input or an `activation`, as ONNX Runtime's
 * blocked convolution computes them in its last pass over the output. Only where nobody else reads what lies between.
 */
export function fuseConvolutions(nodes: readonly Node[], outputs: readonly Tensor[]): readonly Node[] {
  const readers = countUses(nodes, outputs);
  const makers = new Map<number, Node>();
  const replaced = new Set<Node>();
  const fused: Node[] = [];
  for (const node of nodes) {
    const absorption = absorb(node, (tensor) => {
      const maker = makers.get(tensor.id);
      return maker?.operator === 'Conv' && readers.get(tensor.id) === 1 ? maker : undefined;
    });
    if (absorption) replaced.add(absorption.convolution);
    const result = absorption?.replacement ?? node;
    for (const output of result.outputs) makers.set(output.id, result);
    fused.push(result);
  }
  return fused.filter((node) => !replaced.has(node));
}

interface Absorption {
  readonly convolution: Node;
  readonly replacement: Node;
}

/** What the node and the convolution before it become, if they can be one. */
function absorb(node: Node, convolutionOf: (tensor: Tensor) => Node | undefined): Absorption | undefined {
  if (node.operator === 'Relu') {
    const convolution = node.inputs[0] && convolutionOf(node.inputs[0]);
    if (!convolution || convolution.attributes.activation) return undefined;
    const attributes = { ...convolution.attributes, activation: 'Relu' };
    return { convolution, replacement: { ...convolution, attributes, outputs: node.outputs } };
  }
  if (node.operator !== 'Add') return undefined;
  const [left, right] = node.inputs;
  if (!left || !right || left === right || !sameShape(left.shape, right.shape)) return undefined;
  for (const [own, other] of [
    [left, right],
    [right, left],
  ] as const) {
    const convolution = convolutionOf(own);
    if (!convolution || convolution.inputs[3] || convolution.attributes.activation) continue;
    const inputs = [convolution.inputs[0], convolution.inputs[1], convolution.inputs[2], other];
    return { convolution, replacement: { ...convolution, inputs, outputs: node.outputs } };
  }
  return undefined;
}
