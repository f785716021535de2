/** One curve. x rises; the arrays are as long as each other. */
export interface LineSeries {
  readonly id: string;
  readonly label: string;
  readonly color: string;
  /** Told apart without colour as well: validation curves are dashed. */
  readonly dashed?: boolean;
  /** False: few, exact values that a moving average would only falsify. */
  readonly noisy?: boolean;
  readonly x: readonly number[];
  readonly y: readonly number[];
}

export interface Curve {
  readonly x: readonly number[];
  readonly y: readonly number[];
}

/** All curves over one shared, rising x; null where a curve has no point. */
export interface AlignedCurves {
  readonly x: readonly number[];
  readonly columns: readonly (readonly (number | null)[])[];
}

/**
 * Exponential moving average, corrected for its start as in Adam: without the correction the first values would lean
 * towards zero. `weight` is that of the past, 0 (off) … below 1. Values that are not numbers pass through untouched.
 */
export function smooth(values: readonly number[], weight: number): number[] {
  if (weight <= 0) return [...values];
  const kept = Math.min(weight, 0.999);
  let average = 0;
  let count = 0;
  return values.map((value) => {
    if (!Number.isFinite(value)) return value;
    count += 1;
    average = average * kept + value * (1 - kept);
    return average / (1 - kept ** count);
  });
}

/**
 * At most `maximumPoints` points: the lowest and the highest of every interval stay, so that no spike is lost. First and
 * last point always stay.
 */
export function thin(curve: Curve, maximumPoints: number): Curve {
  const count = curve.x.length;
  if (count <= maximumPoints || maximumPoints < 4) return curve;
  const intervals = Math.floor((maximumPoints - 2) / 2);
  const kept: number[] = [0];
  for (let interval = 0; interval < intervals; interval += 1) {
    const from = 1 + Math.floor((interval * (count - 2)) / intervals);
    const until = 1 + Math.floor(((interval + 1) * (count - 2)) / intervals);
    kept.push(...extremes(curve.y, from, until));
  }
  kept.push(count - 1);
  return { x: kept.map((index) => curve.x[index] as number), y: kept.map((index) => curve.y[index] as number) };
}

/** Merges curves with different x onto one axis. `positiveX` and `positiveY` drop what a logarithmic axis cannot show. */
export function align(
  curves: readonly Curve[],
  options: { positiveX?: boolean; positiveY?: boolean } = {},
): AlignedCurves {
  const positions = new Set<number>();
  for (const curve of curves)
    for (const x of curve.x) if (Number.isFinite(x) && !(options.positiveX && x <= 0)) positions.add(x);
  const x = [...positions].sort((a, b) => a - b);
  const rows = new Map(x.map((value, row) => [value, row]));
  const columns = curves.map((curve) => {
    const column: (number | null)[] = new Array(x.length).fill(null);
    curve.x.forEach((value, index) => {
      const row = rows.get(value);
      const y = curve.y[index] as number;
      if (row !== undefined && Number.isFinite(y) && !(options.positiveY && y <= 0)) column[row] = y;
    });
    return column;
  });
  return { x, columns };
}

/** The value of each column at a row, or the nearest one before it: what a crosshair reads off. */
export function valuesAt(aligned: AlignedCurves, row: number): readonly (number | null)[] {
  return aligned.columns.map((column) => {
    for (let index = Math.min(row, column.length - 1); index >= 0; index -= 1) {
      const value = column[index];
      if (value !== null && value !== undefined) return value;
    }
    return null;
  });
}

/** One sentence per curve, for people who cannot see the picture. */
export function describeCurves(series: readonly LineSeries[], formatValue: (value: number) => string): string {
  if (series.length === 0) return 'No curves yet';
  return series
    .map(({ label, y }) => {
      const finite = y.filter(Number.isFinite);
      if (finite.length === 0) return `${label}: no values`;
      const [lowest, highest] = finite.reduce(
        ([low, high], value) => [Math.min(low, value), Math.max(high, value)] as [number, number],
        [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY] as [number, number],
      );
      return `${label}: now ${formatValue(finite.at(-1) as number)}, between ${formatValue(lowest)} and ${formatValue(highest)}`;
    })
    .join('. ');
}

function extremes(values: readonly number[], from: number, until: number): number[] {
  if (until <= from) return [];
  let low = from;
  let high = from;
  for (let index = from; index < until; index += 1) {
    const value = values[index] as number;
    if (value < (values[low] as number)) low = index;
    if (value > (values[high] as number)) high = index;
  }
  return low === high ? [low] : low < high ? [low, high] : [high, low];
}
