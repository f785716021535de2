import type { AttentionContext, CompilableModel, GenerationModel, Tensor, Trace } from '../../graph/index.ts';
import {
  affine,
  Embedding,
  GraphError,
  Linear,
  MASKED_SCORE,
  Module,
  Parameter,
  paddingMask,
  sequenceLengths,
  sequenceMean,
} from '../../graph/index.ts';
import { encoderDecoder, type SequencePair, sequencePair } from '../sequence-pair.ts';
import type { InputSignature, OutputSignature } from '../specification.ts';
import { PatchEmbedding, PositionalEncoding, TransformerDecoder, TransformerEncoder } from './blocks.ts';
import type {
  TransformerDecoderSpec,
  TransformerEncoderDecoderSpec,
  TransformerEncoderSpec,
  TransformerSettings,
} from './specification.ts';

const PADDING = 0;
/** As GPT-2 starts its embeddings; wide ones would drown the positions. */
const EMBEDDING_DEVIATION = 0.02;

const embeddingOf = (vocabulary: number, width: number, padding: number): Embedding =>
  new Embedding(vocabulary, width, { deviation: EMBEDDING_DEVIATION, padding });

const rotaryOf = (spec: TransformerSettings, positions: () => Tensor, length: number): AttentionContext =>
  spec.positions === 'rotary' ? { rotary: { positions: positions(), length } } : {};

/** Encoder layers over tokens, a series or patches; one output. */
class EncoderModel extends Module {
  readonly kind = 'TransformerEncoderModel';
  readonly embedding: Module;
  readonly cls: Parameter | undefined;
  readonly positions: PositionalEncoding;
  readonly encoder: TransformerEncoder;
  readonly head: Linear;
  readonly #spec: TransformerEncoderSpec;
  readonly #input: InputSignature;

  constructor(spec: TransformerEncoderSpec, input: InputSignature, units: number) {
    super();
    const { embedding, steps } = embeddingFor(spec, input);
    const isCls = spec.pooling === 'cls';
    this.embedding = embedding;
    this.cls = isCls ? new Parameter([1, spec.width], { kind: 'normal', deviation: EMBEDDING_DEVIATION }) : undefined;
    this.positions = new PositionalEncoding(spec, isCls ? steps + 1 : steps);
    this.encoder = new TransformerEncoder(spec);
    this.head = new Linear(spec.width, units);
    this.#spec = spec;
    this.#input = input;
  }

