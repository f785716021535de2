import type { AttentionContext, Tensor, Trace, TransformerLayerOptions } from '../../graph/index.ts';
import {
  add,
  Dropout,
  GraphError,
  Linear,
  Module,
  Parameter,
  reshape,
  runAs,
  sinusoidalTable,
  TransformerDecoderLayer,
  TransformerEncoderLayer,
  transformerNorm,
  transpose,
} from '../../graph/index.ts';
import type { TransformerSettings } from './specification.ts';

export const layerOptions = (spec: TransformerSettings): TransformerLayerOptions => ({
  width: spec.width,
  heads: spec.heads,
  feedForward: spec.feedForward ?? 4 * spec.width,
  activation: spec.activation ?? 'gelu',
  dropout: spec.dropout ?? 0,
  order: spec.order ?? 'pre',
  normalization: spec.normalization ?? 'layer',
});

export const finalNorm = (spec: TransformerSettings): Module | undefined =>
  (spec.order ?? 'pre') === 'pre' ? transformerNorm(spec.width, spec.normalization) : undefined;

/** Places of the steps of a sequence, added to its vectors unless they are rotary. */
export class PositionalEncoding extends Module {
  readonly kind = 'PositionalEncoding';
  readonly weight: Parameter | undefined;
  readonly length: number;
  readonly #spec: TransformerSettings;
  readonly #dropout: Dropout;

  constructor(spec: TransformerSettings, length: number) {
    super();
    const learned = (spec.positions ?? 'learned') === 'learned';
    this.weight = learned ? new Parameter([length, spec.width], { kind: 'normal', deviation: 0.02 }) : undefined;
    this.length = length;
    this.#spec = spec;
    this.#dropout = new Dropout(spec.dropout ?? 0);
  }

  forward(x: Tensor, trace: Trace): Tensor {
    return this.#dropout.forward(this.#placed(x, trace), trace);
  }

  /** The same for steps that stand at the given places, int64 [L]. */
  at(x: Tensor, trace: Trace, positions: Tensor): Tensor {
    const table = this.#table(trace);
    return table ? add(x, x.graph.apply('Embedding', [table, positions], { padding: -1 })) : x;
  }

  override describe(): string {
    return `${this.#spec.positions ?? 'learned'}, ${this.length} places`;
  }

  #placed(x: Tensor, trace: Trace): Tensor {
    const table = this.#table(trace);
    if (!table) return x;
    if (x.shape[1] !== this.length) {
      throw new GraphError('shape-mismatch', `${this.length} places do not fit a sequence of ${x.shape[1]} steps.`);
    }
    return add(x, table);
  }

  #table(trace: Trace): Tensor | undefined {
    if (this.weight) return trace.tensor(this.weight);
    if (this.#spec.positions !== 'sinusoidal') return undefined;
    const table = sinusoidalTable(this.length, this.#spec.width);
    return trace.graph.constant('float32', [this.length, this.#spec.width], table);
  }
}

/** Cuts an image [B, C, H, W] into square patches and gives each a vector; weight as of a convolution [width, C, p, p]. */
export class PatchEmbedding extends Module {
  readonly kind = 'PatchEmbedding';
  readonly projection: Linear;
  readonly #patch: number;

  constructor(channels: number, patch: number, width: number) {
    super();
    this.projection = new Linear(channels * patch * patch, width);
    this.#patch = patch;
  }

  forward(x: Tensor, trace: Trace): Tensor {
    const [batch = 1, channels, height, width] = x.shape;
    const patch = this.#patch;
    const [down, across] = [Number(height) / patch, Number(width) / patch];
    if (!Number.isInteger(down) || !Number.isInteger(across)) {
      throw new GraphError('shape-mismatch', `Patches of ${patch} do not tile an image of ${height} × ${width}.`);
    }
    const tiles = reshape(x, [batch, Number(channels), down, patch, across, patch]);
    const ordered = transpose(tiles, [0, 2, 4, 1, 3, 5]);
    const rows = reshape(ordered, [batch, down * across, Number(channels) * patch * patch]);
    return trace.run('projection', this.projection, rows);
  }

  override describe(): string {
    return `${this.#patch} × ${this.#patch} pixels`;
  }
}

/** Encoder layers one after the other, and the norm that ends them. */
export class TransformerEncoder extends Module {
  readonly kind = 'TransformerEncoder';
  readonly layers: readonly TransformerEncoderLayer[];
  readonly norm: Module | undefined;

  constructor(spec: TransformerSettings) {
    super();
    this.layers = Array.from({ length: spec.layers }, () => new TransformerEncoderLayer(layerOptions(spec)));
    this.norm = finalNorm(spec);
  }

  forward(x: Tensor, trace: Trace): Tensor {
    return this.attend(x, trace, () => ({}));
  }

  /** Runs all layers, each with what `contextOf` says for it. */
  attend(x: Tensor, trace: Trace, contextOf: (layer: number) => AttentionContext): Tensor {
    const y = this.layers.reduce(
      (value, layer, index) =>
        trace.run(
          `layers.${index}`,
          runAs(layer, (input) => layer.attend(input, trace, contextOf(index))),
          value,
        ),
      x,
    );
    return this.norm ? trace.run('norm', this.norm, y) : y;
  }
}

/** Decoder layers over a memory, and the norm that ends them. */
export class TransformerDecoder extends Module {
  readonly kind = 'TransformerDecoder';
  readonly layers: readonly TransformerDecoderLayer[];
  readonly norm: Module | undefined;

  constructor(spec: TransformerSettings) {
    super();
    this.layers = Array.from({ length: spec.layers }, () => new TransformerDecoderLayer(layerOptions(spec)));
    this.norm = finalNorm(spec);
  }

  forward(x: Tensor, trace: Trace): Tensor {
    return this.attend(x, trace, {}, { memory: x });
  }

  attend(x: Tensor, trace: Trace, own: AttentionContext, cross: AttentionContext): Tensor {
    const y = this.layers.reduce(
      (value, layer, index) =>
        trace.run(
          `layers.${index}`,
          runAs(layer, (input) => layer.attend(input, trace, own, cross)),
          value,
        ),
      x,
    );
    return this.norm ? trace.run('norm', this.norm, y) : y;
  }
}
