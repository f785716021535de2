import classes from './legend.module.css';
import type { LineSeries } from './series.ts';

export interface LegendProps {
  readonly entries: readonly Pick<LineSeries, 'id' | 'label' | 'color' | 'dashed'>[];
  readonly hidden?: ReadonlySet<string>;
  /** Makes the entries switches. */
  readonly onToggle?: (id: string) => void;
}

/** What the curves are. */
export function Legend({ entries, hidden, onToggle }: LegendProps) {
  return (
    <ul className={classes.legend}>
      {entries.map((entry) => {
        const content = (
          <>
            <span
              className={classes.swatch}
              style={{ borderTopColor: entry.color }}
              data-dashed={entry.dashed || undefined}
            />
            <span className={classes.label}>{entry.label}</span>
          </>
        );
        return (
          <li key={entry.id}>
            {onToggle === undefined ? (
              <span className={classes.entry}>{content}</span>
            ) : (
              <button
                type="button"
                className={classes.entry}
                aria-pressed={!hidden?.has(entry.id)}
                onClick={() => onToggle(entry.id)}
              >
                {content}
              </button>
            )}
          </li>
        );
      })}
    </ul>
  );
}
