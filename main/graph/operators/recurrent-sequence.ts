import type { Dimension } from '../dimension.ts';
import { multiplyDimensions, staticSize } from '../dimension.ts';
import { GraphError } from '../graph-error.ts';
import type { Lowering } from '../lowering/lowering.ts';
import type { Node, Tensor, TensorType } from '../tensor.ts';
import { sumOverLeading } from './row-sum.ts';
import { inputOf, need } from './rule-inputs.ts';

/**
 * What the recurrent operators share. All are time-major: x [T, B, I] with T known. Weights are PyTorch's: the gates
 * of a cell lie one after the other in the rows of `weight_ih` [gates·H, I] and `weight_hh` [gates·H, H].
 */
export interface RecurrentSizes {
  readonly steps: number;
  readonly batch: Dimension;
  readonly features: number;
  readonly hidden: number;
  readonly gates: number;
}

/** @throws GraphError `shape-mismatch` where the weights do not fit the sequence or each other. */
export function recurrentSizes(x: TensorType, wIh: TensorType, wHh: TensorType, gates: number): RecurrentSizes {
  const [steps, batch, features] = x.shape;
  const hidden = staticSize(wHh.shape[1]);
  if (x.shape.length !== 3 || wIh.shape[1] !== features) {
    throw new GraphError('shape-mismatch', `Weights [${wIh.shape}] do not fit a sequence [${x.shape}].`);
  }
  if (wIh.shape[0] !== gates * hidden || wHh.shape[0] !== gates * hidden) {
    throw new GraphError(
      'shape-mismatch',
      `Weights [${wIh.shape}] and [${wHh.shape}] do not hold ${gates} gates of ${hidden} units.`,
    );
  }
  return { steps: staticSize(steps), batch: need(batch), features: staticSize(features), hidden, gates };
}

/** A state [B, H] of zeros. */
export function zeroState(lowering: Lowering, x: Tensor, hidden: number): string {
  const name = lowering.plain(x);
  return lowering.memo(`zero-state:${name}:${hidden}`, () => {
    const batch = lowering.emit('Slice', [lowering.emit('Shape', [name]), lowering.int64s([1]), lowering.int64s([2])]);
    const shape = lowering.emit('Concat', [batch, lowering.int64s([hidden])], { axis: 0 });
    return lowering.emit('ConstantOfShape', [shape]);
  });
}

export const stateOrZeros = (lowering: Lowering, state: Tensor | undefined, x: Tensor, hidden: number): string =>
  state ? lowering.plain(state) : zeroState(lowering, x, hidden);

/** The blocks of rows of a weight [gates·H, …] (or of a bias) in another order. */
export function reorderGates(lowering: Lowering, name: string, sizes: readonly number[], order: readonly number[]) {
  if (order.every((gate, place) => gate === place)) return name;
  const [rows = 0, ...rest] = sizes;
  const blocks = lowering.reshape(name, [order.length, rows / order.length, ...rest]);
  return lowering.reshape(lowering.emit('Gather', [blocks, lowering.int64s(order)], { axis: 0 }), sizes);
}

/** The hidden states before each step: `first` and then all but the last, in the order in which they came. */
export function statesBefore(lowering: Lowering, states: string, first: string, hidden: number, reverse: boolean) {
  const start = lowering.reshape(first, [1, -1, hidden]);
  const bounds = reverse ? [[1], [Number.MAX_SAFE_INTEGER], [0]] : [[0], [-1], [0]];
  const others = lowering.emit('Slice', [states, ...bounds.map((bound) => lowering.int64s(bound))]);
  return lowering.emit('Concat', reverse ? [others, start] : [start, others], { axis: 0 });
}

export const split = (lowering: Lowering, name: string, sizes: readonly number[], axis: number): readonly string[] =>
  lowering.emitAll('Split', [name, lowering.int64s(sizes)], { axis }, { outputs: sizes.length });

/** [T, B, F] → [T·B, F]. */
export const rows = (lowering: Lowering, name: string, features: number): string =>
  lowering.reshape(name, [-1, features]);

/** x·Wᵀ (+ bias) for every step at once: [T, B, I] → [T, B, outputs]. */
export function project(
  lowering: Lowering,
  x: string,
  { steps, features }: RecurrentSizes,
  weight: string,
  bias: string | undefined,
  outputs: number,
): string {
  const product = lowering.emit('Gemm', [rows(lowering, x, features), weight, bias], { transB: 1 });
  return lowering.reshape(product, [steps, -1, outputs]);
}

