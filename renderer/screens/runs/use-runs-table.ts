import type { ColumnDef, FilterFn, ReactTable, Row, SortFn } from '@tanstack/react-table';
import {
  columnFilteringFeature,
  columnPinningFeature,
  columnResizingFeature,
  columnSizingFeature,
  columnVisibilityFeature,
  createFilteredRowModel,
  createSortedRowModel,
  globalFilteringFeature,
  metaHelper,
  rowSelectionFeature,
  rowSortingFeature,
  tableFeatures,
  useTable,
} from '@tanstack/react-table';
import { useEffect, useMemo } from 'react';
import type { Run } from '../../../main/contract/training.ts';
import type { RunColumn } from './run-columns.ts';
import { isShownAtFirst } from './run-columns.ts';
import type { ColumnFilterValue } from './run-filter.ts';
import { matchesFilter, matchesSearch, searchText } from './run-filter.ts';

interface ColumnMeta {
  readonly column: RunColumn;
}

const storageKey = 'lightbench.runs.table';

export const features = tableFeatures({
  columnVisibilityFeature,
  columnPinningFeature,
  columnSizingFeature,
  columnResizingFeature,
  rowSortingFeature,
  columnFilteringFeature,
  globalFilteringFeature,
  rowSelectionFeature,
  sortedRowModel: createSortedRowModel(),
  filteredRowModel: createFilteredRowModel(),
  columnMeta: metaHelper<ColumnMeta>(),
});

export type RunsTable = ReactTable<typeof features, Run>;
export type RunRow = Row<typeof features, Run>;
export type RunColumnState = ReturnType<RunsTable['getVisibleLeafColumns']>[number];

/** The columns as somebody arranged them, kept on this machine. */
interface Arrangement {
  readonly visibility: Readonly<Record<string, boolean>>;
  readonly pinned: readonly string[];
  readonly sorting: readonly { readonly id: string; readonly desc: boolean }[];
  readonly sizing: Readonly<Record<string, number>>;
}

const initialArrangement: Arrangement = {
  visibility: {},
  pinned: ['name'],
  sorting: [{ id: 'createdAt', desc: true }],
  sizing: {},
};

export function useRunsTable(runs: readonly Run[], columns: readonly RunColumn[]): RunsTable {
  const stored = useMemo(readArrangement, []);
  const definitions = useMemo(() => columns.map(definitionOf), [columns]);
  const hiddenAtFirst = useMemo(
    () => Object.fromEntries(columns.filter(({ id }) => !isShownAtFirst(columns, id)).map(({ id }) => [id, false])),
    [columns],
  );
  const table = useTable({
    features,
    columns: definitions,
    data: runs as Run[],
    getRowId: (run) => run.id,
    enableMultiSort: true,
    globalFilterFn: searchFilter,
    // The search looks at the whole run: asking for one column is enough.
    getColumnCanGlobalFilter: (column) => column.id === 'name',
    initialState: {
      columnPinning: { start: [...stored.pinned], end: [] },
      sorting: [...stored.sorting],
      columnSizing: { ...stored.sizing },
      columnVisibility: { ...stored.visibility },
    },
  });

  // Columns come with the runs: one that nobody has decided about yet gets the place of its kind.
  useEffect(() => {
    const decided = table.state.columnVisibility;
    const undecided = Object.entries(hiddenAtFirst).filter(([id]) => decided[id] === undefined);
    if (undecided.length > 0) table.setColumnVisibility({ ...decided, ...Object.fromEntries(undecided) });
  }, [hiddenAtFirst, table]);

  const { columnVisibility, columnPinning, sorting, columnSizing } = table.state;
  useEffect(() => {
    const arrangement: Arrangement = {
      visibility: columnVisibility,
      pinned: columnPinning.start,
      sorting,
      sizing: columnSizing,
    };
    window.localStorage.setItem(storageKey, JSON.stringify(arrangement));
  }, [columnVisibility, columnPinning, sorting, columnSizing]);
  return table;
}

/** Back to the columns of a first visit. */
export function resetArrangement(table: RunsTable, columns: readonly RunColumn[]): void {
  table.setColumnVisibility(Object.fromEntries(columns.map(({ id }) => [id, isShownAtFirst(columns, id)])));
  table.setColumnPinning({ start: [...initialArrangement.pinned], end: [] });
  table.setSorting([...initialArrangement.sorting]);
  table.setColumnSizing({});
}

const columnFilter: FilterFn<typeof features, Run> = (row, columnId, filter: ColumnFilterValue) =>
  matchesFilter(row.getValue<string | number | undefined>(columnId), filter);

const searchFilter: FilterFn<typeof features, Run> = (row, _columnId, search: string) =>
  matchesSearch(searchTextOf(row.original), search);

const searchTexts = new WeakMap<Run, string>();

function searchTextOf(run: Run): string {
  const known = searchTexts.get(run);
  if (known !== undefined) return known;
  const { name, experiment, datasetName, status, id, note, createdBy, tags } = run;
  const text = searchText([name, experiment, datasetName, status, id, note, createdBy, ...Object.values(tags)]);
  searchTexts.set(run, text);
  return text;
}

const ascending: SortFn<typeof features, Run> = (a, b, columnId) => {
  const [left, right] = [a.getValue<string | number>(columnId), b.getValue<string | number>(columnId)];
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  const [leftText, rightText] = [String(left), String(right)];
  return leftText < rightText ? -1 : leftText > rightText ? 1 : 0;
};

function definitionOf(column: RunColumn): ColumnDef<typeof features, Run> {
  return {
    id: column.id,
    accessorFn: column.value,
    header: column.title,
    size: column.widthPx,
    minSize: 60,
    maxSize: 600,
    sortFn: ascending,
    sortUndefined: 'last',
    sortDescFirst: column.kind === 'number',
    filterFn: columnFilter,
    enableHiding: column.id !== 'name',
    meta: { column },
  };
}

function readArrangement(): Arrangement {
  try {
    const stored: unknown = JSON.parse(window.localStorage.getItem(storageKey) ?? 'null');
    if (typeof stored === 'object' && stored !== null) return { ...initialArrangement, ...stored };
  } catch {
    // Not ours: the columns of a first visit.
  }
  return initialArrangement;
}
