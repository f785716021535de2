import { emitScan } from '../lowering/scan.ts';
import type { LoweringRule } from '../operator.ts';
import type { Node } from '../tensor.ts';
import type { RecurrentSizes } from './recurrent-sequence.ts';
import { defineWeightGradients, emitNative, recurrentSizes, stateOrZeros, statesBefore } from './recurrent-sequence.ts';
import { inputOf, outputOf } from './rule-inputs.ts';

const sizesOf = (node: Node): RecurrentSizes => recurrentSizes(inputOf(node, 0), inputOf(node, 1), inputOf(node, 2), 1);

/** Inputs x, W_ih, W_hh, b_ih?, b_hh?, h₀? → hidden states, last h. Nothing else is kept, so one lowering does both. */
export const elman: LoweringRule = (lowering, node) => {
  emitNative(lowering, node, sizesOf(node), 'RNN', [0]).forEach((name, index) => {
    lowering.define(outputOf(node, index), name);
  });
};

/**
 * Inputs x, W_ih, W_hh, h₀?, hidden states, and the gradients of the hidden states? and of the last h? → those of x,
 * W_ih, W_hh, b_ih, b_hh, h₀.
 */
export const elmanGradient: LoweringRule = (lowering, node) => {
  const sizes = sizesOf(node);
  const { hidden, batch } = sizes;
  const reverse = node.attributes.reverse === true;
  const value = (operator: string, ...names: (string | undefined)[]): string => lowering.emit(operator, names);
  const [x = '', wIh = '', wHh = ''] = [0, 1, 2].map((index) => lowering.plain(inputOf(node, index)));
  const h0 = stateOrZeros(lowering, node.inputs[3], inputOf(node, 0), hidden);
  const hs = lowering.plain(inputOf(node, 4));
  const [dAll, dLast] = [node.inputs[5], node.inputs[6]];
  const slopes = value('Sub', lowering.scalar(1), value('Mul', hs, hs));
  const one = [batch, hidden];
  const inputs = [{ name: slopes, shape: one }];
  if (dAll) inputs.push({ name: lowering.plain(dAll), shape: one });
  const { states, outputs } = emitScan(lowering, {
    states: [{ name: stateOrZeros(lowering, dLast, inputOf(node, 0), hidden), shape: one }],
    inputs,
    outputShapes: [one],
    reverse: !reverse,
    step: ([carried], [slope, own]) => {
      const gates = value('Mul', own ? value('Add', carried, own) : carried, slope);
      return { states: [value('Gemm', gates, wHh)], outputs: [gates] };
    },
  });
  const [gates = ''] = outputs;
  const before = statesBefore(lowering, hs, h0, hidden, reverse);
  const gradients = { inputGates: gates, hiddenGates: gates, order: [0], wIh };
  defineWeightGradients(lowering, node, sizes, x, before, gradients);
  const [last] = states;
  if (last) lowering.define(outputOf(node, 5), last);
};
