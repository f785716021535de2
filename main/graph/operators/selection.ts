import { GraphError } from '../graph-error.ts';
import type { OperatorTable } from '../operator.ts';
import { inputOf, need, numberOf, outputOf } from './rule-inputs.ts';

export const selectionOperators: OperatorTable = {
  /** Scores [N, K] → 1 at the `count` largest of each row (the first of equals), 0 elsewhere. */
  LargestMask: {
    inferTypes: (inputs, attributes) => {
      const scores = need(inputs[0]);
      const [count, columns] = [numberOf(attributes, 'count'), scores.shape[1]];
      if (scores.shape.length !== 2 || typeof columns !== 'number' || count < 1 || count > columns) {
        throw new GraphError('shape-mismatch', `[${scores.shape}] has no ${count} largest columns per row.`);
      }
      return [{ dtype: 'float32', shape: scores.shape }];
    },
    lower: {
      standard: (lowering, node) => {
        const scores = inputOf(node, 0);
        const count = lowering.int64s([numberOf(node.attributes, 'count')]);
        const [, places] = lowering.emitAll('TopK', [lowering.plain(scores), count], { axis: 1 }, { outputs: 2 });
        const depth = lowering.constant('int64', [], BigInt64Array.of(BigInt(Number(scores.shape[1]))));
        const values = lowering.constant('float32', [2], Float32Array.of(0, 1));
        const chosen = lowering.emit('OneHot', [places, depth, values], { axis: -1 });
        lowering.define(outputOf(node), lowering.reduceSum(chosen, [1], false));
      },
    },
    gradient: 'none',
  },
};
