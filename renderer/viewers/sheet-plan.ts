/** Which sprite sheets a grid needs. A page is a fixed run of shown positions, so that a scroll asks for whole pages. */
export interface SheetPlan {
  /** Side of one item in the sheet, in device px. */
  readonly sizePx: number;
  readonly columns: number;
  readonly pageLength: number;
}

const smallestPx = 16;
const largestPx = 256;
const mostItems = 256;
const mostPixels = 2 ** 20;
const sides = [32, 64, 96, 128, 192, 256] as const;

/**
 * @param tilePx side of a tile on screen, CSS px
 * @param pixelRatio device px per CSS px
 * @param nativePx longest side of the images when all have the same size; null otherwise. Small images come unscaled
 * and are enlarged when drawn, with hard pixels.
 */
export function planSheets(tilePx: number, pixelRatio: number, nativePx: number | null): SheetPlan {
  const wanted = tilePx * pixelRatio;
  const scaled = sides.find((side) => side >= wanted) ?? largestPx;
  const sizePx = nativePx !== null && nativePx <= wanted ? clamp(nativePx, smallestPx, largestPx) : scaled;
  const pageLength = clamp(Math.floor(mostPixels / sizePx ** 2), smallestPx, mostItems);
  return { sizePx, pageLength, columns: Math.ceil(Math.sqrt(pageLength)) };
}

/** Pages that hold the positions, then one page ahead on either side: what is in view comes first. */
export function wantedPages(plan: SheetPlan, first: number, end: number, count: number): readonly number[] {
  if (end <= first) return [];
  const firstPage = Math.floor(first / plan.pageLength);
  const lastPage = Math.floor((end - 1) / plan.pageLength);
  const pages: number[] = [];
  for (let page = firstPage; page <= lastPage; page += 1) pages.push(page);
  if ((lastPage + 1) * plan.pageLength < count) pages.push(lastPage + 1);
  if (firstPage > 0) pages.push(firstPage - 1);
  return pages;
}

/** Where the item at an offset within its page lies in the sheet. */
export function spriteAt(plan: SheetPlan, offset: number): { readonly x: number; readonly y: number } {
  return { x: (offset % plan.columns) * plan.sizePx, y: Math.floor(offset / plan.columns) * plan.sizePx };
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}
