import { sameShape } from '../dimension.ts';
import { MOST_PARTS } from '../operators/native.ts';
import type { Node, Tensor } from '../tensor.ts';
import { countUses } from './dead-nodes.ts';

/**
 * Biases of dense layers move into what reads their products, where that is one operator of the addon: ONNX Runtime writes a
 * bias into all rows of a product's place first, and the product then adds itself to it, two passes more over memory.
 *
 * - Gemm → GELU, and Gemm → SplitHeads, get the bias as a second input.
 * - Gemm + a residual becomes AddBias.
 *
 * Reshapes that keep the last axis may stand in between.
 */
export function moveBiases(nodes: readonly Node[], outputs: readonly Tensor[]): readonly Node[] {
  const uses = countUses(nodes, outputs);
  const readers = new Map<number, Node>();
  for (const node of nodes) for (const input of node.inputs) if (input) readers.set(input.id, node);
  const onlyReader = (tensor: Tensor): Node | undefined =>
    uses.get(tensor.id) === 1 ? readers.get(tensor.id) : undefined;
  const replaced = new Map<Node, Node>();
  for (const node of nodes) {
    const [x, weight, bias] = node.inputs;
    let product = node.outputs[0];
    if (node.operator !== 'Gemm' || !product || bias?.shape.length !== 1 || product.dtype !== 'float32') continue;
    let reader = onlyReader(product);
    while (reader?.operator === 'Reshape' && reader.outputs[0]?.shape.at(-1) === bias.shape[0]) {
      product = reader.outputs[0];
      reader = onlyReader(product);
    }
    const reading = reader && !replaced.has(reader) ? withBias(reader, product, bias) : undefined;
    if (!reader || !reading) continue;
    replaced.set(reader, reading);
    replaced.set(node, { ...node, inputs: [x, weight] });
  }
  return nodes.map((node) => replaced.get(node) ?? node);
}

/** The reader with the bias, if it is one that can take it. */
function withBias(reader: Node, product: Tensor, bias: Tensor): Node | undefined {
  const { operator, inputs, attributes } = reader;
  if (operator === 'Gelu' && inputs.length === 1) return { ...reader, inputs: [product, bias] };
  if (operator === 'SplitHeads' && inputs.length === 1 && Number(attributes.parts) <= MOST_PARTS)
    return { ...reader, inputs: [product, bias] };
  if (operator !== 'Add') return undefined;
  const other = inputs.find((input) => input !== product);
  if (!other || !sameShape(other.shape, product.shape)) return undefined;
  return { ...reader, operator: 'AddBias', inputs: [product, other, bias] };
}
