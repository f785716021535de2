import { GraphError } from '../graph-error.ts';
import type { Tensor } from '../tensor.ts';
import { Module } from './module.ts';
import { Parameter } from './parameter.ts';
import type { Trace } from './trace.ts';

export interface EmbeddingOptions {
  /** The id whose vector stays as it is in training, as PyTorch's `padding_idx`. */
  readonly padding?: number;
  /** Of the starting values, normally distributed. Default 1, as in PyTorch. */
  readonly deviation?: number;
  /** The id whose vector starts at zero: what nothing is known of. */
  readonly zero?: number;
}

/** A learned vector per id: int64 [..] → [.., width]. */
export class Embedding extends Module {
  readonly kind = 'Embedding';
  readonly weight: Parameter;
  readonly #padding: number;

  constructor(vocabulary: number, width: number, options: EmbeddingOptions = {}) {
    super();
    this.#padding = options.padding ?? -1;
    if (this.#padding >= vocabulary) {
      throw new GraphError('invalid-argument', `The padding id ${this.#padding} is not below ${vocabulary}.`);
    }
    this.weight = new Parameter([vocabulary, width], {
      kind: 'normal',
      deviation: options.deviation ?? 1,
      zeroRow: options.zero,
    });
  }

  forward(x: Tensor, trace: Trace): Tensor {
    return x.graph.apply('Embedding', [trace.tensor(this.weight), x], { padding: this.#padding });
  }

  override describe(): string {
    return `${this.weight.shape[0]} × ${this.weight.shape[1]}`;
  }
}

/** Sines and cosines of Vaswani et al. 2017, [length, width]: even columns sine, odd columns cosine. */
export function sinusoidalTable(length: number, width: number): Float32Array {
  return Float32Array.from({ length: length * width }, (_, index) => {
    const [place, column] = [Math.floor(index / width), index % width];
    const angle = place / 10_000 ** ((column - (column % 2)) / width);
    return column % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
  });
}

/** Cosines and sines [length, width / 2] of rotary positions (Su et al. 2021). */
export function rotaryTables(
  length: number,
  width: number,
): { readonly cosine: Float32Array; readonly sine: Float32Array } {
  if (width % 2 !== 0) throw new GraphError('invalid-argument', `Rotary positions need an even width, not ${width}.`);
  const half = width / 2;
  const table = (wave: (angle: number) => number): Float32Array =>
    Float32Array.from({ length: length * half }, (_, index) =>
      wave(Math.floor(index / half) / 10_000 ** ((2 * (index % half)) / width)),
    );
  return { cosine: table(Math.cos), sine: table(Math.sin) };
}
