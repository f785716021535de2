import { broadcastShapes } from '../dimension.ts';
import type { OperatorTable } from '../operator.ts';
import { inputOf, need, numberOf, outputOf } from './rule-inputs.ts';
import { equalIdsWebGpu } from './webgpu.ts';

export const sequenceOperators: OperatorTable = {
  /** int64 ids → float32 of the same shape: 1 where they equal the attribute `id`, 0 elsewhere. */
  EqualsId: {
    inferTypes: (inputs) => [{ dtype: 'float32', shape: need(inputs[0]).shape }],
    lower: {
      standard: (lowering, node) => {
        const id = lowering.constant('int64', [], BigInt64Array.of(BigInt(numberOf(node.attributes, 'id'))));
        const same = lowering.emit('Equal', [lowering.plain(inputOf(node, 0)), id]);
        lowering.define(outputOf(node), lowering.emit('Cast', [same], { to: 1 }));
      },
      webgpu: (lowering, node) => {
        const id = lowering.constant('int64', [], BigInt64Array.of(BigInt(numberOf(node.attributes, 'id'))));
        lowering.define(outputOf(node), equalIdsWebGpu(lowering, lowering.plain(inputOf(node, 0)), id));
      },
    },
    gradient: 'none',
  },
  /**
   * Inputs x [T, B, …] and lengths [B] (int64): turns the first `lengths[b]` steps of each sequence round and leaves
   * the rest where they are.
   */
  ReverseSequence: {
    inferTypes: (inputs) => [{ dtype: need(inputs[0]).dtype, shape: need(inputs[0]).shape }],
    lower: {
      standard: (lowering, node) => {
        const names = [lowering.plain(inputOf(node, 0)), lowering.plain(inputOf(node, 1))];
        const turned = lowering.emit('ReverseSequence', names, { time_axis: 0, batch_axis: 1 });
        lowering.define(outputOf(node), turned);
      },
    },
    gradient: ({ node, gradients }) => {
      const g = need(gradients[0]);
      return [g.graph.apply('ReverseSequence', [g, inputOf(node, 1)]), undefined];
    },
  },
  /** 1 where the first number is the smaller one, 0 elsewhere, float32; broadcasts. */
  Less: {
    inferTypes: (inputs) => [
      { dtype: 'float32', shape: broadcastShapes(need(inputs[0]).shape, need(inputs[1]).shape) },
    ],
    lower: {
      standard: (lowering, node) => {
        const names = [lowering.plain(inputOf(node, 0)), lowering.plain(inputOf(node, 1))];
        lowering.define(outputOf(node), lowering.emit('Cast', [lowering.emit('Less', names)], { to: 1 }));
      },
    },
    gradient: 'none',
  },
  /** Inputs logits [N, K] and ids [N]: 1 where the largest logit is that of the id, 0 elsewhere, float32 [N]. */
  Hits: {
    inferTypes: (inputs) => [{ dtype: 'float32', shape: [need(need(inputs[0]).shape[0])] }],
    lower: {
      standard: (lowering, node) => {
        const best = lowering.emit('ArgMax', [lowering.plain(inputOf(node, 0))], { axis: 1, keepdims: 0 });
        const same = lowering.emit('Equal', [best, lowering.plain(inputOf(node, 1))]);
        lowering.define(outputOf(node), lowering.emit('Cast', [same], { to: 1 }));
      },
      webgpu: (lowering, node) => {
        const best = lowering.emit('ArgMax', [lowering.plain(inputOf(node, 0))], { axis: 1, keepdims: 0 });
        lowering.define(outputOf(node), equalIdsWebGpu(lowering, best, lowering.plain(inputOf(node, 1))));
      },
    },
    gradient: 'none',
  },
  /**
   * The places of tokens [B, L] in their sequence, int64 [L]: 0, 1, 2 … With a second input of shape [B, heads, P, …],
   * the keys of the P tokens before them, from P on.
   */
  Positions: {
    inferTypes: (inputs) => [{ dtype: 'int64', shape: [need(need(inputs[0]).shape[1])] }],
    lower: {
      standard: (lowering, node) => {
        const [tokens, past] = [inputOf(node, 0), node.inputs[1]];
        const length = tokens.shape[1];
        if (!past && typeof length === 'number') {
          const values = BigInt64Array.from({ length }, (_, index) => BigInt(index));
          lowering.define(outputOf(node), lowering.constant('int64', [length], values));
          return;
        }
        const sizeOf = (name: string, axis: number): string =>
          lowering.emit('Gather', [lowering.emit('Shape', [name]), integer(axis)]);
        const integer = (value: number): string => lowering.constant('int64', [], BigInt64Array.of(BigInt(value)));
        const start = past ? sizeOf(lowering.plain(past), 2) : integer(0);
        const end = lowering.emit('Add', [start, sizeOf(lowering.plain(tokens), 1)]);
        lowering.define(outputOf(node), lowering.emit('Range', [start, end, integer(1)]));
      },
    },
    gradient: 'none',
  },
};
