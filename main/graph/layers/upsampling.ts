import { staticSize } from '../dimension.ts';
import { GraphError } from '../graph-error.ts';
import type { Tensor } from '../tensor.ts';
import { Module } from './module.ts';

/** `bilinear` with half-pixel centres: PyTorch's `align_corners=False`. */
export type UpsamplingMode = 'nearest' | 'bilinear';

/** Enlarges height and width by a whole factor. */
export class Upsample extends Module {
  readonly kind = 'Upsample';
  readonly factor: number;
  readonly mode: UpsamplingMode;

  constructor(factor: number, mode: UpsamplingMode = 'nearest') {
    super();
    if (!Number.isInteger(factor) || factor < 1) {
      throw new GraphError('invalid-argument', `Images grow by a whole factor of at least 1, not ${factor}.`);
    }
    this.factor = factor;
    this.mode = mode;
  }

  forward(x: Tensor): Tensor {
    if (this.mode === 'nearest') return x.graph.apply('UpsampleNearest', [x], { factor: this.factor });
    const [height, width] = [staticSize(x.shape[2]) * this.factor, staticSize(x.shape[3]) * this.factor];
    return x.graph.apply('Resize', [x], { height, width });
  }

  override describe(): string {
    return `${this.factor} times, ${this.mode}`;
  }
}
