import type { CompilableModel, Tensor, Trace } from '../../graph/index.ts';
import {
  add,
  Dropout,
  Embedding,
  Linear,
  MASKED_SCORE,
  Module,
  matmul,
  paddingMask,
  Recurrent,
  reshape,
  runAs,
  sequenceLengths,
  softmax,
  tanh,
  transpose,
} from '../../graph/index.ts';
import { encoderDecoder, type SequencePair, sequencePair } from '../sequence-pair.ts';
import type { InputSignature, OutputSignature } from '../specification.ts';
import { EMBEDDING_DEVIATION, PADDING } from './recurrent-model.ts';
import type { RecurrentEncoderDecoderSpec } from './specification.ts';

/** Recurrent layers over the source, others over the target that start from what was read, and attention between them. */
class RecurrentEncoderDecoder extends Module {
  readonly kind = 'RecurrentEncoderDecoder';
  readonly source: Embedding;
  readonly encoder: Recurrent;
  readonly bridge: Linear;
  readonly target: Embedding;
  readonly decoder: Recurrent;
  readonly attention: Linear;
  readonly combine: Linear;
  readonly head: Linear;
  readonly #spec: RecurrentEncoderDecoderSpec;
  readonly #dropout: Dropout;

  constructor(spec: RecurrentEncoderDecoderSpec, { source, target }: SequencePair) {
    super();
    const { cell, hidden, layers = 1, bidirectional = false, dropout = 0, embedding = hidden } = spec;
    const options = { deviation: EMBEDDING_DEVIATION, padding: PADDING };
    const read = bidirectional ? 2 * hidden : hidden;
    this.source = new Embedding(source.vocabulary, embedding, options);
    this.encoder = new Recurrent(cell, embedding, hidden, { layers, bidirectional, dropout });
    this.bridge = new Linear(read, hidden * layers * statesOf(spec));
    this.target = new Embedding(target.vocabulary, embedding, options);
    this.decoder = new Recurrent(cell, embedding, hidden, { layers, dropout });
    this.attention = new Linear(hidden, read, { bias: false });
    this.combine = new Linear(read + hidden, hidden, { bias: false });
    this.head = new Linear(hidden, target.vocabulary);
    this.#spec = spec;
    this.#dropout = new Dropout(dropout);
  }

  forward(x: Tensor, trace: Trace): Tensor {
    const { graph } = x;
    const { bidirectional = false } = this.#spec;
    let ends: readonly Tensor[] = [];
    const memory = trace.run(
      'encoder',
      runAs(this.encoder, (value) => {
        const { output, last } = this.encoder.unroll(value, trace, { lengths: sequenceLengths(x, PADDING) });
        ends = last.slice(bidirectional ? -2 : -1).map(([state]) => state as Tensor);
        return output;
      }),
      trace.run('source', this.source, x),
    );
    const read = ends.length === 1 ? (ends[0] as Tensor) : graph.apply('Concat', ends, { axis: 1 });
    const first = this.#firstStates(tanh(trace.run('bridge', this.bridge, read)));
    const states = trace.run(
      'decoder',
      runAs(this.decoder, (value) => this.decoder.unroll(value, trace, { first }).output),
      trace.run('target', this.target, trace.input('target')),
    );
    const [batch = 1, length = 1] = x.shape;
    const mask = reshape(paddingMask(x, PADDING, MASKED_SCORE), [batch, 1, length]);
    const scores = matmul(trace.run('attention', this.attention, states), transpose(memory, [0, 2, 1]));
    const context = matmul(softmax(add(scores, mask)), memory);
    const both = graph.apply('Concat', [context, states], { axis: 2 });
    const attended = tanh(trace.run('combine', this.combine, both));
    return trace.run('head', this.head, this.#dropout.forward(attended, trace));
  }

  /** [B, layers · states · hidden] as the states of each layer. */
  #firstStates(all: Tensor): readonly (readonly Tensor[])[] {
    const { hidden, layers = 1 } = this.#spec;
    const count = statesOf(this.#spec);
    return Array.from({ length: layers }, (_, layer) =>
      Array.from({ length: count }, (__, state) =>
        all.graph.apply('Slice', [all], { axis: 1, start: (layer * count + state) * hidden, size: hidden }),
      ),
    );
  }
}

const statesOf = ({ cell }: RecurrentEncoderDecoderSpec): number => (cell === 'lstm' ? 2 : 1);

export function recurrentEncoderDecoder(
  spec: RecurrentEncoderDecoderSpec,
  input: InputSignature,
  output: OutputSignature,
): CompilableModel {
  const pair = sequencePair(input, output);
  return encoderDecoder(new RecurrentEncoderDecoder(spec, pair), pair);
}
