import { add } from '../expression.ts';
import { GraphError } from '../graph-error.ts';
import type { OperatorTable } from '../operator.ts';
import type { Node, Tensor } from '../tensor.ts';

/**
 * Reverse-mode differentiation: appends to the graph what computes d target / d each of `wanted`. `seed` is the
 * gradient that arrives at the target (a one by default, for scalar losses).
 * @throws GraphError `not-differentiable` where an operator on the way has no gradient rule, or nothing connects them.
 */
export function gradients(
  operators: OperatorTable,
  target: Tensor,
  wanted: readonly Tensor[],
  seed: Tensor = target.graph.scalar(1),
): readonly Tensor[] {
  const nodes = [...target.graph.nodes];
  const reaching = dependents(operators, nodes, wanted);
  const arrived = new Map<number, Tensor>([[target.id, seed]]);
  for (const node of nodes.reverse()) {
    const flowing = node.outputs.map((output) => arrived.get(output.id));
    if (flowing.every((gradient) => gradient === undefined)) continue;
    const needs = node.inputs.map((input) => input !== undefined && reaching.has(input.id));
    if (!needs.includes(true)) continue;
    const rule = operators[node.operator]?.gradient;
    if (rule === 'none') continue;
    if (!rule) throw new GraphError('not-differentiable', withoutRule(node.operator));
    const results = rule({ node, gradients: flowing, needs });
    node.inputs.forEach((input, index) => {
      const gradient = results[index];
      if (!input || !needs[index] || !gradient) return;
      const earlier = arrived.get(input.id);
      arrived.set(input.id, earlier ? add(earlier, gradient) : gradient);
    });
  }
  return wanted.map((tensor) => {
    const gradient = arrived.get(tensor.id);
    if (!gradient)
      throw new GraphError('not-differentiable', `Nothing connects ${tensor.inputName ?? 'a tensor'} to the target.`);
    return gradient;
  });
}

/** Backward passes are made of operators of their own, which not all have a gradient again. */
const withoutRule = (operator: string): string =>
  operator.endsWith('Gradient')
    ? `${operator} has no gradient rule: what it belongs to has no second derivative here, as a gradient penalty needs.`
    : `${operator} has no gradient rule.`;

/** Ids of the tensors through which a gradient can reach any of the given ones, themselves included. */
function dependents(operators: OperatorTable, nodes: readonly Node[], tensors: readonly Tensor[]): ReadonlySet<number> {
  const ids = new Set(tensors.map((tensor) => tensor.id));
  for (const node of nodes) {
    if (operators[node.operator]?.gradient === 'none') continue;
    if (node.inputs.some((input) => input && ids.has(input.id))) for (const output of node.outputs) ids.add(output.id);
  }
  return ids;
}
