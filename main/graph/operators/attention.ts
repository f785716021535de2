import type { Dimension } from '../dimension.ts';
import { dimensionProduct } from '../dimension.ts';
import { GraphError } from '../graph-error.ts';
import { orStandard } from '../lowering/lowering.ts';
import type { LoweringRule, OperatorTable } from '../operator.ts';
import { joinHeads, splitHeads } from './native.ts';
import { inputOf, need, outputOf } from './rule-inputs.ts';

/** What is added to the scores of keys that may not be looked at: their weights are then exactly zero. */
export const MASKED_SCORE = -1e9;

/** The size of two runs of steps one after the other; a name of its own where one of them is only known at run time. */
function joinedSize(left: Dimension, right: Dimension): Dimension {
  return typeof left === 'number' && typeof right === 'number' ? left + right : `${left}+${right}`;
}

const splitHeadsStandard: LoweringRule = (lowering, node) => {
  const [parts, heads] = [Number(node.attributes.parts), Number(node.attributes.heads)];
  const size = Number(outputOf(node).shape[3]);
  const x = lowering.plain(inputOf(node, 0));
  const names =
    parts === 1
      ? [x]
      : lowering.emitAll(
          'Split',
          [x, lowering.int64s(Array.from({ length: parts }, () => heads * size))],
          { axis: 2 },
          { outputs: parts },
        );
  names.forEach((name, index) => {
    const perHead = lowering.reshape(name, [0, 0, heads, size]);
    lowering.define(outputOf(node, index), lowering.transpose(perHead, [0, 2, 1, 3]));
  });
};

const joinHeadsStandard: LoweringRule = (lowering, node) => {
  const [, heads, , size] = inputOf(node, 0).shape;
  const width = Number(heads) * Number(size);
  const names = node.inputs.map((input) =>
    lowering.reshape(lowering.transpose(lowering.plain(need(input)), [0, 2, 1, 3]), [0, 0, width]),
  );
  lowering.define(outputOf(node), names.length === 1 ? (names[0] ?? '') : lowering.emit('Concat', names, { axis: 2 }));
};

