import type { ParameterValues, Tensor, Trace } from '../../graph/index.ts';
import { add, GraphError, groupOf, Module, matmul, Parameter, reshape, scale } from '../../graph/index.ts';

/** Low-rank adaptation (Hu et al. 2021). */
export interface AdapterSpec {
  /**
   * Names of weights as the file has them; `*` stands for any run of characters. A convolution counts as the matrix of its
   * flattened kernels, one row per output channel; vectors are left out.
   */
  readonly match: string | readonly string[];
  readonly rank: number;
  /** The adapter counts alpha / rank. Default: the rank. */
  readonly alpha?: number;
}

/** One weight's adapter: left [rows, rank] · right [rank, columns]; the right one starts at zero. */
class Adapter extends Module {
  readonly kind = 'Adapter';
  readonly left: Parameter;
  readonly right: Parameter;

  constructor(rows: number, columns: number, rank: number) {
    super();
    this.left = new Parameter([rows, rank], { kind: 'normal', deviation: 1 / Math.sqrt(rank) });
    this.right = new Parameter([rank, columns], { kind: 'constant', value: 0 });
  }

  /** [rows, columns]; what it is given plays no part. */
  forward(_: Tensor, trace: Trace): Tensor {
    return matmul(trace.tensor(this.left), trace.tensor(this.right));
  }
}

/** W + alpha / rank · left · right for each weight that fits; at the start this is W. */
export class Adapters extends Module {
  readonly kind = 'Adapters';
  readonly #factor: number;
  readonly #rank: number;
  readonly #adapted = new Map<string, Adapter>();

  /** @throws GraphError `invalid-argument` if no weight fits, or the rank is none */
  constructor({ match, rank, alpha = rank }: AdapterSpec, shapes: ReadonlyMap<string, readonly number[]>) {
    super();
    if (!Number.isInteger(rank) || rank < 1) {
      throw new GraphError('invalid-argument', `A rank is a whole number from 1, not ${rank}.`);
    }
    this.#factor = alpha / rank;
    this.#rank = rank;
    const patterns = [match].flat().map((each) => ({ match: each }));
    for (const [name, [rows, ...rest]] of shapes) {
      if (rows === undefined || rest.length === 0 || groupOf(patterns, name) === undefined) continue;
      const columns = rest.reduce((product, size) => product * size, 1);
      this.#adapted.set(name, new Adapter(rows, columns, rank));
    }
    if (this.#adapted.size === 0) {
      const matrices = [...shapes].filter(([, shape]) => shape.length > 1).map(([name]) => name);
      throw new GraphError(
        'invalid-argument',
        `No matrix of the file is named like ${[match].flat().join(' or ')}. It has ${matrices.slice(0, 6).join(', ')}.`,
      );
    }
    Object.assign(this, Object.fromEntries(this.#adapted));
  }

  forward(): Tensor {
    throw new GraphError('invalid-argument', 'Adapters change weights; they are no layer.');
  }

  adapt(name: string, weight: Tensor, trace: Trace): Tensor {
    const adapter = this.#adapted.get(name);
    if (!adapter) return weight;
    return add(weight, scale(reshape(adapter.forward(weight, trace), weight.shape), this.#factor));
  }

  /** A weight's numbers with the adapter's part added. */
  merge(name: string, weight: Float32Array, parameters: ParameterValues): Float32Array {
    const [left, right] = [parameters[`adapters.${name}.left`], parameters[`adapters.${name}.right`]];
    if (!this.#adapted.has(name) || !left || !right) return weight;
    const columns = right.length / this.#rank;
    return weight.map((value, index) => {
      const [row, column] = [Math.floor(index / columns), index % columns];
      let sum = 0;
      for (let place = 0; place < this.#rank; place++) {
        sum += (left[row * this.#rank + place] ?? 0) * (right[place * columns + column] ?? 0);
      }
      return value + this.#factor * sum;
    });
  }

  override describe(): string {
    return `${this.#adapted.size} weights, rank ${this.#rank}`;
  }
}
