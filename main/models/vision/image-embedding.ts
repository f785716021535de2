import { Module, type Tensor, type Trace, unitRows } from '../../graph/index.ts';

/** What the encoder makes of pictures, scaled to length 1, [N, dimensions]: the product of two rows is their cosine similarity. */
export class ImageEmbedding extends Module {
  readonly kind = 'ImageEmbedding';
  readonly encoder: Module;

  constructor(encoder: Module) {
    super();
    this.encoder = encoder;
  }

  forward(x: Tensor, trace: Trace): Tensor {
    return unitRows(trace.run('encoder', this.encoder, x));
  }
}
