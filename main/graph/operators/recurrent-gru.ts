import type { Lowering } from '../lowering/lowering.ts';
import { emitScan } from '../lowering/scan.ts';
import type { LoweringRule } from '../operator.ts';
import type { Node } from '../tensor.ts';
import type { RecurrentSizes } from './recurrent-sequence.ts';
import {
  defineWeightGradients,
  emitNative,
  project,
  recurrentSizes,
  split,
  stateOrZeros,
  statesBefore,
} from './recurrent-sequence.ts';
import { inputOf, outputOf } from './rule-inputs.ts';

/** PyTorch: reset, update, new. ONNX: update, reset, new. */
const ONNX_ORDER = [1, 0, 2];
const PYTORCH_ORDER = [0, 1, 2];
const GATES = 3;

const sizesOf = (node: Node): RecurrentSizes =>
  recurrentSizes(inputOf(node, 0), inputOf(node, 1), inputOf(node, 2), GATES);

const isTraining = (lowering: Lowering, node: Node): boolean =>
  [2, 3, 4, 5, 6].some((index) => lowering.readerCount(outputOf(node, index)) > 0);

/**
 * Inputs x, W_ih, W_hh, b_ih?, b_hh?, h₀? → hidden states, last h; reset gate, update gate, the hidden part of the new
 * gate before its reset, the new gate, the update gate times what the state before had beyond the new gate. Of the
 * state itself nothing is kept: a Scan would have to copy it.
 */
export const gru: LoweringRule = (lowering, node) => {
  const sizes = sizesOf(node);
  const { hidden, batch } = sizes;
  if (!isTraining(lowering, node)) {
    emitNative(lowering, node, sizes, 'GRU', ONNX_ORDER, { linear_before_reset: 1 }).forEach((name, index) => {
      lowering.define(outputOf(node, index), name);
    });
    return;
  }
  const width = GATES * hidden;
  const [x = '', wIh = '', wHh = ''] = [0, 1, 2].map((index) => lowering.plain(inputOf(node, index)));
  const [bIh, bHh] = [3, 4].map((index) => node.inputs[index] && lowering.plain(node.inputs[index]));
  const gates = project(lowering, x, sizes, wIh, bIh, width);
  const transposed = lowering.transpose(wHh, [1, 0]);
  const one = [batch, hidden];
  const { states, outputs } = emitScan(lowering, {
    states: [{ name: stateOrZeros(lowering, node.inputs[5], inputOf(node, 0), hidden), shape: one }],
    inputs: [{ name: gates, shape: [batch, width] }],
    outputShapes: [one, one, one, one, one],
    reverse: node.attributes.reverse === true,
    step: ([h], [gate = '']) => {
      const [own, candidate = ''] = split(
        lowering,
        lowering.emit('Gemm', [h, transposed, bHh]),
        [2 * hidden, hidden],
        1,
      );
      const [given, input] = split(lowering, gate, [2 * hidden, hidden], 1);
      const sigmoids = lowering.emit('Sigmoid', [lowering.emit('Add', [own, given])]);
      const [r = '', z = ''] = split(lowering, sigmoids, [hidden, hidden], 1);
      const fresh = lowering.emit('Tanh', [lowering.emit('Add', [input, lowering.emit('Mul', [r, candidate])])]);
      const stayed = lowering.emit('Mul', [z, lowering.emit('Sub', [h, fresh])]);
      return { states: [lowering.emit('Add', [fresh, stayed])], outputs: [r, z, candidate, fresh, stayed] };
    },
  });
  const [, , , fresh, stayed] = outputs;
  [lowering.emit('Add', [fresh, stayed]), ...states, ...outputs].forEach((name, index) => {
    lowering.define(outputOf(node, index), name);
  });
};

/**
 * Inputs x, W_ih, W_hh, h₀?, hidden states, the five kept tensors, and the gradients of the hidden states? and of the
 * last h? → those of x, W_ih, W_hh, b_ih, b_hh, h₀.
 */
export const gruGradient: LoweringRule = (lowering, node) => {
  const sizes = sizesOf(node);
  const { hidden, batch } = sizes;
  const width = GATES * hidden;
  const reverse = node.attributes.reverse === true;
  const value = (operator: string, ...names: (string | undefined)[]): string => lowering.emit(operator, names);
  const [x = '', wIh = '', wHh = ''] = [0, 1, 2].map((index) => lowering.plain(inputOf(node, index)));
  const h0 = stateOrZeros(lowering, node.inputs[3], inputOf(node, 0), hidden);
  const [hs = '', r = '', z = '', candidate = '', fresh = '', stayed = ''] = [4, 5, 6, 7, 8, 9].map((index) =>
    lowering.plain(inputOf(node, index)),
  );
  const [dAll, dLast] = [node.inputs[10], node.inputs[11]];
  const before = statesBefore(lowering, hs, h0, hidden, reverse);

  // d new / d (its sum), times its share 1 − z of the next state.
  const rest = value('Sub', lowering.scalar(1), z);
  const throughFresh = value('Sub', rest, value('Mul', rest, value('Mul', fresh, fresh)));
  const throughReset = value('Mul', value('Sub', r, value('Mul', r, r)), candidate);
  const throughUpdate = value('Sub', stayed, value('Mul', stayed, z));
  const factors = lowering.emit('Concat', [throughReset, throughUpdate, r], { axis: 2 });
  const one = [batch, hidden];
  const inputs = [
    { name: factors, shape: [batch, width] },
    { name: throughFresh, shape: one },
    { name: z, shape: one },
  ];
  if (dAll) inputs.push({ name: lowering.plain(dAll), shape: one });
  const { states, outputs } = emitScan(lowering, {
    states: [{ name: stateOrZeros(lowering, dLast, inputOf(node, 0), hidden), shape: one }],
    inputs,
    outputShapes: [[batch, width], one],
    reverse: !reverse,
    step: ([carried], [factor, through, update, own]) => {
      const dh = own ? value('Add', carried, own) : (carried ?? '');
      const dFresh = value('Mul', dh, through);
      const gates = value('Mul', lowering.emit('Concat', [dFresh, dh, dFresh], { axis: 1 }), factor);
      return { states: [value('Gemm', gates, wHh, value('Mul', dh, update))], outputs: [gates, dFresh] };
    },
  });
  const [hiddenGates = '', dFresh = ''] = outputs;
  // On the side of x the new gate is not reset.
  const [resetAndUpdate] = split(lowering, hiddenGates, [2 * hidden, hidden], 2);
  const inputGates = lowering.emit('Concat', [resetAndUpdate, dFresh], { axis: 2 });
  defineWeightGradients(lowering, node, sizes, x, before, { inputGates, hiddenGates, order: PYTORCH_ORDER, wIh });
  const [last] = states;
  if (last) lowering.define(outputOf(node, 5), last);
};
