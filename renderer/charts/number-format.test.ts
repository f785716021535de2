import { expect, test } from 'vitest';
import { formatCount, formatMetric, formatPercent, formatQuantity, formatTick } from './number-format.ts';

test.each([
  [0.98123, '0.9812'],
  [1.2, '1.2'],
  [0, '0'],
  [-0.5, '−0.5'],
  [0.0000312, '3.12e-5'],
  [12480.4, '12 480'],
  [Number.NaN, 'NaN'],
  [Number.POSITIVE_INFINITY, '∞'],
  [null, '–'],
])('metric %s', (value, text) => {
  expect(formatMetric(value)).toBe(text);
});

test('counts, quantities, ticks and percentages', () => {
  expect(formatCount(1234567)).toBe('1 234 567');
  expect(formatQuantity(1_240_000)).toBe('1.24 M');
  expect(formatQuantity(421_642)).toBe('422 k');
  expect(formatQuantity(812)).toBe('812');
  expect(formatTick(0.0001)).toBe('1e-4');
  expect(formatTick(20_000)).toBe('20k');
  expect(formatPercent(0.98765)).toBe('98.8 %');
  expect(formatPercent(null)).toBe('–');
});
