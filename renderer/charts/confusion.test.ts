import { expect, test } from 'vitest';
import { cellDepths, cellShares, topConfusions } from './confusion.ts';

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

test('mistakes are coloured on a scale of their own', () => {
  const depths = cellDepths([
    [0.9, 0.1],
    [0.025, 0.975],
  ]);
  expect(depths[0]?.[1]).toBe(1);
  expect(depths[1]?.[0]).toBeCloseTo(0.5, 12);
  expect(depths[0]?.[0]).toBeCloseTo(Math.sqrt(0.9), 12);
  expect(
    cellDepths([
      [1, 0.003],
      [0, 1],
    ])[0]?.[1],
  ).toBeCloseTo(Math.sqrt(0.1), 12);
});
