const scales = [
  { from: 1e12, divisor: 1e12, suffix: 'T' },
  { from: 1e9, divisor: 1e9, suffix: 'G' },
  { from: 1e6, divisor: 1e6, suffix: 'M' },
  { from: 1e4, divisor: 1e3, suffix: 'k' },
] as const;

/** A large amount in SI steps, three digits: 24.1 M, 389 k, 9,216. */
export function formatQuantity(value: number): string {
  const scale = scales.find(({ from }) => Math.abs(value) >= from);
  if (scale === undefined) return Math.round(value).toLocaleString('en-GB');
  return `${Number((value / scale.divisor).toPrecision(3))} ${scale.suffix}`;
}
