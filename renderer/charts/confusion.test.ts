import { expect, test } from 'vitest';
import { cellShares, topConfusions } from './confusion.ts';

const matrix = [
  [8, 2, 0],
  [1, 9, 0],
  [0, 0, 0],
];

test('shares by row and by column; an empty class stays 0', () => {
  expect(cellShares(matrix, 'row')[0]).toEqual([0.8, 0.2, 0]);
  expect(cellShares(matrix, 'column')[0]?.[0]).toBeCloseTo(8 / 9, 12);
  expect(cellShares(matrix, 'row')[2]).toEqual([0, 0, 0]);
  expect(cellShares([], 'row')).toEqual([]);
});

test('the most frequent mistakes first, never the diagonal', () => {
  expect(topConfusions(matrix, 5)).toEqual([
    { trueClass: 0, predictedClass: 1, count: 2, share: 0.2 },
    { trueClass: 1, predictedClass: 0, count: 1, share: 0.1 },
  ]);
  expect(topConfusions(matrix, 1)).toHaveLength(1);
});
