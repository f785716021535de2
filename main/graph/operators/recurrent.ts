import type { Shape } from '../dimension.ts';
import { elementCount } from '../dimension.ts';
import type { GradientRule, Operator, OperatorTable } from '../operator.ts';
import type { TensorType } from '../tensor.ts';
import { elman, elmanGradient } from './recurrent-elman.ts';
import { gru, gruGradient } from './recurrent-gru.ts';
import { lstm, lstmGradient } from './recurrent-lstm.ts';
import { recurrentSizes } from './recurrent-sequence.ts';
import { inputOf, need, outputOf } from './rule-inputs.ts';

interface Recurrence {
  readonly gates: number;
  /** How many states a cell carries: an LSTM has a hidden and a cell state. */
  readonly states: number;
  /** Widths, in units of the hidden size, of what is kept for the backward pass besides the hidden states. */
  readonly kept: readonly number[];
}

/**
 * Inputs x [T, B, I], W_ih, W_hh, b_ih?, b_hh?, and the first states? [B, H] → hidden states [T, B, H], the last
 * states [B, H], and what the backward pass needs. With the attribute `reverse` from the last step to the first.
 */
function forwardRow({ gates, states, kept }: Recurrence, standard: Operator['lower']['standard'], gradient: string) {
  const rule: GradientRule = ({ node, gradients }) => {
    const parameters = [0, 1, 2].map((index) => inputOf(node, index));
    const first = Array.from({ length: states }, (_, index) => node.inputs[5 + index]);
    const saved = [outputOf(node), ...kept.map((_, index) => outputOf(node, 1 + states + index))];
    const arriving = Array.from({ length: 1 + states }, (_, index) => gradients[index]);
    const inputs = [...parameters, ...first, ...saved, ...arriving];
    return outputOf(node).graph.applyAll(gradient, inputs, node.attributes);
  };
  return {
    inferTypes: (inputs) => {
      const x = need(inputs[0]);
      const { steps, batch, hidden } = recurrentSizes(x, need(inputs[1]), need(inputs[2]), gates);
      const type = (...shape: Shape): TensorType => ({ dtype: x.dtype, shape });
      return [
        type(steps, batch, hidden),
        ...Array.from({ length: states }, () => type(batch, hidden)),
        ...kept.map((width) => type(steps, batch, width * hidden)),
      ];
    },
    lower: { standard },
    gradient: rule,
    flops: (node) => {
      const hidden = need(inputOf(node, 2).shape[1]);
      const rows = elementCount(inputOf(node, 0).shape.slice(0, 2));
      return 2 * rows * elementCount([gates, hidden]) * (elementCount([hidden]) + Number(inputOf(node, 0).shape[2]));
    },
  } satisfies Operator;
}

function gradientRow({ gates, states }: Recurrence, standard: Operator['lower']['standard']): Operator {
  return {
    inferTypes: (inputs) => {
      const [x, wIh, wHh] = [need(inputs[0]), need(inputs[1]), need(inputs[2])];
      const { batch, hidden } = recurrentSizes(x, wIh, wHh, gates);
      const shapes: readonly Shape[] = [
        x.shape,
        wIh.shape,
        wHh.shape,
        [gates * hidden],
        [gates * hidden],
        ...Array.from({ length: states }, () => [batch, hidden]),
      ];
      return shapes.map((shape) => ({ dtype: x.dtype, shape }));
    },
    lower: { standard },
  };
}

const ELMAN: Recurrence = { gates: 1, states: 1, kept: [] };
const GRU: Recurrence = { gates: 3, states: 1, kept: [1, 1, 1, 1, 1] };
const LSTM: Recurrence = { gates: 4, states: 2, kept: [1, 1, 1, 1, 1, 1] };

export const recurrentOperators: OperatorTable = {
  /** h' = tanh(W_ih·x + b_ih + W_hh·h + b_hh) (Elman 1990). */
  Rnn: forwardRow(ELMAN, elman, 'RnnGradient'),
  RnnGradient: gradientRow(ELMAN, elmanGradient),
  /** Cho et al. 2014, in PyTorch's form: the reset gate acts after the hidden product. */
  Gru: forwardRow(GRU, gru, 'GruGradient'),
  GruGradient: gradientRow(GRU, gruGradient),
  /** Hochreiter & Schmidhuber 1997, with forget gates. */
  Lstm: forwardRow(LSTM, lstm, 'LstmGradient'),
  LstmGradient: gradientRow(LSTM, lstmGradient),
};
