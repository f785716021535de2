import { reshape, scale, shift } from '../expression.ts';
import type { Tensor } from '../tensor.ts';

/** Far from the streams of the model's own random layers. */
const FIRST_STREAM = 1_000_000;

/** Seed and step (int32 scalars) of the training step. */
export interface AugmentationScalars {
  readonly step: () => Tensor;
  readonly seed: () => Tensor;
}

/** Random numbers per sample; each draw has its own stream, so that a number depends on seed, step, sample and draw. */
export class RandomDraws {
  readonly #x: Tensor;
  readonly #scalars: AugmentationScalars;
  #streams = 0;

  /** @param x float32 [batch, ...] */
  constructor(x: Tensor, scalars: AugmentationScalars) {
    this.#x = x;
    this.#scalars = scalars;
  }

  /** Uniform in (0, 1), shaped like a tensor. */
  uniformLike(x: Tensor): Tensor {
    return x.graph.apply('RandomUniform', [x, this.#key()]);
  }

  normalLike(x: Tensor): Tensor {
    return x.graph.apply('RandomNormal', [x, this.#key()]);
  }

  /** One number per sample, uniform between two bounds: [batch, 1, 1, …] of the given rank. */
  between(low: number, high: number, rank: number): Tensor {
    return shift(scale(this.unit(rank), high - low), low);
  }

  /** One number per sample, uniform in (0, 1). */
  unit(rank: number): Tensor {
    const batch = this.#x.shape[0] ?? 1;
    const features = this.#x.shape.slice(1).map(Number);
    const flat = reshape(this.#x, [batch, features.reduce((product, size) => product * size, 1)]);
    const column = flat.graph.apply('Slice', [flat], { axis: 1, start: 0, size: 1 });
    return reshape(this.uniformLike(column), [batch, ...new Array<number>(rank - 1).fill(1)]);
  }

  #key(): Tensor {
    const { seed, step } = this.#scalars;
    return this.#x.graph.apply('RandomKey', [seed(), step()], { stream: FIRST_STREAM + this.#streams++ });
  }
}
