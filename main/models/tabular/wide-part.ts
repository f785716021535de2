import {
  add,
  cast,
  Embedding,
  GraphError,
  Linear,
  Module,
  reduceSum,
  scale,
  shift,
  type Tensor,
  type Trace,
} from '../../graph/index.ts';
import type { WideAndDeepSpec } from './specification.ts';
import { type CategoryColumn, numbersOf, rowOf, type TableColumns } from './table-columns.ts';

type Crosses = NonNullable<WideAndDeepSpec['crosses']>;

/**
 * The linear model of wide & deep, [N, columns] → [N, units]: a weight per category, per combination of crossed columns
 * and per number. All categories share one table, those of a column after those of the one before; it starts at zero.
 */
export class WidePart extends Module {
  readonly kind = 'WidePart';
  readonly table: Embedding;
  readonly numbers: Linear | undefined;
  readonly #columns: TableColumns;
  readonly #crosses: readonly (readonly [CategoryColumn, CategoryColumn])[];

  constructor(columns: TableColumns, crosses: Crosses, units: number) {
    super();
    this.#columns = columns;
    this.#crosses = crosses.map(([left, right]) => [columnOf(columns, left), columnOf(columns, right)] as const);
    const single = columns.categories.reduce((sum, { rows }) => sum + rows, 0);
    const rows = this.#crosses.reduce((sum, [left, right]) => sum + left.rows * right.rows, single);
    this.table = new Embedding(rows, units, { deviation: 0 });
    const numbers = columns.numbers.reduce((sum, { size }) => sum + size, 0);
    this.numbers = numbers === 0 ? undefined : new Linear(numbers, units, { bias: false });
  }

  forward(x: Tensor, trace: Trace): Tensor {
    const ids: Tensor[] = [];
    let before = 0;
    for (const column of this.#columns.categories) {
      ids.push(shift(rowOf(x, column), before));
      before += column.rows;
    }
    for (const [left, right] of this.#crosses) {
      ids.push(shift(add(scale(rowOf(x, left), right.rows), rowOf(x, right)), before));
      before += left.rows * right.rows;
    }
    const all = ids.length === 1 ? (ids[0] as Tensor) : x.graph.apply('Concat', ids, { axis: 1 });
    const remembered = reduceSum(trace.run('table', this.table, cast(all, 'int64')), [1]);
    if (!this.numbers) return remembered;
    const parts = numbersOf(x, this.#columns);
    const numbers = parts.length === 1 ? (parts[0] as Tensor) : x.graph.apply('Concat', parts, { axis: 1 });
    return add(remembered, trace.run('numbers', this.numbers, numbers));
  }

  override describe(): string {
    return this.#crosses.map(([left, right]) => `${left.name} × ${right.name}`).join(', ');
  }
}

function columnOf({ categories }: TableColumns, name: string): CategoryColumn {
  const found = categories.find((column) => column.name === name);
  if (found) return found;
  const names = categories.map((column) => column.name).join(', ');
  throw new GraphError('invalid-argument', `${name} is no column of categories to cross; there are ${names}.`);
}
