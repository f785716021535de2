import type { GridGeometry } from './grid-geometry.ts';
import { tileAt } from './grid-geometry.ts';
import type { SheetPlan } from './sheet-plan.ts';
import { spriteAt } from './sheet-plan.ts';

/** What is written on a tile. */
export interface TileDecoration {
  readonly text?: string;
  /** `bad`: the prediction is wrong; `set`: labelled here. */
  readonly tone?: 'plain' | 'bad' | 'good' | 'set';
  readonly flagged?: boolean;
}

export interface GridColors {
  readonly ground: string;
  readonly empty: string;
  readonly accent: string;
  readonly warn: string;
  readonly font: string;
}

export interface GridPicture {
  readonly context: CanvasRenderingContext2D;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly pixelRatio: number;
  readonly scrollTop: number;
  readonly geometry: GridGeometry;
  readonly plan: SheetPlan;
  readonly first: number;
  readonly end: number;
  readonly indices: readonly number[];
  readonly sheet: (page: number) => CanvasImageSource | undefined;
  readonly decorate: ((index: number) => TileDecoration | undefined) | undefined;
  readonly selection: ReadonlySet<number>;
  readonly colors: GridColors;
}

/** Below this side a tile has no room for words. */
export const smallestTextTilePx = 40;

const tones: Readonly<Record<NonNullable<TileDecoration['tone']>, string>> = {
  plain: 'rgb(16 17 20 / 72%)',
  bad: 'rgb(179 38 30 / 92%)',
  good: 'rgb(31 122 70 / 90%)',
  set: 'rgb(47 91 208 / 92%)',
};

const labelHeightPx = 15;
const labelPaddingPx = 4;
const ringPx = 3;

/** Draws the tiles in view. One pass, no layout: a frame of a thousand tiles stays far below its 16 ms. */
export function drawGrid(picture: GridPicture): void {
  const { context, geometry, plan, colors, scrollTop } = picture;
  context.setTransform(picture.pixelRatio, 0, 0, picture.pixelRatio, 0, 0);
  context.fillStyle = colors.ground;
  context.fillRect(0, 0, picture.widthPx, picture.heightPx);
  // Enlarged pixels stay pixels; reduced photographs are smoothed.
  context.imageSmoothingEnabled = plan.sizePx >= geometry.tilePx * picture.pixelRatio;
  context.imageSmoothingQuality = 'medium';
  for (let position = picture.first; position < picture.end; position += 1) {
    const { x, y, size } = tileAt(geometry, position);
    const sheet = picture.sheet(Math.floor(position / plan.pageLength));
    if (sheet === undefined) {
      context.fillStyle = colors.empty;
      context.fillRect(x, y - scrollTop, size, size);
      continue;
    }
    const sprite = spriteAt(plan, position % plan.pageLength);
    context.drawImage(sheet, sprite.x, sprite.y, plan.sizePx, plan.sizePx, x, y - scrollTop, size, size);
  }
  if (picture.decorate !== undefined && geometry.tilePx >= smallestTextTilePx) drawDecorations(picture);
  if (picture.selection.size > 0) drawSelection(picture);
}

function drawDecorations(picture: GridPicture): void {
  const { context, geometry, indices, decorate, scrollTop, colors } = picture;
  context.font = `500 11px ${colors.font}`;
  context.textBaseline = 'middle';
  for (let position = picture.first; position < picture.end; position += 1) {
    const index = indices[position];
    const decoration = index === undefined ? undefined : decorate?.(index);
    if (decoration === undefined) continue;
    const { x, y, size } = tileAt(geometry, position);
    const top = y - scrollTop;
    if (decoration.text !== undefined && decoration.text !== '') {
      const text = fitted(context, decoration.text, size - 2 * labelPaddingPx);
      const width = context.measureText(text).width + 2 * labelPaddingPx;
      context.fillStyle = tones[decoration.tone ?? 'plain'];
      context.fillRect(x, top + size - labelHeightPx, width, labelHeightPx);
      context.fillStyle = '#ffffff';
      context.fillText(text, x + labelPaddingPx, top + size - labelHeightPx / 2 + 0.5);
    }
    if (decoration.flagged) {
      context.fillStyle = colors.warn;
      context.beginPath();
      context.moveTo(x + size - 11, top);
      context.lineTo(x + size, top);
      context.lineTo(x + size, top + 11);
      context.fill();
    }
  }
}

function drawSelection(picture: GridPicture): void {
  const { context, geometry, indices, selection, scrollTop, colors } = picture;
  context.strokeStyle = colors.accent;
  context.lineWidth = ringPx;
  for (let position = picture.first; position < picture.end; position += 1) {
    const index = indices[position];
    if (index === undefined || !selection.has(index)) continue;
    const { x, y, size } = tileAt(geometry, position);
    context.globalAlpha = 0.22;
    context.fillStyle = colors.accent;
    context.fillRect(x, y - scrollTop, size, size);
    context.globalAlpha = 1;
    context.strokeRect(x + 0.5, y - scrollTop + 0.5, size - 1, size - 1);
  }
}

const fittedTexts = new Map<string, string>();

function fitted(context: CanvasRenderingContext2D, text: string, widthPx: number): string {
  const key = `${widthPx}|${text}`;
  const known = fittedTexts.get(key);
  if (known !== undefined) return known;
  let short = text;
  while (short.length > 1 && context.measureText(short).width > widthPx) short = `${short.slice(0, -2)}…`;
  if (fittedTexts.size > 5000) fittedTexts.clear();
  fittedTexts.set(key, short);
  return short;
}
