import { cast, multiply, reduceSum, reshape, shift, transpose } from '../expression.ts';
import { GraphError } from '../graph-error.ts';
import type { Tensor } from '../tensor.ts';
import { Dropout } from './container.ts';
import { Module } from './module.ts';
import { Parameter } from './parameter.ts';
import { validSteps } from './sequence.ts';
import type { Trace } from './trace.ts';

export type RecurrentCell = 'rnn' | 'lstm' | 'gru';

export interface RecurrentOptions {
  readonly layers?: number;
  readonly bidirectional?: boolean;
  /** Between the layers. */
  readonly dropout?: number;
  readonly bias?: boolean;
}

export interface RecurrentContext {
  /** Steps that count of each sequence, int64 [B], at least 1: the rest is padding, and its outputs are zeros. */
  readonly lengths?: Tensor;
  /** First states [B, H] per layer and direction. An LSTM has two each. */
  readonly first?: readonly (readonly Tensor[])[];
}

export interface RecurrentResult {
  /** [B, T, H · directions] of the last layer. */
  readonly output: Tensor;
  /** The last states [B, H] per layer and direction, as torch.nn.LSTM orders them. */
  readonly last: readonly (readonly Tensor[])[];
}

const CELLS: Readonly<
  Record<RecurrentCell, { readonly operator: string; readonly gates: number; readonly states: number }>
> = {
  rnn: { operator: 'Rnn', gates: 1, states: 1 },
  lstm: { operator: 'Lstm', gates: 4, states: 2 },
  gru: { operator: 'Gru', gates: 3, states: 1 },
};

/**
 * torch.nn.RNN, LSTM and GRU over [B, T, features] with their parameters: `weight_ih_l0`, `weight_hh_l0`, `bias_ih_l0`,
 * `bias_hh_l0`, and the same with `_reverse` for the other direction.
 */
export class Recurrent extends Module {
  readonly kind: string;
  readonly hidden: number;
  readonly #cell: (typeof CELLS)[RecurrentCell];
  readonly #layers: readonly (readonly (readonly Parameter[])[])[];
  readonly #dropout: Dropout;

  constructor(cell: RecurrentCell, features: number, hidden: number, options: RecurrentOptions = {}) {
    super();
    const { layers = 1, bidirectional = false, bias = true, dropout = 0 } = options;
    this.kind = cell.toUpperCase();
    this.hidden = hidden;
    this.#cell = CELLS[cell];
    this.#dropout = new Dropout(dropout);
    const rows = this.#cell.gates * hidden;
    const directions = bidirectional ? ['', '_reverse'] : [''];
    const uniform = { kind: 'uniform', bound: 1 / Math.sqrt(hidden) } as const;
    this.#layers = Array.from({ length: layers }, (_, layer) =>
      directions.map((direction) => {
        const inputs = layer === 0 ? features : hidden * directions.length;
        const shapes = {
          weight_ih: [rows, inputs],
          weight_hh: [rows, hidden],
          ...(bias ? { bias_ih: [rows], bias_hh: [rows] } : {}),
        };
        const named = Object.entries(shapes).map(([name, shape]) => {
          const parameter = new Parameter(shape, uniform);
          return [`${name}_l${layer}${direction}`, parameter] as const;
        });
        // Own properties are what names the parameters.
        Object.assign(this, Object.fromEntries(named));
        return named.map(([, parameter]) => parameter);
      }),
    );
  }

  forward(x: Tensor, trace: Trace): Tensor {
    return this.unroll(x, trace).output;
  }

  /** Runs over all steps, with first states and lengths where they are given. */
  unroll(x: Tensor, trace: Trace, context: RecurrentContext = {}): RecurrentResult {
    if (x.shape.length !== 3)
      throw new GraphError('shape-mismatch', `${this.kind} takes [batch, steps, features], not [${x.shape}].`);
    const { lengths } = context;
    const valid = lengths && validColumn(x, lengths);
    const lastStep = lengths && cast(shift(cast(lengths, 'float32'), -1), 'int64');
    let value = transpose(x, [1, 0, 2]);
    const last: (readonly Tensor[])[] = [];
    this.#layers.forEach((directions, layer) => {
      const input = layer === 0 ? value : this.#dropout.forward(value, trace);
      const outputs = directions.map((parameters, direction) => {
        const turned = direction === 1 && lengths ? turn(input, lengths) : input;
        const attributes = { reverse: direction === 1 && !lengths };
        const weights = [0, 1, 2, 3].map((index) => parameters[index] && trace.tensor(parameters[index]));
        const first = context.first?.[last.length] ?? [];
        const [all, ...states] = x.graph.applyAll(this.#cell.operator, [turned, ...weights, ...first], attributes);
        if (!all) throw new GraphError('shape-mismatch', `${this.kind} has no output.`);
        if (!lengths || !valid || !lastStep) {
          last.push(states.slice(0, this.#cell.states));
          return all;
        }
        last.push([stepAt(transpose(all, [1, 0, 2]), lastStep)]);
        return multiply(direction === 1 ? turn(all, lengths) : all, valid);
      });
      value = outputs.length === 1 ? (outputs[0] as Tensor) : x.graph.apply('Concat', outputs, { axis: 2 });
    });
    return { output: transpose(value, [1, 0, 2]), last };
  }

  override describe(): string {
    const parts = [`${this.hidden} units`];
    if (this.#layers.length > 1) parts.push(`${this.#layers.length} layers`);
    if (this.#layers[0]?.length === 2) parts.push('both directions');
    return parts.join(', ');
  }
}

const turn = (x: Tensor, lengths: Tensor): Tensor => x.graph.apply('ReverseSequence', [x, lengths]);

/** 1 for steps that count and 0 for padding, [T, B, 1], of x [B, T, …]. */
function validColumn(x: Tensor, lengths: Tensor): Tensor {
  const [batch = 1, steps = 1] = x.shape;
  return reshape(transpose(validSteps(x, lengths), [1, 0]), [steps, batch, 1]);
}

/** Of each sequence [B, T, F] the step that `index` (int64 [B]) names, [B, F]. */
function stepAt(x: Tensor, index: Tensor): Tensor {
  const [batch = 1, steps, features] = x.shape;
  if (typeof steps !== 'number' || features === undefined) {
    throw new GraphError('shape-mismatch', `A step cannot be chosen from [${x.shape}].`);
  }
  const chosen = x.graph.apply('OneHot', [index], { classes: steps });
  return reduceSum(multiply(x, reshape(chosen, [batch, steps, 1])), [1]);
}
