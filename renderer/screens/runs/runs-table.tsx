import { Checkbox } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import type { CSSProperties, KeyboardEvent } from 'react';
import { memo, useEffect, useRef, useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { paths } from '../../components/paths.ts';
import { StateBadge } from '../../components/small.tsx';
import { rowHeightPx, useDensity } from '../../theme/appearance.ts';
import { ColumnMenu } from './column-menu.tsx';
import classes from './runs-table.module.css';
import type { RunRow, RunsTable as Table } from './use-runs-table.ts';

const checkboxWidthPx = 40;
const overscanRows = 12;

export interface RunsTableProps {
  readonly table: Table;
}

type Column = ReturnType<Table['getVisibleLeafColumns']>[number];

/** Rows are drawn only where one looks; arrow keys move, Enter opens, Space selects. */
export function RunsTable({ table }: RunsTableProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const navigate = useNavigate();
  const density = useDensity((state) => state.density);
  const rowHeight = rowHeightPx[density];
  const rows = table.getRowModel().rows;
  const headers = table.getHeaderGroups().at(-1)?.headers ?? [];
  const columns = headers.map((header) => header.column);
  const [active, setActive] = useState(0);
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    getItemKey: (index) => rows[index]?.id ?? index,
    overscan: overscanRows,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the heights are those of the density
  useEffect(() => virtualizer.measure(), [rowHeight, virtualizer]);

  const width = checkboxWidthPx + table.getTotalSize();
  const selection = table.state.rowSelection;
  // Widths, places and the selection are what a drawn row depends on besides its run.
  const layout = columns.map((column) => `${column.id} ${column.getSize()} ${column.getIsPinned() || ''}`).join('|');
  const focusRow = (index: number) => {
    const next = Math.min(rows.length - 1, Math.max(0, index));
    setActive(next);
    virtualizer.scrollToIndex(next);
    requestAnimationFrame(() =>
      scroller.current?.querySelector<HTMLElement>(`[data-row="${next}"]`)?.focus({ preventScroll: true }),
    );
  };
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    const row = (event.target as HTMLElement).dataset.row;
    if (row === undefined) return;
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 400) / rowHeight) - 2);
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: active + 1,
      ArrowUp: active - 1,
      PageDown: active + page,
      PageUp: active - page,
      Home: 0,
      End: rows.length - 1,
    };
    const target = moves[event.key];
    if (target !== undefined) focusRow(target);
    else if (event.key === 'Enter') void navigate(paths.run(rows[active]?.id ?? ''));
    else if (event.key === ' ') rows[active]?.toggleSelected();
    else return;
    event.preventDefault();
  };
  const someSelected = Object.keys(selection).length > 0;
  return (
    // biome-ignore lint/a11y/useSemanticElements: only the rows in view exist, which a table element cannot say
    <div
      ref={scroller}
      className={classes.scroller}
      role="grid"
      aria-label="Runs"
      aria-rowcount={rows.length + 1}
      aria-colcount={columns.length + 1}
      aria-multiselectable
      tabIndex={rows.length === 0 ? 0 : -1}
      onKeyDown={onKeyDown}
    >
      {/* biome-ignore lint/a11y/useSemanticElements: see above */}
      <div className={classes.head} role="row" aria-rowindex={1} style={{ width }} tabIndex={-1}>
        {/* biome-ignore lint/a11y/useSemanticElements: see above */}
        <div className={classes.checkbox} role="columnheader" tabIndex={-1}>
          <Checkbox
            aria-label="Select all runs that match"
            checked={table.getIsAllRowsSelected()}
            indeterminate={someSelected && !table.getIsAllRowsSelected()}
            onChange={table.getToggleAllRowsSelectedHandler()}
          />
        </div>
        {headers.map((header) => (
          <ColumnMenu key={header.id} header={header} table={table} style={cellStyle(header.column)} />
        ))}
      </div>
      <div style={{ height: virtualizer.getTotalSize(), width, position: 'relative' }}>
        {virtualizer.getVirtualItems().map((item) => {
          const row = rows[item.index];
          if (row === undefined) return null;
          return (
            <RunLine
              key={item.key}
              row={row}
              columns={columns}
              layout={layout}
              index={item.index}
              top={item.start}
              height={rowHeight}
              selected={selection[row.id] ?? false}
              active={item.index === active}
              onActivate={setActive}
            />
          );
        })}
      </div>
    </div>
  );
}

interface RunLineProps {
  readonly row: RunRow;
  readonly columns: readonly Column[];
  readonly layout: string;
  readonly index: number;
  readonly top: number;
  readonly height: number;
  readonly selected: boolean;
  readonly active: boolean;
  readonly onActivate: (index: number) => void;
}

const RunLine = memo(
  function RunLine({ row, columns, index, top, height, selected, active, onActivate }: RunLineProps) {
    const run = row.original;
    return (
      // biome-ignore lint/a11y/useSemanticElements: only the rows in view exist
      <div
        className={classes.row}
        role="row"
        aria-rowindex={index + 2}
        aria-selected={selected}
        data-row={index}
        tabIndex={active ? 0 : -1}
        style={{ transform: `translateY(${top}px)`, height }}
        onFocus={() => onActivate(index)}
      >
        {/* biome-ignore lint/a11y/useSemanticElements: see above */}
        <div className={classes.checkbox} role="gridcell" tabIndex={-1}>
          <Checkbox
            tabIndex={-1}
            aria-label={`Select ${run.name}`}
            checked={selected}
            onChange={row.getToggleSelectedHandler()}
          />
        </div>
        {columns.map((column) => {
          const definition = column.columnDef.meta?.column;
          const text = definition?.text(run) ?? '';
          return (
            // biome-ignore lint/a11y/useSemanticElements: see above
            <div
              key={column.id}
              role="gridcell"
              tabIndex={-1}
              className={classes.cell}
              data-number={definition?.kind === 'number' || undefined}
              data-pinned={column.getIsPinned() || undefined}
              style={cellStyle(column)}
              title={text}
            >
              {column.id === 'name' ? (
                <Link to={paths.run(run.id)} tabIndex={-1} className={classes.name}>
                  {text}
                </Link>
              ) : column.id === 'status' ? (
                <StateBadge state={run.status} />
              ) : (
                text
              )}
            </div>
          );
        })}
      </div>
    );
  },
  (before, after) =>
    before.row.original === after.row.original &&
    before.layout === after.layout &&
    before.top === after.top &&
    before.height === after.height &&
    before.selected === after.selected &&
    before.active === after.active &&
    before.row === after.row,
);

function cellStyle(column: Column): CSSProperties {
  const pinned = column.getIsPinned() === 'start';
  return {
    width: column.getSize(),
    ...(pinned ? { position: 'sticky', left: checkboxWidthPx + column.getStart('start'), zIndex: 1 } : {}),
  };
}
