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
  [2, 3, 4].some((index) => lowering.readerCount(outputOf(node, index)) > 0);

/**
 * Inputs x, W_ih, W_hh, b_ih?, b_hh?, h₀? → hidden states, last h; reset and update gates, the hidden part of the new
 * gate before its reset, the new gate.
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
    outputShapes: [one, [batch, 2 * hidden], one, one],
    reverse: node.attributes.reverse === true,
    step: ([h], [gate = '']) => {
      const [own, candidate] = split(lowering, lowering.emit('Gemm', [h, transposed, bHh]), [2 * hidden, hidden], 1);
      const [given, input] = split(lowering, gate, [2 * hidden, hidden], 1);
      const sigmoids = lowering.emit('Sigmoid', [lowering.emit('Add', [own, given])]);
      const [r, z] = split(lowering, sigmoids, [hidden, hidden], 1);
      const fresh = lowering.emit('Tanh', [lowering.emit('Add', [input, lowering.emit('Mul', [r, candidate])])]);
      const next = lowering.emit('Add', [fresh, lowering.emit('Mul', [z, lowering.emit('Sub', [h, fresh])])]);
      return { states: [next], outputs: [next, sigmoids, candidate ?? '', fresh] };
    },
  });
  const [all, ...kept] = outputs;
  [all, ...states, ...kept].forEach((name, index) => {
    if (name) lowering.define(outputOf(node, index), name);
  });
};

/**
 * Inputs x, W_ih, W_hh, h₀?, the four kept tensors (hidden states first), and the gradients of the hidden states? and
 * of the last h? → those of x, W_ih, W_hh, b_ih, b_hh, h₀.
 */
export const gruGradient: LoweringRule = (lowering, node) => {
  const sizes = sizesOf(node);
  const { hidden, batch } = sizes;
  const width = GATES * hidden;
  const reverse = node.attributes.reverse === true;
  const value = (operator: string, ...names: (string | undefined)[]): string => lowering.emit(operator, names);
  const [x = '', wIh = '', wHh = ''] = [0, 1, 2].map((index) => lowering.plain(inputOf(node, index)));
  const h0 = stateOrZeros(lowering, node.inputs[3], inputOf(node, 0), hidden);
  const [hs = '', sigmoids = '', candidate, fresh] = [4, 5, 6, 7].map((index) => lowering.plain(inputOf(node, index)));
  const [dAll, dLast] = [node.inputs[8], node.inputs[9]];

  const before = statesBefore(lowering, hs, h0, hidden, reverse);
  const [r, z] = split(lowering, sigmoids, [hidden, hidden], 2);
  const slopes = value('Sub', sigmoids, value('Mul', sigmoids, sigmoids));
  const [dr, dz] = split(lowering, slopes, [hidden, hidden], 2);
  const freshSlope = value('Sub', lowering.scalar(1), value('Mul', fresh, fresh));
  const throughFresh = value('Mul', value('Sub', lowering.scalar(1), z), freshSlope);
  const factors = lowering.emit(
    'Concat',
    [
      value('Mul', value('Mul', throughFresh, candidate), dr),
      value('Mul', value('Sub', before, fresh), dz),
      value('Mul', throughFresh, r),
    ],
    { axis: 2 },
  );
  const one = [batch, hidden];
  const inputs = [
    { name: factors, shape: [batch, width] },
    { name: z ?? '', shape: one },
  ];
  if (dAll) inputs.push({ name: lowering.plain(dAll), shape: one });
  const { states, outputs } = emitScan(lowering, {
    states: [{ name: stateOrZeros(lowering, dLast, inputOf(node, 0), hidden), shape: one }],
    inputs,
    outputShapes: [[batch, width], one],
    reverse: !reverse,
    step: ([carried], [factor, update, own]) => {
      const dh = own ? value('Add', carried, own) : (carried ?? '');
      const gates = value('Mul', lowering.emit('Concat', [dh, dh, dh], { axis: 1 }), factor);
      return { states: [value('Gemm', gates, wHh, value('Mul', dh, update))], outputs: [gates, dh] };
    },
  });
  const [hiddenGates = '', arriving] = outputs;
  // On the side of x the new gate is not reset.
  const [resetAndUpdate] = split(lowering, hiddenGates, [2 * hidden, hidden], 2);
  const inputGates = lowering.emit('Concat', [resetAndUpdate, value('Mul', arriving, throughFresh)], { axis: 2 });
  defineWeightGradients(lowering, node, sizes, x, before, { inputGates, hiddenGates, order: PYTORCH_ORDER, wIh });
  const [last] = states;
  if (last) lowering.define(outputOf(node, 5), last);
};
