const scales = [
  { from: 1e12, divisor: 1e12, suffix: ' T' },
  { from: 1e9, divisor: 1e9, suffix: ' G' },
  { from: 1e6, divisor: 1e6, suffix: ' M' },
  { from: 1e4, divisor: 1e3, suffix: ' k' },
] as const;

/** A metric at about four significant digits: 0.9812, 1.204, 0.00031, 12 480. */
export function formatMetric(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–';
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '∞' : '−∞';
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size >= 1e15) return signed(value.toExponential(2));
  if (size >= 1000) return signed(groupDigits(Math.round(value)));
  if (size < 1e-4) return signed(value.toExponential(2));
  return signed(trimZeros(value.toPrecision(4)));
}

/** A count with groups of three: 1 234 567 (narrow no-break spaces). */
export function formatCount(value: number): string {
  return signed(groupDigits(Math.round(value)));
}

/** A large quantity in short: 1.24 M, 830 k, 12. */
export function formatQuantity(value: number): string {
  const size = Math.abs(value);
  const scale = scales.find((entry) => size >= entry.from);
  if (scale === undefined) return Number.isInteger(value) ? formatCount(value) : formatMetric(value);
  return `${trimZeros((value / scale.divisor).toPrecision(3))}${scale.suffix}`;
}

/** A tick of an axis, short. */
export function formatTick(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size >= 1e4) return formatQuantity(value).replace(' ', '');
  if (size < 1e-3) return signed(value.toExponential(0));
  return signed(trimZeros(value.toPrecision(4)));
}

export function formatPercent(fraction: number | null | undefined, digits = 1): string {
  return fraction === null || fraction === undefined || !Number.isFinite(fraction)
    ? '–'
    : `${signed((fraction * 100).toFixed(digits))} %`;
}

function groupDigits(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ' ');
}

function trimZeros(text: string): string {
  return text.includes('.') && !text.includes('e') ? text.replace(/\.?0+$/, '') : text;
}

/** A minus sign as wide as the plus sign, so that columns line up. */
function signed(text: string): string {
  return text.startsWith('-') ? `−${text.slice(1)}` : text;
}
