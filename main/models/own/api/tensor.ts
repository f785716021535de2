import { type DataType, type Dimension, GraphError, type Shape } from '../../../graph/index.ts';

/** What a model file sees of a tensor: a place in the model, not numbers. */
export class Tensor {
  readonly id: number;
  readonly shape: Shape;
  readonly dtype: DataType;

  constructor(id: number, shape: Shape, dtype: DataType) {
    this.id = id;
    this.shape = Object.freeze([...shape]);
    this.dtype = dtype;
    Object.freeze(this);
  }

  /** @throws GraphError where the size is that of the batch, which is not known */
  size(dim: number): number {
    const size: Dimension | undefined = this.shape.at(dim);
    if (typeof size === 'number') return size;
    throw new GraphError(
      'shape-mismatch',
      size === undefined
        ? `There is no dimension ${dim} in [${this.shape}].`
        : `Dimension ${dim} of [${this.shape}] is the batch: its size is not known when a model is built.`,
    );
  }
}
