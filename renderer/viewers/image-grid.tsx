import { Button, Paper, Text } from '@mantine/core';
import { useElementSize, useMergedRef } from '@mantine/hooks';
import type { KeyboardEvent, MouseEvent } from 'react';
import { useCallback, useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { assetUrl } from '../client/index.ts';
import type { Move } from './grid-geometry.ts';
import { gridGeometry, moved, positionAt, scrollToShow, tileAt, visibleRange } from './grid-geometry.ts';
import type { Selection } from './grid-selection.ts';
import { gestureOf, nothingSelected, select } from './grid-selection.ts';
import classes from './image-grid.module.css';
import type { TileDecoration } from './image-grid-drawing.ts';
import { drawGrid } from './image-grid-drawing.ts';
import { SheetCache } from './sheet-cache.ts';
import { planSheets, wantedPages } from './sheet-plan.ts';
import { useGridColors } from './use-grid-colors.ts';

export interface ImageGridProps {
  readonly datasetDigest: string;
  /** Items to show, in order. Keep the array's identity as long as it is the same. */
  readonly indices: readonly number[];
  readonly tilePx: number;
  /** Longest side of the images when all have the same size. */
  readonly nativePx: number | null;
  readonly decorate?: (index: number) => TileDecoration | undefined;
  readonly selection: Selection;
  readonly onSelectionChange: (selection: Selection) => void;
  /** Position of the keyboard, a place in `indices`. */
  readonly active: number;
  readonly onActiveChange: (position: number) => void;
  readonly onOpen?: (position: number) => void;
  /** Positions in view once scrolling rests: the moment to read what the tiles say. */
  readonly onRest?: (first: number, end: number) => void;
  readonly describe: (index: number) => string;
  readonly label: string;
}

const gapPx = 4;
const restMs = 120;

const keys: Readonly<Record<string, Move>> = {
  ArrowLeft: 'left',
  ArrowRight: 'right',
  ArrowUp: 'up',
  ArrowDown: 'down',
  PageUp: 'page-up',
  PageDown: 'page-down',
  Home: 'first',
  End: 'last',
};

/**
 * Any number of images as tiles. Draws the ones in view from sprite sheets onto one canvas, so that scrolling costs the
 * same at sixty thousand images as at sixty. To assistive technology it is a list box with one active option.
 */
export function ImageGrid(props: ImageGridProps) {
  const { datasetDigest, indices, tilePx, nativePx, selection, active, onRest } = props;
  const { ref: sizeRef, width, height } = useElementSize<HTMLDivElement>();
  const scroller = useRef<HTMLDivElement>(null);
  const mergedRef = useMergedRef(sizeRef, scroller);
  const canvas = useRef<HTMLCanvasElement>(null);
  const colors = useGridColors();
  const optionId = useId();
  const anchor = useRef(active);
  const [failed, setFailed] = useState(false);
  const [pixelRatio] = useState(() => window.devicePixelRatio);

  const geometry = useMemo(() => gridGeometry(indices.length, width, tilePx, gapPx), [indices, width, tilePx]);
  const plan = useMemo(() => planSheets(tilePx, pixelRatio, nativePx), [tilePx, pixelRatio, nativePx]);
  const frame = useRef(0);
  const draw = useRef<() => void>(() => undefined);
  const schedule = useCallback(() => {
    if (frame.current === 0)
      frame.current = requestAnimationFrame(() => {
        frame.current = 0;
        draw.current();
      });
  }, []);

  const cache = useRef<SheetCache<ImageBitmap>>(null);
  useEffect(() => {
    const made = new SheetCache<ImageBitmap>({
      load: (page, signal) =>
        loadSheet(
          assetUrl('datasets.sheet', {
            digest: datasetDigest,
            indices: indices.slice(page * plan.pageLength, (page + 1) * plan.pageLength),
            size: plan.sizePx,
            columns: plan.columns,
          }),
          signal,
        ),
      onChange: () => {
        schedule();
        setFailed(made.anyFailed);
      },
    });
    cache.current = made;
    setFailed(false);
    schedule();
    return () => made.end();
  }, [datasetDigest, indices, plan, schedule]);

  draw.current = () => {
    const context = canvas.current?.getContext('2d', { alpha: false });
    const sheets = cache.current;
    if (!context || !scroller.current || sheets === null || width === 0) return;
    const { scrollTop } = scroller.current;
    const { first, end } = visibleRange(geometry, scrollTop, height);
    sheets.want(wantedPages(plan, first, end, indices.length));
    drawGrid({
      context,
      widthPx: width,
      heightPx: height,
      pixelRatio,
      scrollTop,
      geometry,
      plan,
      first,
      end,
      indices,
      sheet: (page) => sheets.get(page),
      decorate: props.decorate,
      selection,
      colors,
    });
  };

  // Setting the size clears the canvas: it is drawn again before the browser paints.
  useLayoutEffect(() => {
    const element = canvas.current;
    if (element === null || width === 0) return;
    element.width = Math.round(width * pixelRatio);
    element.height = Math.round(height * pixelRatio);
    draw.current();
  }, [width, height, pixelRatio]);
  useEffect(schedule);

  // A changed tile size keeps the active item where one was looking.
  // biome-ignore lint/correctness/useExhaustiveDependencies: only a new geometry moves the view
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null || height === 0 || active >= indices.length) return;
    element.scrollTop = scrollToShow(geometry, active, element.scrollTop, height);
  }, [geometry, height === 0]);

  const rest = useRef<ReturnType<typeof setTimeout>>(undefined);
  const reportRest = useCallback(() => {
    clearTimeout(rest.current);
    rest.current = setTimeout(() => {
      if (scroller.current === null) return;
      const { first, end } = visibleRange(geometry, scroller.current.scrollTop, height);
      onRest?.(first, end);
    }, restMs);
  }, [geometry, height, onRest]);
  useEffect(() => {
    reportRest();
    return () => clearTimeout(rest.current);
  }, [reportRest]);

  const moveTo = (position: number) => {
    const element = scroller.current;
    if (element !== null) element.scrollTop = scrollToShow(geometry, position, element.scrollTop, height);
    props.onActiveChange(position);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const move = keys[event.key];
    const count = indices.length;
    if (count === 0) return;
    if (move !== undefined && !event.altKey) {
      const target = moved(geometry, active, move, height);
      if (event.shiftKey) props.onSelectionChange(select(selection, indices, anchor.current, target, 'extend'));
      else if (!event.ctrlKey && !event.metaKey) anchor.current = target;
      moveTo(target);
    } else if (event.key === ' ') {
      anchor.current = active;
      props.onSelectionChange(select(selection, indices, active, active, event.shiftKey ? 'extend' : 'toggle'));
    } else if (event.key === 'Enter') props.onOpen?.(active);
    else if (event.key === 'a' && (event.ctrlKey || event.metaKey)) props.onSelectionChange(new Set(indices));
    else if (event.key === 'Escape' && selection.size > 0) props.onSelectionChange(nothingSelected);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const positionOf = (event: MouseEvent): number | null => {
    const element = scroller.current;
    if (element === null) return null;
    const box = element.getBoundingClientRect();
    return positionAt(geometry, event.clientX - box.left, event.clientY - box.top + element.scrollTop);
  };
  const onClick = (event: MouseEvent) => {
    const position = positionOf(event);
    if (position === null) return props.onSelectionChange(nothingSelected);
    const gesture = gestureOf(event);
    props.onSelectionChange(select(selection, indices, anchor.current, position, gesture));
    if (gesture !== 'extend') anchor.current = position;
    props.onActiveChange(position);
  };

  const activeIndex = indices[active];
  const activeTile = activeIndex === undefined ? null : tileAt(geometry, active);
  return (
    <>
      <div
        ref={mergedRef}
        className={classes.scroller}
        role="listbox"
        tabIndex={0}
        aria-label={props.label}
        aria-multiselectable
        aria-activedescendant={activeTile === null ? undefined : optionId}
        onScroll={() => {
          schedule();
          reportRest();
        }}
        onKeyDown={onKeyDown}
        onClick={onClick}
        onDoubleClick={(event) => {
          const position = positionOf(event);
          if (position !== null) props.onOpen?.(position);
        }}
        data-image-grid
      >
        <div className={classes.spacer} style={{ height: Math.max(geometry.heightPx, height) }} role="presentation">
          <canvas ref={canvas} className={classes.canvas} style={{ width, height }} aria-hidden />
          {activeTile !== null && activeIndex !== undefined && (
            // biome-ignore lint/a11y/useFocusableInteractive: focus stays on the list box, which names this option
            <div
              id={optionId}
              role="option"
              aria-selected={selection.has(activeIndex)}
              aria-setsize={indices.length}
              aria-posinset={active + 1}
              aria-label={props.describe(activeIndex)}
              className={classes.active}
              style={{ left: activeTile.x, top: activeTile.y, width: activeTile.size, height: activeTile.size }}
            />
          )}
        </div>
      </div>
      {failed && (
        <Paper className={classes.failed} withBorder px="md" py="xs" shadow="md" role="alert">
          <Text component="span" mr="md">
            Some images could not be drawn.
          </Text>
          <Button variant="default" onClick={() => cache.current?.retry()}>
            Try again
          </Button>
        </Paper>
      )}
    </>
  );
}

/** Fetches and decodes off the main thread. */
async function loadSheet(url: string, signal: AbortSignal): Promise<ImageBitmap> {
  const response = await fetch(url, { signal, credentials: 'same-origin' });
  if (!response.ok) throw new Error(`The sheet came with status ${response.status}`);
  return createImageBitmap(await response.blob());
}
