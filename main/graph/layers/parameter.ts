import { seededRandom } from '../../base/random.ts';
import { elementCount } from '../dimension.ts';

/** How a weight starts. `uniform` and `normal` depend only on the seed and the weight's place in the model. */
export type Initializer =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'uniform'; readonly bound: number }
  | {
      readonly kind: 'normal';
      readonly deviation: number;
      /** A row of a table that starts at zero. */
      readonly zeroRow?: number | undefined;
    };

/** A trainable tensor of a module. */
export class Parameter {
  readonly shape: readonly number[];
  readonly initializer: Initializer;

  constructor(shape: readonly number[], initializer: Initializer) {
    this.shape = shape;
    this.initializer = initializer;
  }

  initialValues(seed: number, stream: number): Float32Array {
    const count = elementCount(this.shape);
    const { initializer } = this;
    if (initializer.kind === 'constant') return new Float32Array(count).fill(initializer.value);
    const values = new Float32Array(count);
    const random = seededRandom(seed, stream);
    for (let index = 0; index < count; index++) {
      values[index] =
        initializer.kind === 'uniform'
          ? (2 * random.uniform() - 1) * initializer.bound
          : random.normal() * initializer.deviation;
    }
    if (initializer.kind === 'normal' && initializer.zeroRow !== undefined) {
      const width = count / (this.shape[0] ?? 1);
      values.fill(0, initializer.zeroRow * width, (initializer.zeroRow + 1) * width);
    }
    return values;
  }
}

/** A tensor that a module keeps and updates itself, without a gradient. */
export class ModuleBuffer extends Parameter {}

/** A running mean of what batches give with the weights of their steps. */
export class RunningStatistic extends ModuleBuffer {}
