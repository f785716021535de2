import { GraphError } from '../graph-error.ts';
import type { NamedOutput } from '../lowering/lower-graph.ts';
import type { Graph, Node, Tensor } from '../tensor.ts';

/** Always in float16: where the arithmetic is. */
const HALF: ReadonlySet<string> = new Set(['Gemm', 'MatMul', 'Conv', 'ConvInputGradient']);

/** In float16 where their inputs already are: they move numbers, or are exact enough (as in PyTorch's autocast). */
const FOLLOWS: ReadonlySet<string> = new Set([
  ...['Relu', 'Neg', 'Add', 'Sub', 'Mul', 'StopGradient'],
  ...['Reshape', 'Transpose', 'Unsqueeze', 'Concat', 'Slice'],
]);

/**
 * Rewrites a training step so that multiplications of matrices and convolutions run in float16 and all else in float32,
 * with conversions in between (Micikevicius et al. 2018; the division of operators is that of PyTorch's autocast).
 * Weights and optimiser state stay float32. Tensors keep their identity: each is there in float32 for whoever asks.
 */
export function toMixedPrecision(graph: Graph, outputs: readonly NamedOutput[]): void {
  const nodes = graph.nodes.splice(0);
  /** Float16 twins, by id of the float32 tensor. */
  const halves = new Map<number, Tensor>();
  /** Which float32 tensors have not been written yet: only their twins are there. */
  const pending = new Set<number>();

  const half = (tensor: Tensor): Tensor => {
    const existing = halves.get(tensor.id);
    if (existing) return existing;
    const twin = graph.apply('Cast', [tensor], { dtype: 'float16' });
    halves.set(tensor.id, twin);
    return twin;
  };
  const full = (tensor: Tensor): Tensor => {
    if (!pending.delete(tensor.id)) return tensor;
    const twin = halves.get(tensor.id);
    if (!twin) throw new GraphError('invalid-argument', 'A float16 value was lost.');
    graph.nodes.push({ operator: 'Cast', inputs: [twin], attributes: { dtype: 'float32' }, outputs: [tensor] });
    return tensor;
  };

  for (const node of nodes) {
    if (inHalf(node, pending)) {
      const inputs = node.inputs.map((input) => (input?.dtype === 'float32' ? half(input) : input));
      const twins = graph.applyAll(node.operator, inputs, node.attributes);
      node.outputs.forEach((output, index) => {
        halves.set(output.id, twins[index] as Tensor);
        pending.add(output.id);
      });
    } else {
      for (const input of node.inputs) if (input) full(input);
      graph.nodes.push(node);
    }
  }
  for (const { tensor } of outputs) full(tensor);
}

function inHalf(node: Node, pending: ReadonlySet<number>): boolean {
  const values = node.inputs.filter((input) => input?.dtype === 'float32') as readonly Tensor[];
  if (HALF.has(node.operator)) return values.length > 0;
  return FOLLOWS.has(node.operator) && values.length > 0 && values.every(({ id }) => pending.has(id));
}
