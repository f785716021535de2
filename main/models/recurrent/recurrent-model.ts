import type { CompilableModel, Tensor, Trace } from '../../graph/index.ts';
import {
  Dropout,
  Embedding,
  GraphError,
  Linear,
  Module,
  Recurrent,
  reshape,
  runAs,
  sequenceLengths,
  sequenceMean,
} from '../../graph/index.ts';
import type { InputSignature, OutputSignature } from '../specification.ts';
import type { RecurrentSpec } from './specification.ts';

export const PADDING = 0;
/** Less than PyTorch's 1: rare words keep what they drew at the start, and the network would learn it by heart. */
export const EMBEDDING_DEVIATION = 0.1;

/** Embedding of tokens (if any), recurrent layers, and a head over one state, every step or a horizon. */
class RecurrentNetwork extends Module {
  readonly kind = 'RecurrentNetwork';
  readonly embedding: Embedding | undefined;
  readonly recurrent: Recurrent;
  readonly decoder: Recurrent | undefined;
  readonly head: Linear;
  readonly #dropout: Dropout;
  readonly #spec: RecurrentSpec;
  readonly #output: OutputSignature;

  constructor(spec: RecurrentSpec, input: InputSignature, output: OutputSignature) {
    super();
    const { cell, hidden, layers = 1, bidirectional = false, dropout = 0 } = spec;
    const width = spec.embedding ?? hidden;
    this.embedding =
      input.kind === 'tokens'
        ? new Embedding(input.vocabulary, width, { deviation: EMBEDDING_DEVIATION, padding: PADDING })
        : undefined;
    const features = input.kind === 'series' ? input.features : width;
    this.recurrent = new Recurrent(cell, features, hidden, { layers, bidirectional, dropout });
    const states = bidirectional ? 2 * hidden : hidden;
    if (output.kind === 'forecast' && spec.decoder === 'recurrent') {
      if (bidirectional) throw new GraphError('unsupported', 'A recurrent decoder cannot follow both directions.');
      this.decoder = new Recurrent(cell, hidden, hidden, { layers, dropout });
      this.head = new Linear(hidden, output.series);
    } else {
      this.head = new Linear(states, unitsOf(output));
    }
    this.#dropout = new Dropout(dropout);
    this.#spec = spec;
    this.#output = output;
  }

  forward(x: Tensor, trace: Trace): Tensor {
    const lengths = this.embedding && sequenceLengths(x, PADDING);
    const vectors = this.embedding ? trace.run('embedding', this.embedding, x) : x;
    const context = lengths ? { lengths } : {};
    let states: readonly (readonly Tensor[])[] = [];
    const steps = trace.run(
      'recurrent',
      runAs(this.recurrent, (value) => {
        const { output, last } = this.recurrent.unroll(value, trace, context);
        states = last;
        return output;
      }),
      vectors,
    );
    const { kind } = this.#output;
    if (kind === 'tokens') return this.#head(steps, trace);
    const directions = this.#spec.bidirectional ? 2 : 1;
    const top = states.slice(-directions).map(([h]) => h as Tensor);
    const last = top.length === 1 ? (top[0] as Tensor) : x.graph.apply('Concat', top, { axis: 1 });
    if (kind === 'forecast' && this.decoder) return this.#decode(this.decoder, last, states, trace);
    const pooled = this.#spec.pooling === 'mean' ? sequenceMean(steps, lengths) : last;
    const y = this.#head(pooled, trace);
    if (this.#output.kind !== 'forecast') return y;
    return reshape(y, [y.shape[0] ?? 1, this.#output.horizon, this.#output.series]);
  }

  #head(x: Tensor, trace: Trace): Tensor {
    return trace.run('head', this.head, this.#dropout.forward(x, trace));
  }

  /** The last state is the input of every step of the horizon. */
  #decode(decoder: Recurrent, last: Tensor, first: readonly (readonly Tensor[])[], trace: Trace): Tensor {
    const { horizon } = this.#output as Extract<OutputSignature, { kind: 'forecast' }>;
    const [batch = 1, hidden = 1] = last.shape;
    const like = last.graph.constant('float32', [1, horizon, 1], new Float32Array(horizon));
    const column = reshape(last, [batch, 1, hidden]);
    const shaped = last.graph.apply('Add', [column, like]);
    const { output } = decoder.unroll(shaped, trace, { first });
    return this.#head(output, trace);
  }
}

export function recurrentModel(spec: RecurrentSpec, input: InputSignature, output: OutputSignature): CompilableModel {
  if (input.kind !== 'tokens' && input.kind !== 'series') {
    throw new GraphError('unsupported', `Recurrent layers take tokens or a series, not ${input.kind}.`);
  }
  if (output.kind === 'tokens' && output.length !== undefined)
    throw new GraphError(
      'unsupported',
      'Recurrent layers say one token per step of the input, not a sequence of its own.',
    );
  const module = new RecurrentNetwork(spec, input, output);
  return input.kind === 'tokens'
    ? { module, inputShape: [input.length], inputType: 'int64' }
    : { module, inputShape: [input.length, input.features] };
}

function unitsOf(output: OutputSignature): number {
  switch (output.kind) {
    case 'classification':
      return output.classes;
    case 'regression':
      return output.outputs;
    case 'tokens':
      return output.vocabulary;
    case 'forecast':
      return output.horizon * output.series;
    default:
      throw new GraphError('unsupported', `Recurrent layers cannot end in ${output.kind}.`);
  }
}
