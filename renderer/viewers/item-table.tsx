import {
  columnResizingFeature,
  columnSizingFeature,
  createColumnHelper,
  tableFeatures,
  useTable,
} from '@tanstack/react-table';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef } from 'react';
import type { DatasetVersion, Item } from '../../main/contract/datasets.ts';
import { formatNumber } from '../components/format.ts';
import { rowHeightPx, useDensity } from '../theme/appearance.ts';
import classes from './item-table.module.css';
import { flagNames, splitNames } from './item-words.ts';
import type { Items } from './use-items.ts';

export interface ItemTableProps {
  readonly dataset: DatasetVersion;
  readonly indices: readonly number[];
  readonly items: Items;
}

interface TableRow {
  readonly index: number;
  readonly item: Item | undefined;
}

const features = tableFeatures({ columnSizingFeature, columnResizingFeature });
const helper = createColumnHelper<typeof features, TableRow>();
const overscan = 12;
const headerHeightPx = 34;

/** The rows of a table dataset, virtualised: only the rows in view exist, and only they are read. */
export function ItemTable({ dataset, indices, items }: ItemTableProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const density = useDensity((state) => state.density);
  const columns = useMemo(() => columnsOf(dataset), [dataset]);
  const numeric = useMemo(() => numericColumns(dataset), [dataset]);
  const virtualizer = useVirtualizer({
    count: indices.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeightPx[density],
    overscan,
    scrollMargin: headerHeightPx,
  });
  const virtual = virtualizer.getVirtualItems();
  const first = virtual[0]?.index ?? 0;
  const end = (virtual.at(-1)?.index ?? -1) + 1;
  useEffect(() => items.look(first, end), [items, first, end]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: heights follow the density
  useEffect(() => virtualizer.measure(), [density]);

  const rows = useMemo(
    () => indices.slice(first, end).map((index) => ({ index, item: items.of(index) })),
    [indices, first, end, items],
  );
  const table = useTable({
    features,
    columns,
    data: rows,
    columnResizeMode: 'onChange',
    getRowId: (row) => String(row.index),
  });
  const width = table.getTotalSize();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: scrolls by keyboard
    <div ref={scroller} className={classes.scroller} tabIndex={0} data-item-table>
      {/* biome-ignore lint/a11y/useSemanticElements: rows are placed freely, which table elements do not allow */}
      <div
        role="table"
        aria-label={`Rows of ${dataset.name}`}
        aria-rowcount={indices.length + 1}
        style={{ width, minWidth: '100%' }}
      >
        {table.getHeaderGroups().map((group) => (
          // biome-ignore lint/a11y/useSemanticElements: see above
          // biome-ignore lint/a11y/useFocusableInteractive: rows are read, not operated
          <div
            key={group.id}
            role="row"
            aria-rowindex={1}
            className={classes.header}
            style={{ height: headerHeightPx }}
          >
            {group.headers.map((header) => (
              // biome-ignore lint/a11y/useSemanticElements: see above
              // biome-ignore lint/a11y/useFocusableInteractive: see above
              <div
                key={header.id}
                role="columnheader"
                className={classes.headerCell}
                data-number={numeric.has(header.column.id)}
                style={{ width: header.getSize() }}
              >
                <table.FlexRender header={header} />
                <span className={classes.resizer} onPointerDown={header.getResizeHandler()} aria-hidden />
              </div>
            ))}
          </div>
        ))}
        {/* biome-ignore lint/a11y/useSemanticElements: see above */}
        <div role="rowgroup" style={{ position: 'relative', height: virtualizer.getTotalSize() }}>
          {table.getRowModel().rows.map((row, offset) => (
            // biome-ignore lint/a11y/useSemanticElements: see above
            // biome-ignore lint/a11y/useFocusableInteractive: see above
            <div
              key={row.id}
              role="row"
              aria-rowindex={first + offset + 2}
              className={classes.row}
              style={{
                height: rowHeightPx[density],
                transform: `translateY(${(first + offset) * rowHeightPx[density]}px)`,
              }}
            >
              {row.getAllCells().map((cell) => (
                // biome-ignore lint/a11y/useSemanticElements: see above
                <div
                  key={cell.id}
                  role="cell"
                  className={classes.cell}
                  data-number={numeric.has(cell.column.id)}
                  style={{ width: cell.column.getSize() }}
                >
                  <table.FlexRender cell={cell} />
                </div>
              ))}
            </div>
          ))}
        </div>
      </div>
    </div>
  );
}

/** Columns whose values stand at the right, so that their digits line up. */
function numericColumns(dataset: DatasetVersion): ReadonlySet<string> {
  const numbers = dataset.schema.filter((column) => column.type === 'number' || column.type === 'integer');
  return new Set(['#', ...numbers.map((column) => `column-${column.name}`)]);
}

function columnsOf(dataset: DatasetVersion) {
  return helper.columns([
    helper.accessor((row) => row.index, { id: '#', header: '#', size: 72 }),
    helper.accessor((row) => row.item?.split, {
      id: 'split',
      header: 'Split',
      size: 96,
      cell: (context) => {
        const value = context.getValue();
        return value === undefined ? '' : splitNames[value];
      },
    }),
    ...dataset.schema.map((column) =>
      helper.accessor((row) => row.item?.values?.[column.name], {
        id: `column-${column.name}`,
        header: () => (
          <span title={`${column.type}${column.nullable ? ', may be missing' : ''}`}>
            {column.name}
            {column.name === dataset.target && <span className={classes.target}>label</span>}
          </span>
        ),
        size: Math.min(260, Math.max(110, column.name.length * 8 + 40)),
        cell: (context) => <Value value={context.getValue()} known={context.row.original.item !== undefined} />,
      }),
    ),
    helper.accessor((row) => row.item?.flags.map((flag) => flagNames[flag]).join(', ') ?? '', {
      id: 'flags',
      header: 'Quality',
      size: 180,
    }),
  ]);
}

function Value({ value, known }: { readonly value: unknown; readonly known: boolean }) {
  if (!known) return <span className={classes.pending} />;
  if (value === null || value === undefined || value === '') return <span className={classes.missing}>missing</span>;
  return typeof value === 'number' ? formatNumber(value) : String(value);
}