  forward(x: Tensor, trace: Trace): Tensor {
    const { graph } = x;
    const isTokens = this.#input.kind === 'tokens';
    let steps = trace.run('embedding', this.embedding, x);
    let mask = isTokens ? paddingMask(x, PADDING, MASKED_SCORE) : undefined;
    const batch = steps.shape[0] ?? 1;
    if (this.cls) {
      const first = graph.apply('Slice', [steps], { axis: 1, start: 0, size: 1 });
      const cls = graph.apply('BroadcastLike', [trace.tensor(this.cls), first]);
      steps = graph.apply('Concat', [cls, steps], { axis: 1 });
      // Nothing hides the learned token.
      if (mask) mask = graph.apply('PadAxis', [mask], { axis: 3, before: 1, after: 0 });
    }
    const placed = trace.run('positions', this.positions, steps);
    const rotary = rotaryOf(this.#spec, () => graph.apply('Positions', [placed]), this.positions.length);
    const context: AttentionContext = { ...rotary, ...(mask ? { mask } : {}) };
    const encoded = this.encoder.attend(placed, trace, () => context);
    const pooled = this.cls
      ? graph.apply('Reshape', [graph.apply('Slice', [encoded], { axis: 1, start: 0, size: 1 })], {
          shape: [batch, this.#spec.width],
        })
      : sequenceMean(encoded, isTokens ? sequenceLengths(x, PADDING) : undefined);
    return trace.run('head', this.head, pooled);
  }
}

function embeddingFor(spec: TransformerEncoderSpec, input: InputSignature) {
  switch (input.kind) {
    case 'tokens':
      return { embedding: embeddingOf(input.vocabulary, spec.width, PADDING), steps: input.length };
    case 'series':
      return { embedding: new Linear(input.features, spec.width), steps: input.length };
    case 'image': {
      const { patch } = spec;
      if (!patch) throw new GraphError('invalid-argument', 'A transformer over images needs the size of its patches.');
      const steps = Math.floor(input.height / patch) * Math.floor(input.width / patch);
      return { embedding: new PatchEmbedding(input.channels, patch, spec.width), steps };
    }
    default:
      throw new GraphError('unsupported', `A transformer cannot take ${input.kind} as input.`);
  }
}

/** Causal layers over tokens, and logits of the next token at every step. */
class LanguageModel extends Module {
  readonly kind = 'LanguageModel';
  readonly embedding: Embedding;
  readonly positions: PositionalEncoding;
  readonly decoder: TransformerEncoder;
  readonly head: Linear | undefined;
  readonly #spec: TransformerDecoderSpec;
  readonly #cached: boolean;

  constructor(spec: TransformerDecoderSpec, length: number, vocabulary: number, cached: boolean) {
    super();
    this.embedding = embeddingOf(vocabulary, spec.width, -1);
    this.positions = new PositionalEncoding(spec, length);
    this.decoder = new TransformerEncoder(spec);
    this.head = spec.tieWeights ? undefined : new Linear(spec.width, vocabulary, { bias: false });
    this.#spec = spec;
    this.#cached = cached;
  }

  forward(x: Tensor, trace: Trace): Tensor {
    const { graph } = x;
    const vectors = trace.run('embedding', this.embedding, x);
    const past = this.#cached ? trace.input(`past.${cacheName(0)}.key`) : undefined;
    const places = graph.apply('Positions', [x, past]);
    const placed = this.#cached
      ? this.positions.at(vectors, trace, places)
      : trace.run('positions', this.positions, vectors);
    const rotary = rotaryOf(this.#spec, () => places, this.positions.length);
    const y = this.decoder.attend(placed, trace, (layer) => ({
      ...rotary,
      causal: places,
      ...(this.#cached ? { cache: cacheName(layer) } : {}),
    }));
    return this.head ? trace.run('head', this.head, y) : affine(y, trace.tensor(this.embedding.weight));
  }
}

const cacheName = (layer: number): string => `layers.${layer}`;

/** An encoder over the source, and causal layers over the target that look at it. */
class EncoderDecoderModel extends Module {
  readonly kind = 'TransformerEncoderDecoder';
  readonly source: Embedding;
  readonly sourcePositions: PositionalEncoding;
  readonly encoder: TransformerEncoder;
  readonly target: Embedding;
  readonly targetPositions: PositionalEncoding;
  readonly decoder: TransformerDecoder;
  readonly head: Linear | undefined;
  readonly #spec: TransformerEncoderDecoderSpec;

  constructor(spec: TransformerEncoderDecoderSpec, { source, target }: SequencePair) {
    super();
    this.source = embeddingOf(source.vocabulary, spec.width, PADDING);
    this.sourcePositions = new PositionalEncoding(spec, source.length);
    this.encoder = new TransformerEncoder(spec);
    this.target = embeddingOf(target.vocabulary, spec.width, spec.tieWeights ? -1 : PADDING);
    this.targetPositions = new PositionalEncoding(spec, target.length);
    this.decoder = new TransformerDecoder(spec);
    this.head = spec.tieWeights ? undefined : new Linear(spec.width, target.vocabulary, { bias: false });
    this.#spec = spec;
  }

  forward(x: Tensor, trace: Trace): Tensor {
    const { graph } = x;
    const target = trace.input('target');
    const mask = paddingMask(x, PADDING, MASKED_SCORE);
    const source = trace.run('sourcePositions', this.sourcePositions, trace.run('source', this.source, x));
    const rotary = (tokens: Tensor, length: number) =>
      rotaryOf(this.#spec, () => graph.apply('Positions', [tokens]), length);
    const memory = this.encoder.attend(source, trace, () => ({ ...rotary(x, this.sourcePositions.length), mask }));
    const vectors = trace.run('target', this.target, target);
    const placed = trace.run('targetPositions', this.targetPositions, vectors);
    const causal = graph.apply('Positions', [target]);
    const own = { ...rotary(target, this.targetPositions.length), causal };
    const y = this.decoder.attend(placed, trace, own, { memory, mask });
    return this.head ? trace.run('head', this.head, y) : affine(y, trace.tensor(this.target.weight));
  }
}

export function transformerEncoder(
  spec: TransformerEncoderSpec,
  input: InputSignature,
  output: OutputSignature,
): CompilableModel {
  if (output.kind !== 'classification' && output.kind !== 'regression') {
    throw new GraphError('unsupported', `A transformer encoder cannot end in ${output.kind}.`);
  }
  const module = new EncoderModel(spec, input, output.kind === 'classification' ? output.classes : output.outputs);
  switch (input.kind) {
    case 'tokens':
      return { module, inputShape: [input.length], inputType: 'int64' };
    case 'image':
      return { module, inputShape: [input.channels, input.height, input.width] };
    case 'series':
      return { module, inputShape: [input.length, input.features] };
    default:
      throw new GraphError('unsupported', `A transformer cannot take ${input.kind} as input.`);
  }
}

const tokensOnly = (input: InputSignature, output: OutputSignature) => {
  if (input.kind !== 'tokens' || output.kind !== 'tokens' || output.length !== undefined) {
    const of = output.kind === 'tokens' ? 'a sequence of its own' : output.kind;
    throw new GraphError(
      'unsupported',
      `A language model turns tokens into the next ones, not ${input.kind} into ${of}.`,
    );
  }
  return { length: input.length, vocabulary: output.vocabulary };
};

export function transformerDecoder(
  spec: TransformerDecoderSpec,
  input: InputSignature,
  output: OutputSignature,
): CompilableModel {
  const { length, vocabulary } = tokensOnly(input, output);
  const module = new LanguageModel(spec, length, vocabulary, false);
  return { module, inputShape: [length], inputType: 'int64' };
}

/**
 * The same language model, parameter by parameter, for `compileGeneration`.
 */
export function generationModel(
  spec: TransformerDecoderSpec,
  input: InputSignature,
  output: OutputSignature,
): GenerationModel {
  const { length, vocabulary } = tokensOnly(input, output);
  return {
    module: new LanguageModel(spec, length, vocabulary, true),
    layers: Array.from({ length: spec.layers }, (_, layer) => cacheName(layer)),
    heads: spec.heads,
    headWidth: spec.width / spec.heads,
  };
}

export function transformerEncoderDecoder(
  spec: TransformerEncoderDecoderSpec,
  input: InputSignature,
  output: OutputSignature,
): CompilableModel {
  const pair = sequencePair(input, output);
  return encoderDecoder(new EncoderDecoderModel(spec, pair), pair);
}
