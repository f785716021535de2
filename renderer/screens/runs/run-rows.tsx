import { useVirtualizer } from '@tanstack/react-virtual';
import type { KeyboardEvent, MouseEvent, RefObject } from 'react';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useNavigate } from 'react-router';
import { paths } from '../../components/paths.ts';
import { RunLine } from './run-row.tsx';
import type { RunColumnState, RunRow } from './use-runs-table.ts';

const overscanRows = 6;

export interface RunRowsProps {
  readonly scroller: RefObject<HTMLDivElement | null>;
  readonly rows: readonly RunRow[];
  readonly columns: readonly RunColumnState[];
  readonly layout: string;
  readonly selection: Readonly<Record<string, boolean>>;
  readonly rowHeight: number;
  readonly width: number;
}

/** The rows in view. Apart from the head of the table, so that scrolling draws nothing else anew. */
export function RunRows({ scroller, rows, columns, layout, selection, rowHeight, width }: RunRowsProps) {
  const navigate = useNavigate();
  const [active, setActive] = useState(0);
  // The focus follows a frame later; keys pressed quickly must not count from where it still is.
  const place = useRef(0);
  const activate = useCallback((index: number) => {
    place.current = index;
    setActive(index);
  }, []);
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: overscanRows,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the heights are those of the density
  useEffect(() => {
    virtualizer.measure();
  }, [rowHeight, virtualizer]);

  const focusRow = (index: number) => {
    const next = Math.min(rows.length - 1, Math.max(0, index));
    activate(next);
    virtualizer.scrollToIndex(next);
    requestAnimationFrame(() =>
      scroller.current?.querySelector<HTMLElement>(`[data-row="${next}"]`)?.focus({ preventScroll: true }),
    );
  };
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    if ((event.target as HTMLElement).dataset.row === undefined) return;
    const here = place.current;
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 400) / rowHeight) - 2);
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: here + 1,
      ArrowUp: here - 1,
      PageDown: here + page,
      PageUp: here - page,
      Home: 0,
      End: rows.length - 1,
    };
    const target = moves[event.key];
    if (target !== undefined) focusRow(target);
    else if (event.key === 'Enter') void navigate(paths.run(rows[here]?.id ?? ''));
    else if (event.key === ' ') rows[here]?.toggleSelected();
    else return;
    event.preventDefault();
  };
  const items = virtualizer.getVirtualItems();
  // The row that Tab reaches must be one that exists.
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;
  const reachable = active < first || active > last ? first : active;
  // A line keeps its element while runs pass through it: scrolling changes texts and makes or moves no elements, which
  // would cost a recalculation of all their styles. `aria-rowindex` tells the order.
  const slots = items.map((item) => ({ item, slot: item.index % items.length })).sort((a, b) => a.slot - b.slot);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys belong to the rows inside
    // biome-ignore lint/a11y/useKeyWithMouseEvents: shows what the pointer is on in full; a screen reader reads it in full anyway
    <div
      style={{ height: virtualizer.getTotalSize(), width, position: 'relative' }}
      onKeyDown={onKeyDown}
      onMouseOver={titleWhatIsCut}
    >
      {slots.map(({ item, slot }) => {
        const row = rows[item.index];
        if (row === undefined) return null;
        return (
          <RunLine
            key={slot}
            row={row}
            columns={columns}
            layout={layout}
            index={item.index}
            top={item.start}
            height={rowHeight}
            selected={selection[row.id] ?? false}
            active={item.index === reachable}
            onActivate={activate}
          />
        );
      })}
    </div>
  );
}

/** A tooltip only where a text is cut, and only when pointed at: a title on every cell would slow every frame of scrolling. */
function titleWhatIsCut(event: MouseEvent<HTMLDivElement>): void {
  const target = event.target as HTMLElement;
  const text = target.childElementCount === 0 ? (target.textContent ?? '') : '';
  target.title = target.scrollWidth > target.clientWidth ? text : '';
}
