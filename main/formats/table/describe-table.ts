import { type SplitName, splitFromName } from '../split-name.ts';
import type { Table, TableColumn } from './table.ts';

/** Whole numbers with at most so many distinct values are classes when they are the target. */
const INTEGER_CLASSES = 20;
const MAXIMUM_CLASSES = 1000;
const SPLIT_COLUMN = /^(split|set|subset|partition)$/i;
const LABEL_COLUMN = /^(label|labels|class|target|species|outcome|diagnosis|category|y)$/i;

/** A column as a dataset knows it. */
export interface DescribedColumn {
  readonly name: string;
  readonly type: 'number' | 'integer' | 'category' | 'text' | 'boolean' | 'time';
  readonly nullable: boolean;
  readonly categories?: string[];
}

export interface TableDescription {
  readonly schema: DescribedColumn[];
  /** Of the target; empty without one and for numbers, which are for regression. */
  readonly classes: string[];
  /** Class index per row, -1 where the target has no value; undefined when there are no classes. */
  readonly labels: Int32Array<ArrayBuffer> | undefined;
  /** What a column called split says of a row. */
  readonly givenSplit: (row: number) => SplitName | undefined;
  readonly givenSplits: readonly SplitName[];
}

/** What the columns mean: categories, the classes of the target, the split of every row. */
export async function describeTable(table: Table, target: string | undefined): Promise<TableDescription> {
  const schema: DescribedColumn[] = [];
  for (const column of table.columns) {
    const nullable = column.missing > 0;
    if (isCategory(column, table.rowCount, target))
      schema.push({
        name: column.name,
        type: 'category',
        nullable,
        categories: [...(await table.distinctValues(column.name))],
      });
    else schema.push({ name: column.name, type: column.type, nullable });
  }
  const classes = schema.find(({ name }) => name === target)?.categories ?? [];
  const indexOf = new Map(classes.map((name, index) => [name, index]));
  const labels =
    classes.length === 0
      ? undefined
      : Int32Array.from(await table.values(target!), (value) => (value === null ? -1 : (indexOf.get(value) ?? -1)));
  const splits = await readSplits(table);
  const occurring = new Set(splits);
  return {
    schema,
    classes,
    labels,
    givenSplit: (row) => splits[row],
    givenSplits: (['train', 'validation', 'test'] as const).filter((split) => occurring.has(split)),
  };
}

/** The column that is most likely the label; undefined when none is called like one. */
export function likelyTarget(table: Table): string | undefined {
  return table.columns.find(({ name, distinct }) => LABEL_COLUMN.test(name) && distinct >= 2)?.name;
}

function isCategory({ name, type, distinct }: TableColumn, rows: number, target: string | undefined): boolean {
  if (name === target)
    return type === 'integer'
      ? distinct <= INTEGER_CLASSES
      : type !== 'number' && type !== 'time' && distinct <= MAXIMUM_CLASSES;
  return type === 'text' && distinct <= Math.min(MAXIMUM_CLASSES, Math.max(20, rows / 20));
}

async function readSplits(table: Table): Promise<readonly (SplitName | undefined)[]> {
  const column = table.columns.find(
    ({ name, type, missing }) => SPLIT_COLUMN.test(name) && type === 'text' && missing === 0,
  );
  if (column === undefined) return [];
  const splits = (await table.values(column.name)).map((value) => splitFromName(value ?? ''));
  return splits.includes(undefined) ? [] : splits;
}
