import { expect, test } from 'vitest';
import { formatTick } from './ticks.ts';

test.each([
  [0, '0'],
  [0.25, '0.25'],
  [-0.5, '−0.5'],
  [2000, '2000'],
  [20_000, '20k'],
  [1_250_000, '1.25M'],
  [0.0001, '1e−4'],
  [0.30000000000000004, '0.3'],
])('%s', (value, text) => {
  expect(formatTick(value)).toBe(text);
});
