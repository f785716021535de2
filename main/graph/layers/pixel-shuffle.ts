import { reshape, transpose } from '../expression.ts';
import { GraphError } from '../graph-error.ts';
import type { Tensor } from '../tensor.ts';
import { Module } from './module.ts';

/** Channels into space, [N, C·r², H, W] → [N, C, r·H, r·W] (Shi et al. 2016), in PyTorch's order. */
export class PixelShuffle extends Module {
  readonly kind = 'PixelShuffle';
  readonly #factor: number;

  constructor(factor: number) {
    super();
    this.#factor = factor;
  }

  forward(x: Tensor): Tensor {
    const [batch, channels, height, width] = imageSizes(x);
    const r = this.#factor;
    if (channels % (r * r) !== 0) {
      throw new GraphError('shape-mismatch', `${channels} channels do not form squares of ${r} x ${r} pixels.`);
    }
    const cells = reshape(x, [batch, channels / (r * r), r, r, height, width]);
    return reshape(transpose(cells, [0, 1, 4, 2, 5, 3]), [batch, channels / (r * r), height * r, width * r]);
  }

  override describe(): string {
    return `x ${this.#factor}`;
  }
}

/** Space into channels, [N, C, r·H, r·W] → [N, C·r², H, W]: the inverse. */
export class PixelUnshuffle extends Module {
  readonly kind = 'PixelUnshuffle';
  readonly #factor: number;

  constructor(factor: number) {
    super();
    this.#factor = factor;
  }

  forward(x: Tensor): Tensor {
    const [batch, channels, height, width] = imageSizes(x);
    const r = this.#factor;
    if (height % r !== 0 || width % r !== 0) {
      throw new GraphError('shape-mismatch', `${height} x ${width} pixels do not form squares of ${r} x ${r}.`);
    }
    const cells = reshape(x, [batch, channels, height / r, r, width / r, r]);
    return reshape(transpose(cells, [0, 1, 3, 5, 2, 4]), [batch, channels * r * r, height / r, width / r]);
  }

  override describe(): string {
    return `/ ${this.#factor}`;
  }
}

function imageSizes(x: Tensor): readonly [number | string, number, number, number] {
  const [batch, ...sizes] = x.shape;
  const [channels, height, width] = sizes.map(Number);
  if (batch === undefined || !channels || !height || !width || x.shape.length !== 4) {
    throw new GraphError(
      'shape-mismatch',
      `Pixels are shuffled in [batch, channels, height, width], not [${x.shape}].`,
    );
  }
  return [batch, channels, height, width];
}
