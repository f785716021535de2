import { expect, test } from 'vitest';
import { formatQuantity } from './quantity.ts';

test.each([
  [0, '0'],
  [9216, '9,216'],
  [389_376, '389 k'],
  [24_052_736, '24.1 M'],
  [4.2e9, '4.2 G'],
])('%s', (value, text) => {
  expect(formatQuantity(value)).toBe(text);
});