export const attentionOperators: OperatorTable = {
  /**
   * Inputs places of the queries (int64 [L]) and keys [B, heads, T, …], which stand at places 0 to T − 1 → what to add
   * to scores [.., L, T] so that nobody looks ahead.
   */
  CausalMask: {
    inferTypes: (inputs) => {
      const [places, keys] = [need(inputs[0]), need(inputs[1])];
      return [{ dtype: 'float32', shape: [need(places.shape[0]), need(keys.shape[2])] }];
    },
    lower: {
      standard: (lowering, node) => {
        const [places, keys] = [inputOf(node, 0), inputOf(node, 1)];
        const integer = (value: number): string => lowering.constant('int64', [], BigInt64Array.of(BigInt(value)));
        const mask = (): string => {
          const count = keys.shape[2];
          const end =
            typeof count === 'number'
              ? integer(count)
              : lowering.emit('Gather', [lowering.emit('Shape', [lowering.plain(keys)]), integer(2)]);
          const columns = lowering.emit('Range', [integer(0), end, integer(1)]);
          const rows = lowering.reshape(lowering.plain(places), [-1, 1]);
          const ahead = lowering.emit('Greater', [columns, rows]);
          return lowering.emit('Where', [ahead, lowering.scalar(MASKED_SCORE), lowering.scalar(0)]);
        };
        const [length, total] = [places.shape[0], keys.shape[2]];
        const known = typeof length === 'number' && typeof total === 'number';
        const name = known ? lowering.memo(`causal-mask:${lowering.plain(places)}:${total}`, mask) : mask();
        lowering.define(outputOf(node), name);
      },
    },
    gradient: 'none',
  },
  /** Inputs past [B, heads, P, F] and present [B, heads, L, F] → both, [B, heads, P + L, F]. */
  AppendSteps: {
    inferTypes: (inputs) => {
      const [past, present] = [need(inputs[0]), need(inputs[1])];
      const [batch, heads, length, width] = present.shape;
      if (past.shape.length !== 4 || past.shape[1] !== heads || past.shape[3] !== width) {
        throw new GraphError('shape-mismatch', `[${present.shape}] cannot follow [${past.shape}].`);
      }
      const total = joinedSize(need(past.shape[2]), need(length));
      return [{ dtype: present.dtype, shape: [need(batch), need(heads), total, need(width)] }];
    },
    lower: {
      standard: (lowering, node) => {
        const names = [lowering.plain(inputOf(node, 0)), lowering.plain(inputOf(node, 1))];
        lowering.define(outputOf(node), lowering.emit('Concat', names, { axis: 2 }));
      },
    },
    gradient: 'none',
  },
  /**
   * Rotary positions (Su et al. 2021): inputs x [.., L, F], cosines and sines [L, F / 2]; turns each pair (x_i,
   * x_{i + F/2}) by its angle. With the attribute `inverse` back again, which is also the derivative.
   */
  Rotary: {
    inferTypes: (inputs) => [{ dtype: need(inputs[0]).dtype, shape: need(inputs[0]).shape }],
    lower: {
      standard: (lowering, node) => {
        const [x, cosine, sine] = node.inputs.map((input) => lowering.plain(need(input)));
        const half = Number(need(inputOf(node, 0).shape.at(-1))) / 2;
        const value = (operator: string, ...names: (string | undefined)[]): string => lowering.emit(operator, names);
        const halves = lowering.emitAll('Split', [x, lowering.int64s([half, half])], { axis: -1 }, { outputs: 2 });
        const [plus, minus] = node.attributes.inverse === true ? ['Add', 'Sub'] : ['Sub', 'Add'];
        const [left, right] = halves;
        const first = value(plus ?? '', value('Mul', left, cosine), value('Mul', right, sine));
        const second = value(minus ?? '', value('Mul', right, cosine), value('Mul', left, sine));
        lowering.define(outputOf(node), lowering.emit('Concat', [first, second], { axis: -1 }));
      },
    },
    gradient: ({ node, gradients }) => {
      const g = need(gradients[0]);
      const inverse = node.attributes.inverse !== true;
      return [g.graph.apply('Rotary', [g, node.inputs[1], node.inputs[2]], { inverse }), undefined, undefined];
    },
  },
  /**
   * Inputs x [B, L, parts·heads·F] → `parts` tensors [B, heads, L, F]: queries, keys and values of one projection for
   * every head.
   */
  SplitHeads: {
    inferTypes: (inputs, attributes) => {
      const x = need(inputs[0]);
      const [parts, heads] = [Number(attributes.parts), Number(attributes.heads)];
      const [batch, length, width] = x.shape;
      const size = Number(width) / parts / heads;
      if (x.shape.length !== 3 || !Number.isInteger(size)) {
        throw new GraphError('shape-mismatch', `[${x.shape}] does not split into ${parts} times ${heads} heads.`);
      }
      return Array.from({ length: parts }, () => ({
        dtype: x.dtype,
        shape: [need(batch), heads, need(length), size],
      }));
    },
    lower: {
      standard: splitHeadsStandard,
      native: orStandard(splitHeads, splitHeadsStandard),
    },
    gradient: ({ node, gradients }) => {
      const given = node.outputs.map((output, index) => gradients[index] ?? output.graph.apply('ZerosLike', [output]));
      return [outputOf(node).graph.apply('JoinHeads', given)];
    },
  },
  /** The other way round: any number of [B, heads, L, F] → [B, L, number·heads·F]. */
  JoinHeads: {
    inferTypes: (inputs) => {
      const x = need(inputs[0]);
      const [batch, heads, length, size] = x.shape;
      const width = dimensionProduct([inputs.length, need(heads), need(size)]);
      return [{ dtype: x.dtype, shape: [need(batch), need(length), width] }];
    },
    lower: {
      standard: joinHeadsStandard,
      native: orStandard(joinHeads, joinHeadsStandard),
    },
    gradient: ({ node, gradients }) => {
      const heads = Number(inputOf(node, 0).shape[1]);
      return outputOf(node).graph.applyAll('SplitHeads', [gradients[0]], { parts: node.inputs.length, heads });
    },
  },
  /** Zeros in the shape of the input. */
  ZerosLike: {
    inferTypes: (inputs) => [{ dtype: need(inputs[0]).dtype, shape: need(inputs[0]).shape }],
    lower: {
      standard: (lowering, node) => {
        const shape = lowering.emit('Shape', [lowering.plain(inputOf(node, 0))]);
        lowering.define(outputOf(node), lowering.emit('ConstantOfShape', [shape]));
      },
    },
    gradient: 'none',
  },
};
