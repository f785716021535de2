import type { MetricSeries } from '../../../main/contract/training.ts';

export const layerFigures = [
  { value: 'gradientNorm', label: 'Gradient norm', scale: 'logarithmic' },
  { value: 'updateRatio', label: 'Update ratio', scale: 'logarithmic' },
  { value: 'weightNorm', label: 'Weight norm', scale: 'logarithmic' },
  { value: 'activationMean', label: 'Activation mean', scale: 'diverging' },
  { value: 'activationDeviation', label: 'Activation deviation', scale: 'logarithmic' },
  { value: 'deadUnits', label: 'Dead units', scale: 'share' },
] as const;
export type LayerFigure = (typeof layerFigures)[number]['value'];
export type LayerScale = (typeof layerFigures)[number]['scale'];

export const layerOrders = [
  { value: 'execution', label: 'In execution order' },
  { value: 'dead', label: 'Most dead units first' },
  { value: 'vanishing', label: 'Smallest gradient first' },
  { value: 'exploding', label: 'Largest gradient first' },
] as const;
export type LayerOrder = (typeof layerOrders)[number]['value'];

export interface LayerRow {
  readonly path: string;
  readonly steps: readonly number[];
  readonly values: readonly number[];
}

/** The series of one figure, a row per layer, in the order asked for. Layers that lack the sorting figure come last. */
export function layerRows(
  series: readonly MetricSeries[],
  figure: LayerFigure,
  order: LayerOrder,
  paths: readonly string[],
): readonly LayerRow[] {
  const place = new Map(paths.map((path, index) => [path, index]));
  const rows = rowsOf(series, figure).sort((a, b) => (place.get(a.path) ?? 0) - (place.get(b.path) ?? 0));
  if (order === 'execution') return rows;
  const [by, sign] =
    order === 'dead' ? (['deadUnits', -1] as const) : (['gradientNorm', order === 'vanishing' ? 1 : -1] as const);
  const last = new Map(rowsOf(series, by).map((row) => [row.path, row.values.at(-1) ?? 0]));
  const key = ({ path }: LayerRow) => sign * (last.get(path) ?? sign * Number.POSITIVE_INFINITY);
  return rows.sort((a, b) => key(a) - key(b) || 0);
}

/** Where a value lies from 0 to 1 among all that are shown. */
export function position(value: number, scale: LayerScale, lowest: number, highest: number): number {
  if (scale === 'share') return value;
  if (scale === 'diverging') {
    const largest = Math.max(Math.abs(lowest), Math.abs(highest));
    return largest === 0 ? 0.5 : 0.5 + value / (2 * largest);
  }
  if (value <= 0) return 0;
  return highest <= lowest ? 1 : Math.log(value / lowest) / Math.log(highest / lowest);
}

/** The ends of a scale; logarithms begin at the smallest value above zero. */
export function extentOf(rows: readonly LayerRow[], scale: LayerScale): readonly [number, number] {
  if (scale === 'share') return [0, 1];
  const values = rows.flatMap((row) => row.values).filter((value) => scale === 'diverging' || value > 0);
  if (values.length === 0) return [0, 1];
  return values.reduce<readonly [number, number]>(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );
}

function rowsOf(series: readonly MetricSeries[], figure: LayerFigure): LayerRow[] {
  const suffix = `.${figure}`;
  return series
    .filter(({ key }) => key.startsWith('layer.') && key.endsWith(suffix))
    .map(({ key, steps, values }) => ({ path: key.slice('layer.'.length, -suffix.length), steps, values }));
}
