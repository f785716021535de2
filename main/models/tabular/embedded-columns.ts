import { BATCH, cast, Embedding, Module, reshape, type Tensor, type Trace } from '../../graph/index.ts';
import { numbersOf, rowOf, type TableColumns } from './table-columns.ts';

/** Vectors start small beside numbers of deviation one: the numbers lead at first. */
const STARTING_DEVIATION = 0.1;
const LONGEST_VECTOR = 600;

/** round(1.6 · rows^0.56), at most 600: the rule of fast.ai (Howard & Gugger 2020). */
export const embeddingWidth = (rows: number): number => Math.min(LONGEST_VECTOR, Math.round(1.6 * rows ** 0.56));

/** A prepared table [N, columns] → its numbers and the vectors of its categories, [N, features]. */
export class EmbeddedColumns extends Module {
  readonly kind = 'EmbeddedColumns';
  readonly embeddings: readonly Embedding[];
  readonly #columns: TableColumns;
  readonly #widths: readonly number[];

  constructor(columns: TableColumns, width: number | undefined) {
    super();
    this.#columns = columns;
    this.#widths = columns.categories.map(({ rows }) => width ?? embeddingWidth(rows));
    this.embeddings = columns.categories.map(
      ({ rows }, index) => new Embedding(rows, this.#widths[index] ?? 1, { deviation: STARTING_DEVIATION, zero: 0 }),
    );
  }

  get features(): number {
    const numbers = this.#columns.numbers.reduce((sum, { size }) => sum + size, 0);
    return this.#widths.reduce((sum, width) => sum + width, numbers);
  }

  forward(x: Tensor, trace: Trace): Tensor {
    const vectors = this.embeddings.map((embedding, index) => {
      const column = this.#columns.categories[index] as TableColumns['categories'][number];
      const vector = trace.run(`embeddings.${index}`, embedding, cast(rowOf(x, column), 'int64'));
      return reshape(vector, [BATCH, this.#widths[index] ?? 1]);
    });
    const parts = [...numbersOf(x, this.#columns), ...vectors];
    return parts.length === 1 ? (parts[0] as Tensor) : x.graph.apply('Concat', parts, { axis: 1 });
  }

  override describe(): string {
    return this.#columns.categories.map(({ name }, index) => `${name} ${this.#widths[index]}`).join(', ');
  }
}