/**
 * The ONNX operator of the whole recurrence, which keeps nothing for a backward pass. Outputs the hidden states
 * [T, B, H], the last one [B, H] and, for an LSTM, the last cell [B, H].
 */
export function emitNative(
  lowering: Lowering,
  node: Node,
  sizes: RecurrentSizes,
  operator: 'LSTM' | 'GRU' | 'RNN',
  order: readonly number[],
  attributes: Readonly<Record<string, number>> = {},
): readonly string[] {
  const { features, hidden, gates, steps } = sizes;
  const weight = (index: number, columns: number): string => {
    const name = reorderGates(lowering, lowering.plain(inputOf(node, index)), [gates * hidden, columns], order);
    return lowering.reshape(name, [1, gates * hidden, columns]);
  };
  const biases = [3, 4].map((index) => {
    const bias = node.inputs[index];
    return bias ? reorderGates(lowering, lowering.plain(bias), [gates * hidden], order) : undefined;
  });
  const bias = biases.every((name) => name !== undefined)
    ? lowering.reshape(lowering.emit('Concat', biases, { axis: 0 }), [1, 2 * gates * hidden])
    : undefined;
  const state = (index: number): string | undefined => {
    const given = node.inputs[index];
    return given ? lowering.reshape(lowering.plain(given), [1, -1, hidden]) : undefined;
  };
  const names = lowering.emitAll(
    operator,
    [lowering.plain(inputOf(node, 0)), weight(1, features), weight(2, hidden), bias, undefined, state(5), state(6)],
    { hidden_size: hidden, direction: node.attributes.reverse ? 'reverse' : 'forward', ...attributes },
    { outputs: operator === 'LSTM' ? 3 : 2 },
  );
  const [all = '', ...last] = names;
  return [lowering.reshape(all, [steps, -1, hidden]), ...last.map((name) => lowering.reshape(name, [-1, hidden]))];
}

/** What every backward pass ends with: gradients of x and the weights from those of the gates. */
export interface WeightGradients {
  /** d loss / d (x·W_ihᵀ + b_ih) [T, B, gates·H]. */
  readonly inputGates: string;
  /** d loss / d (h·W_hhᵀ + b_hh) [T, B, gates·H]; the same except in a GRU. */
  readonly hiddenGates: string;
  /** Gates in the order of the two above → PyTorch's. */
  readonly order: readonly number[];
  /** Weights in the order of the two above. */
  readonly wIh: string;
}

/** Defines outputs 0 to 4 of a gradient node (x, W_ih, W_hh, b_ih, b_hh) that are read. */
export function defineWeightGradients(
  lowering: Lowering,
  node: Node,
  sizes: RecurrentSizes,
  x: string,
  hiddenBefore: string,
  { inputGates, hiddenGates, order, wIh }: WeightGradients,
): void {
  const { steps, batch, features, hidden, gates } = sizes;
  const width = gates * hidden;
  const read = (index: number): boolean => lowering.readerCount(need(node.outputs[index])) > 0;
  const input = rows(lowering, inputGates, width);
  const recurrent = hiddenGates === inputGates ? input : rows(lowering, hiddenGates, width);
  const define = (index: number, shape: readonly number[], name: string): void =>
    lowering.define(node.outputs[index], reorderGates(lowering, name, shape, order));
  if (read(0)) {
    lowering.define(node.outputs[0], lowering.reshape(lowering.emit('Gemm', [input, wIh]), [steps, -1, features]));
  }
  const product = (gradient: string, other: string): string => lowering.emit('Gemm', [gradient, other], { transA: 1 });
  if (read(1)) define(1, [width, features], product(input, rows(lowering, x, features)));
  if (read(2)) define(2, [width, hidden], product(recurrent, rows(lowering, hiddenBefore, hidden)));
  const sumOfRows = (name: string): string =>
    sumOverLeading(lowering, name, [multiplyDimensions(steps, batch), width], 1);
  if (read(3) || (read(4) && recurrent === input)) {
    const sum = sumOfRows(input);
    define(3, [width], sum);
    if (recurrent === input) define(4, [width], sum);
  }
  if (read(4) && recurrent !== input) define(4, [width], sumOfRows(recurrent));
}
