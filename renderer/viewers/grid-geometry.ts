/** Where the tiles of a grid lie. All lengths in CSS px; positions count the shown items from 0. */
export interface GridGeometry {
  readonly count: number;
  readonly columns: number;
  readonly rows: number;
  readonly tilePx: number;
  readonly gapPx: number;
  /** Left edge of the first column: the rest of the width is shared between both sides. */
  readonly leftPx: number;
  readonly heightPx: number;
}

export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly size: number;
}

/** The least air left and right of the tiles. */
const sidePx = 16;

export function gridGeometry(count: number, widthPx: number, tilePx: number, gapPx: number): GridGeometry {
  const pitch = tilePx + gapPx;
  const columns = Math.max(1, Math.floor((widthPx - 2 * sidePx + gapPx) / pitch));
  const rows = Math.ceil(count / columns);
  const leftPx = Math.max(sidePx, Math.floor((widthPx - columns * pitch + gapPx) / 2));
  return { count, columns, rows, tilePx, gapPx, leftPx, heightPx: rows * pitch + gapPx };
}

/** The tile at a position, in the coordinates of the whole grid. */
export function tileAt(geometry: GridGeometry, position: number): Rectangle {
  const pitch = geometry.tilePx + geometry.gapPx;
  return {
    x: geometry.leftPx + (position % geometry.columns) * pitch,
    y: geometry.gapPx + Math.floor(position / geometry.columns) * pitch,
    size: geometry.tilePx,
  };
}

/** The position under a point of the whole grid; null between tiles and behind the last. */
export function positionAt(geometry: GridGeometry, x: number, y: number): number | null {
  const pitch = geometry.tilePx + geometry.gapPx;
  const column = Math.floor((x - geometry.leftPx) / pitch);
  const row = Math.floor((y - geometry.gapPx) / pitch);
  if (column < 0 || column >= geometry.columns || row < 0) return null;
  const inside = (x - geometry.leftPx) % pitch < geometry.tilePx && (y - geometry.gapPx) % pitch < geometry.tilePx;
  const position = row * geometry.columns + column;
  return inside && position < geometry.count ? position : null;
}

/** Positions in view, from `first` up to but without `end`. */
export function visibleRange(
  geometry: GridGeometry,
  scrollTop: number,
  viewHeightPx: number,
): { readonly first: number; readonly end: number } {
  const pitch = geometry.tilePx + geometry.gapPx;
  const firstRow = Math.max(0, Math.floor((scrollTop - geometry.gapPx) / pitch));
  const endRow = Math.min(geometry.rows, Math.ceil((scrollTop + viewHeightPx) / pitch));
  return {
    first: Math.min(geometry.count, firstRow * geometry.columns),
    end: Math.min(geometry.count, Math.max(firstRow, endRow) * geometry.columns),
  };
}

/** The scroll position that brings a tile into view with the least movement. */
export function scrollToShow(
  geometry: GridGeometry,
  position: number,
  scrollTop: number,
  viewHeightPx: number,
): number {
  const { y, size } = tileAt(geometry, position);
  if (y - geometry.gapPx < scrollTop) return y - geometry.gapPx;
  const bottom = y + size + geometry.gapPx;
  return bottom > scrollTop + viewHeightPx ? bottom - viewHeightPx : scrollTop;
}

export type Move = 'left' | 'right' | 'up' | 'down' | 'page-up' | 'page-down' | 'first' | 'last';

/** Where a key moves from a position. */
export function moved(geometry: GridGeometry, position: number, move: Move, viewHeightPx: number): number {
  const pageRows = Math.max(1, Math.floor(viewHeightPx / (geometry.tilePx + geometry.gapPx)) - 1);
  const steps: Readonly<Record<Move, number>> = {
    left: -1,
    right: 1,
    up: -geometry.columns,
    down: geometry.columns,
    'page-up': -geometry.columns * pageRows,
    'page-down': geometry.columns * pageRows,
    first: -geometry.count,
    last: geometry.count,
  };
  const target = position + steps[move];
  if (target < 0 && (move === 'up' || move === 'left')) return position;
  return Math.max(0, Math.min(geometry.count - 1, target));
}
