import { GraphError, type Tensor } from '../../graph/index.ts';
import type { InputSignature, TableColumn } from '../specification.ts';

export type CategoryColumn = Extract<TableColumn, { kind: 'category' }> & { readonly place: number };

/** The columns of a prepared table as models with embeddings read them. */
export interface TableColumns {
  /** Runs of neighbouring columns of numbers. */
  readonly numbers: readonly { readonly start: number; readonly size: number }[];
  readonly categories: readonly CategoryColumn[];
}

/** @throws GraphError `unsupported` where the input is no table or has no categories */
export function tableColumns(input: InputSignature): TableColumns {
  if (input.kind !== 'table')
    throw new GraphError('unsupported', `Embeddings of categories cannot take ${input.kind} as input.`);
  const numbers: { start: number; size: number }[] = [];
  const categories: CategoryColumn[] = [];
  for (const [place, column] of (input.columns ?? []).entries()) {
    const last = numbers.at(-1);
    if (column.kind === 'category') categories.push({ ...column, place });
    else if (last !== undefined && last.start + last.size === place) last.size++;
    else numbers.push({ start: place, size: 1 });
  }
  if (categories.length === 0)
    throw new GraphError('unsupported', 'No column has categories that could be embedded: an mlp reads numbers.');
  return { numbers, categories };
}

/** [N, columns] → the numbers of each run, [N, size]. */
export function numbersOf(x: Tensor, { numbers }: TableColumns): readonly Tensor[] {
  return numbers.map(({ start, size }) => x.graph.apply('Slice', [x], { axis: 1, start, size }));
}

/** [N, columns] → the row of a category as it stands there: a whole number in float32, [N, 1]. */
export function rowOf(x: Tensor, { place }: CategoryColumn): Tensor {
  return x.graph.apply('Slice', [x], { axis: 1, start: place, size: 1 });
}
