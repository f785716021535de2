import type { DatasetVersion, Item, QualityFlag } from '../../main/contract/datasets.ts';
import type { TileDecoration } from './image-grid-drawing.ts';

export const flagNames: Readonly<Record<QualityFlag, string>> = {
  exact_duplicate: 'Exact duplicate',
  near_duplicate: 'Near duplicate',
  leakage: 'Leakage between splits',
  size_outlier: 'Size outlier',
  brightness_outlier: 'Brightness outlier',
  missing_value: 'Missing value',
  unlabeled: 'Unlabelled',
};

export const splitNames = { train: 'Train', validation: 'Validation', test: 'Test' } as const;

/** The name of a class; −1 is "unlabelled". */
export function className(classes: readonly string[], label: number | null): string {
  if (label === null) return '–';
  return label < 0 ? 'unlabelled' : (classes[label] ?? `class ${label}`);
}

/** What a tile says: the label, or label → prediction where they differ. */
export function decorationOf(item: Item, classes: readonly string[]): TileDecoration {
  const label = item.currentLabel < 0 ? '' : className(classes, item.currentLabel);
  const flagged = item.flags.length > 0;
  const { predicted } = item;
  if (predicted === null || predicted < 0)
    return { text: label, tone: item.currentLabel === item.label ? 'plain' : 'set', flagged };
  const wrong = predicted !== item.currentLabel;
  return wrong
    ? { text: `${label || '?'} → ${className(classes, predicted)}`, tone: 'bad', flagged }
    : { text: label, tone: 'plain', flagged };
}

/** One line for screen readers and tooltips. */
export function describeItem(index: number, item: Item | undefined, classes: readonly string[]): string {
  if (item === undefined) return `Item ${index}`;
  const parts = [`Item ${index}`, className(classes, item.currentLabel), splitNames[item.split]];
  if (item.predicted !== null && item.predicted >= 0) parts.push(`predicted ${className(classes, item.predicted)}`);
  if (item.flags.length > 0) parts.push(item.flags.map((flag) => flagNames[flag]).join(', '));
  return parts.join(', ');
}

/** Longest side when every image has the same size, else null. */
export function nativeSide(dataset: DatasetVersion): number | null {
  const { width = null, height = null } = dataset.image ?? {};
  return width === null || height === null ? null : Math.max(width, height);
}
