import type { Node, Tensor } from '../tensor.ts';

/** Keeps the nodes that any of the outputs depends on, in order. */
export function withoutDeadNodes(nodes: readonly Node[], outputs: readonly Tensor[]): readonly Node[] {
  const needed = new Set(outputs.map((output) => output.id));
  const kept: Node[] = [];
  for (const node of [...nodes].reverse()) {
    if (!node.outputs.some((output) => needed.has(output.id))) continue;
    kept.push(node);
    for (const input of node.inputs) if (input) needed.add(input.id);
  }
  return kept.reverse();
}

/** How many readers each tensor has, by id; being a graph output counts as one. */
export function countUses(nodes: readonly Node[], outputs: readonly Tensor[]): ReadonlyMap<number, number> {
  const uses = new Map<number, number>();
  const add = (tensor: Tensor): void => {
    uses.set(tensor.id, (uses.get(tensor.id) ?? 0) + 1);
  };
  for (const node of nodes) for (const input of node.inputs) if (input) add(input);
  for (const output of outputs) add(output);
  return uses;
}
