import type { LoweringRule, OperatorTable, TypeRule } from '../operator.ts';
import { need, numberOf, outputOf } from './rule-inputs.ts';

const likeEach =
  (count: number): TypeRule =>
  (inputs) =>
    Array.from({ length: count }, (_, index) => {
      const { dtype, shape } = need(inputs[index === 0 ? 0 : index + 1]);
      return { dtype, shape };
    });

/**
 * M' = β₁M + g, V' = β₂V + g², p' = decay·p − M' / (rate·√V' + ε'), where M = m / (1 − β₁) and V = v / (1 − β₂) are
 * rescaled moments, which saves two passes over the memory; the scalars carry the corrections.
 */
const adamStandard: LoweringRule = (lowering, node) => {
  const [p, g, m, v, rate, epsilon, decay] = node.inputs.map((input) => lowering.plain(need(input)));
  const beta = (index: 1 | 2): string => lowering.scalar(numberOf(node.attributes, `beta${index}`));
  const value = (operator: string, ...inputs: (string | undefined)[]): string => lowering.emit(operator, inputs);
  const first = value('Add', value('Mul', m, beta(1)), g);
  const second = value('Add', value('Mul', v, beta(2)), value('Mul', g, g));
  const spread = value('Add', value('Mul', value('Sqrt', second), rate), epsilon);
  const next = value('Sub', value('Mul', p, decay), value('Div', first, spread));
  [next, first, second].forEach((name, index) => {
    lowering.define(outputOf(node, index), name);
  });
};

/** d = g + weightDecay·p; v' = momentum·v + d; p' = p − lr·(nesterov ? d + momentum·v' : v'), as in PyTorch. */
const sgdStandard: LoweringRule = (lowering, node) => {
  const [p, g, velocity, rate] = node.inputs.map((input) => (input ? lowering.plain(input) : undefined));
  const value = (operator: string, ...inputs: (string | undefined)[]): string => lowering.emit(operator, inputs);
  const decay = numberOf(node.attributes, 'weightDecay');
  const momentum = lowering.scalar(numberOf(node.attributes, 'momentum'));
  const direction = decay === 0 ? g : value('Add', g, value('Mul', p, lowering.scalar(decay)));
  let step = direction;
  if (velocity !== undefined) {
    const moved = value('Add', value('Mul', velocity, momentum), direction);
    lowering.define(outputOf(node, 1), moved);
    step = node.attributes.nesterov ? value('Add', direction, value('Mul', moved, momentum)) : moved;
  }
  lowering.define(outputOf(node), value('Sub', p, value('Mul', step, rate)));
};

export const optimizerOperators: OperatorTable = {
  /** Inputs p, g, M, V, rate, epsilon, decay → p', M', V'. */
  AdamWUpdate: { inferTypes: likeEach(3), lower: { standard: adamStandard } },
  /** Inputs p, g, velocity?, learning rate → p', velocity'?. */
  SgdUpdate: {
    inferTypes: (inputs, attributes) => (inputs[2] ? likeEach(2)(inputs, attributes) : likeEach(1)(inputs, attributes)),
    lower: { standard: sgdStandard },
  },
};
