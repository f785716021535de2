import type { Dimension } from '../dimension.ts';
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
  reorderGates,
  split,
  stateOrZeros,
  statesBefore,
} from './recurrent-sequence.ts';
import { inputOf, outputOf } from './rule-inputs.ts';

/** PyTorch's order is input, forget, cell, output. Here the cell's gate comes last, so that one Sigmoid does the rest. */
const SIGMOIDS_FIRST = [0, 1, 3, 2];
/** ONNX: input, output, forget, cell. */
const ONNX_ORDER = [0, 3, 1, 2];

const GATES = 4;

const sizesOf = (node: Node): RecurrentSizes =>
  recurrentSizes(inputOf(node, 0), inputOf(node, 1), inputOf(node, 2), GATES);

/** Whether a backward pass reads what was kept for it. */
const isTraining = (lowering: Lowering, node: Node): boolean =>
  [3, 4, 5, 6, 7, 8].some((index) => lowering.readerCount(outputOf(node, index)) > 0);

/**
 * Inputs x, W_ih, W_hh, b_ih?, b_hh?, h₀?, c₀? → hidden states, last h, last c; input, forget and output gates, cell
 * gate, what the forget gate left of the cell before, tanh of the cell. Of the states themselves nothing is kept: a
 * Scan would have to copy each one.
 */
export const lstm: LoweringRule = (lowering, node) => {
  const sizes = sizesOf(node);
  const { hidden, batch } = sizes;
  if (!isTraining(lowering, node)) {
    emitNative(lowering, node, sizes, 'LSTM', ONNX_ORDER).forEach((name, index) => {
      lowering.define(outputOf(node, index), name);
    });
    return;
  }
  const width = GATES * hidden;
  const [x, wIh, wHh] = weightsOf(lowering, node, sizes);
  const [bIh, bHh] = [node.inputs[3], node.inputs[4]];
  const bias =
    bIh && bHh
      ? reorderGates(
          lowering,
          lowering.emit('Add', [lowering.plain(bIh), lowering.plain(bHh)]),
          [width],
          SIGMOIDS_FIRST,
        )
      : undefined;
  const gates = project(lowering, x, sizes, wIh, bias, width);
  const transposed = lowering.transpose(wHh, [1, 0]);
  const state = (index: number): { readonly name: string; readonly shape: readonly Dimension[] } => ({
    name: stateOrZeros(lowering, node.inputs[index], inputOf(node, 0), hidden),
    shape: [batch, hidden],
  });
  const { states, outputs } = emitScan(lowering, {
    states: [state(5), state(6)],
    inputs: [{ name: gates, shape: [batch, width] }],
    outputShapes: Array.from({ length: 6 }, () => [batch, hidden]),
    reverse: node.attributes.reverse === true,
    step: ([h, c], [gate]) => {
      const sum = lowering.emit('Gemm', [h, transposed, gate]);
      const [first, last] = split(lowering, sum, [3 * hidden, hidden], 1);
      const sigmoids = lowering.emit('Sigmoid', [first]);
      const candidate = lowering.emit('Tanh', [last]);
      const [i = '', f = '', o = ''] = split(lowering, sigmoids, [hidden, hidden, hidden], 1);
      const left = lowering.emit('Mul', [f, c]);
      const cell = lowering.emit('Add', [left, lowering.emit('Mul', [i, candidate])]);
      const squashed = lowering.emit('Tanh', [cell]);
      return { states: [lowering.emit('Mul', [o, squashed]), cell], outputs: [i, f, o, candidate, left, squashed] };
    },
  });
  const [, , o, , , squashed] = outputs;
  [lowering.emit('Mul', [o, squashed]), ...states, ...outputs].forEach((name, index) => {
    lowering.define(outputOf(node, index), name);
  });
};

/** x, and both weights in the order of SIGMOIDS_FIRST. */
function weightsOf(lowering: Lowering, node: Node, { features, hidden }: RecurrentSizes): [string, string, string] {
  const weight = (index: number, columns: number): string => {
    const name = lowering.plain(inputOf(node, index));
    return lowering.memo(`lstm-weight:${name}`, () =>
      reorderGates(lowering, name, [GATES * hidden, columns], SIGMOIDS_FIRST),
    );
  };
  return [lowering.plain(inputOf(node, 0)), weight(1, features), weight(2, hidden)];
}

/**
 * Inputs x, W_ih, W_hh, h₀?, c₀?, hidden states, the six kept tensors, and the gradients of the hidden states?, of the
 * last h? and of the last c? → those of x, W_ih, W_hh, b_ih, b_hh, h₀, c₀.
 *
 * What the steps do not depend on each other for is done for all at once: derivatives before, weights after.
 */
export const lstmGradient: LoweringRule = (lowering, node) => {
  const sizes = sizesOf(node);
  const { hidden, batch } = sizes;
  const width = GATES * hidden;
  const reverse = node.attributes.reverse === true;
  const value = (operator: string, ...names: (string | undefined)[]): string => lowering.emit(operator, names);
  const [x, wIh, wHh] = weightsOf(lowering, node, sizes);
  const h0 = stateOrZeros(lowering, node.inputs[3], inputOf(node, 0), hidden);
  const [hs = '', i = '', f = '', o = '', candidate = '', left = '', squashed = ''] = [5, 6, 7, 8, 9, 10, 11].map(
    (index) => lowering.plain(inputOf(node, index)),
  );
  const [dAll, dLast, dCell] = [12, 13, 14].map((index) => node.inputs[index]);

  // dc/dh = o·(1 − tanh²(c)) = o − h·tanh(c)
  const throughCell = value('Sub', o, value('Mul', hs, squashed));
  // A gate that multiplied something into `product`: its own derivative times that something.
  const throughGate = (product: string, gate: string): string => value('Sub', product, value('Mul', product, gate));
  const added = value('Mul', i, candidate);
  const factors = lowering.emit(
    'Concat',
    [throughGate(added, i), throughGate(left, f), throughGate(hs, o), value('Sub', i, value('Mul', added, candidate))],
    { axis: 2 },
  );
  const one = [batch, hidden];
  const inputs = [
    { name: throughCell, shape: one },
    { name: factors, shape: [batch, width] },
    { name: f, shape: one },
  ];
  if (dAll) inputs.push({ name: lowering.plain(dAll), shape: one });
  const start = (gradient: typeof dLast) => ({
    name: stateOrZeros(lowering, gradient, inputOf(node, 0), hidden),
    shape: one,
  });
  const { states, outputs } = emitScan(lowering, {
    states: [start(dLast), start(dCell)],
    inputs,
    outputShapes: [[batch, width]],
    reverse: !reverse,
    step: ([carried, dc], [through, factor, forget, own]) => {
      const dh = own ? value('Add', carried, own) : carried;
      const cell = value('Add', dc, value('Mul', dh, through));
      const spread = lowering.emit('Concat', [cell, cell, dh, cell], { axis: 1 });
      const gates = value('Mul', spread, factor);
      return { states: [value('Gemm', gates, wHh), value('Mul', cell, forget)], outputs: [gates] };
    },
  });
  const [gates = ''] = outputs;
  const before = statesBefore(lowering, hs, h0, hidden, reverse);
  const gradients = { inputGates: gates, hiddenGates: gates, order: SIGMOIDS_FIRST, wIh };
  defineWeightGradients(lowering, node, sizes, x, before, gradients);
  states.forEach((name, index) => {
    lowering.define(outputOf(node, 5 + index), name);
  });
};
