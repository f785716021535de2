const suffixes = [
  { from: 1e12, divisor: 1e12, suffix: 'T' },
  { from: 1e9, divisor: 1e9, suffix: 'G' },
  { from: 1e6, divisor: 1e6, suffix: 'M' },
  { from: 1e4, divisor: 1e3, suffix: 'k' },
] as const;

/** How recharts writes ticks and titles of axes: like the line chart does. */
export const axisTick = { fontSize: 11, fill: 'var(--lb-text-muted)' } as const;
export const axisLabel = { ...axisTick, textAnchor: 'middle' } as const;

/** A tick of an axis, as short as it can be read: 0.25, 20k, 1e-4. */
export function formatTick(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size < 1e-3) return value.toExponential(0).replaceAll('-', '−');
  const scale = suffixes.find((entry) => size >= entry.from);
  const number = scale === undefined ? value : value / scale.divisor;
  return `${Number(number.toPrecision(4))}${scale?.suffix ?? ''}`.replace('-', '−');
}

/** An axis of shares, 0 to 1. */
export const shareAxis = {
  type: 'number',
  domain: [0, 1],
  ticks: [0, 0.2, 0.4, 0.6, 0.8, 1],
  tickFormatter: formatTick,
  tick: axisTick,
  stroke: 'var(--lb-border-strong)',
} as const;
