import type { CSSProperties } from 'react';
import { memo } from 'react';
import { Link } from 'react-router';
import type { JobState } from '../../../main/contract/jobs.ts';
import { paths } from '../../components/paths.ts';
import classes from './runs-table.module.css';
import type { RunColumnState, RunRow } from './use-runs-table.ts';

/** Room of the checkbox before the first column. */
export const checkboxWidthPx = 40;

const stateNames: Readonly<Record<JobState, string>> = {
  SCHEDULED: 'Scheduled',
  RUNNING: 'Running',
  PAUSED: 'Paused',
  FINISHED: 'Finished',
  FAILED: 'Failed',
  KILLED: 'Stopped',
};

export interface RunLineProps {
  readonly row: RunRow;
  readonly columns: readonly RunColumnState[];
  /** Order, widths and pins of the columns, as one text. */
  readonly layout: string;
  readonly index: number;
  readonly top: number;
  readonly height: number;
  readonly selected: boolean;
  readonly active: boolean;
  readonly onActivate: (index: number) => void;
}

/** One run. Plain elements only: while somebody scrolls, dozens of these change in every frame. */
export const RunLine = memo(function RunLine(props: RunLineProps) {
  const { row, columns, index, top, height, selected, active, onActivate } = props;
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
        <input
          type="checkbox"
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
          >
            {column.id === 'name' ? (
              <Link to={paths.run(run.id)} tabIndex={-1} className={classes.name}>
                {text}
              </Link>
            ) : column.id === 'status' ? (
              <span className={classes.state} data-state={run.status}>
                {stateNames[run.status]}
              </span>
            ) : (
              <span className={classes.text}>{text}</span>
            )}
          </div>
        );
      })}
    </div>
  );
}, isSameLine);

export function cellStyle(column: RunColumnState): CSSProperties {
  const pinned = column.getIsPinned() === 'start';
  return {
    width: column.getSize(),
    ...(pinned ? { position: 'sticky', left: checkboxWidthPx + column.getStart('start'), zIndex: 1 } : {}),
  };
}

/** The columns are made anew with every change of the table; what of them is drawn is in `layout`. */
function isSameLine(before: RunLineProps, after: RunLineProps): boolean {
  return (
    before.row === after.row &&
    before.row.original === after.row.original &&
    before.layout === after.layout &&
    before.index === after.index &&
    before.top === after.top &&
    before.height === after.height &&
    before.selected === after.selected &&
    before.active === after.active
  );
}
