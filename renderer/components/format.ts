const locale = 'en-GB';
const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
const dateTime = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium' });
const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style: 'long' });

const secondMs = 1000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** 60,000 */
export function formatCount(value: number): string {
  return whole.format(value);
}

/** "1 image", "60,000 images" */
export function formatPlural(value: number, one: string, many = `${one}s`): string {
  return `${formatCount(value)} ${value === 1 ? one : many}`;
}

/** Four significant digits, exponents where they help. */
export function formatNumber(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–';
  if (!Number.isFinite(value)) return String(value);
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return formatCount(value);
  const size = Math.abs(value);
  return size >= 1e6 || size < 1e-3 ? value.toExponential(2) : String(Number(value.toPrecision(4)));
}

/** 97.53 % */
export function formatPercent(fraction: number | null | undefined, digits = 2): string {
  return fraction === null || fraction === undefined ? '–' : `${(fraction * 100).toFixed(digits)} %`;
}

/** Powers of 1024 with the units people see in file managers. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 1 : 0)} ${units[unit]}`;
}

/** 850 ms · 12.4 s · 3 min 20 s · 2 h 05 min */
export function formatDuration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return '–';
  if (ms < secondMs) return `${ms < 10 ? Number(ms.toPrecision(2)) : Math.round(ms)} ms`;
  if (ms < minuteMs) return `${(ms / secondMs).toFixed(ms < 10 * secondMs ? 1 : 0)} s`;
  if (ms < hourMs) return `${Math.floor(ms / minuteMs)} min ${Math.floor((ms % minuteMs) / secondMs)} s`;
  return `${Math.floor(ms / hourMs)} h ${String(Math.floor((ms % hourMs) / minuteMs)).padStart(2, '0')} min`;
}

export function formatTime(iso: string): string {
  return dateTime.format(new Date(iso));
}

/** "3 minutes ago" */
export function formatRelative(iso: string, nowMs: number): string {
  const difference = new Date(iso).getTime() - nowMs;
  const size = Math.abs(difference);
  if (size < 45 * secondMs) return 'just now';
  if (size < hourMs) return relative.format(Math.round(difference / minuteMs), 'minute');
  if (size < dayMs) return relative.format(Math.round(difference / hourMs), 'hour');
  return relative.format(Math.round(difference / dayMs), 'day');
}

/** The first eight digits: enough to tell digests apart by eye. */
export function shortDigest(digest: string): string {
  return digest.slice(0, 8);
}
