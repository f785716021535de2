import { exponential, multiply, negate, scale } from '../expression.ts';
import type { OperatorTable } from '../operator.ts';
import { elementwise, sameAsFirst } from './elementwise.ts';
import { inputOf, need } from './rule-inputs.ts';

export const errorFunctionOperators: OperatorTable = {
  /** Gauss's error function: d/dx erf(x) = 2/√π · e^(−x²). Exporters write GELU with it. */
  Erf: {
    inferTypes: sameAsFirst,
    lower: { standard: elementwise('Erf') },
    gradient: ({ node, gradients }) => {
      const x = inputOf(node, 0);
      const slope = scale(exponential(negate(multiply(x, x))), 2 / Math.sqrt(Math.PI));
      return [multiply(need(gradients[0]), slope)];
    },
  },
};
