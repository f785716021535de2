import { useEffect, useRef } from 'react';
import { rowHeightPx, useDensity } from '../../theme/appearance.ts';
import { ColumnMenu } from './column-menu.tsx';
import { cellStyle, checkboxWidthPx } from './run-row.tsx';
import { RunRows } from './run-rows.tsx';
import classes from './runs-table.module.css';
import type { RunsTable as Table } from './use-runs-table.ts';

/** Rows are drawn only where one looks; arrow keys move, Enter opens, Space selects. */
export function RunsTable({ table }: { readonly table: Table }) {
  const scroller = useRef<HTMLDivElement>(null);
  const density = useDensity((state) => state.density);
  const rows = table.getRowModel().rows;
  const headers = table.getHeaderGroups().at(-1)?.headers ?? [];
  const columns = headers.map((header) => header.column);
  const selection = table.state.rowSelection;
  const layout = columns.map((column) => `${column.id} ${column.getSize()} ${column.getIsPinned() || ''}`).join('|');
  const width = checkboxWidthPx + table.getTotalSize();
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
    >
      {/* biome-ignore lint/a11y/useSemanticElements: see above */}
      <div className={classes.head} role="row" aria-rowindex={1} style={{ width }} tabIndex={-1}>
        {/* biome-ignore lint/a11y/useSemanticElements: see above */}
        <div className={classes.checkbox} role="columnheader" tabIndex={-1}>
          <SelectAll table={table} some={Object.keys(selection).length > 0} />
        </div>
        {headers.map((header) => (
          <ColumnMenu key={header.id} header={header} table={table} style={cellStyle(header.column)} />
        ))}
      </div>
      <RunRows
        scroller={scroller}
        rows={rows}
        columns={columns}
        layout={layout}
        selection={selection}
        rowHeight={rowHeightPx[density]}
        width={width}
      />
    </div>
  );
}

function SelectAll({ table, some }: { readonly table: Table; readonly some: boolean }) {
  const box = useRef<HTMLInputElement>(null);
  const all = some && table.getIsAllRowsSelected();
  useEffect(() => {
    if (box.current !== null) box.current.indeterminate = some && !all;
  }, [some, all]);
  return (
    <input
      ref={box}
      type="checkbox"
      aria-label="Select all runs that match"
      checked={all}
      onChange={table.getToggleAllRowsSelectedHandler()}
    />
  );
}
