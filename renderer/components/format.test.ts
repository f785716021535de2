import { describe, expect, it } from 'vitest';
import { formatBytes, formatDuration, formatNumber, formatPlural, formatRelative } from './format.ts';

describe('format', () => {
  it('writes sizes in the unit that fits', () => {
    expect(formatBytes(0)).toBe('0 B');
    expect(formatBytes(1536)).toBe('1.5 KB');
    expect(formatBytes(9_912_422)).toBe('9.5 MB');
  });

  it('writes durations from milliseconds to hours', () => {
    expect(formatDuration(0.123456)).toBe('0.12 ms');
    expect(formatDuration(850)).toBe('850 ms');
    expect(formatDuration(12_400)).toBe('12 s');
    expect(formatDuration(200_000)).toBe('3 min 20 s');
    expect(formatDuration(7_500_000)).toBe('2 h 05 min');
    expect(formatDuration(null)).toBe('–');
  });

  it('keeps four digits and uses exponents only where they help', () => {
    expect(formatNumber(0.123456)).toBe('0.1235');
    expect(formatNumber(0.000012)).toBe('1.20e-5');
    expect(formatNumber(60000)).toBe('60,000');
    expect(formatNumber(Number.NaN)).toBe('NaN');
  });

  it('counts in words', () => {
    expect(formatPlural(1, 'image')).toBe('1 image');
    expect(formatPlural(0, 'class', 'classes')).toBe('0 classes');
  });

  it('tells how long ago', () => {
    const now = Date.parse('2026-01-02T00:00:00.000Z');
    expect(formatRelative('2026-01-01T23:59:50.000Z', now)).toBe('just now');
    expect(formatRelative('2026-01-01T22:00:00.000Z', now)).toBe('2 hours ago');
    expect(formatRelative('2026-01-01T00:00:00.000Z', now)).toBe('yesterday');
  });
});
