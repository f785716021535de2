import { expect, it } from 'vitest';
import { groupedSplit } from './grouped-split.ts';

const fractions = [0.7, 0.1, 0.2];
const words = Array.from({ length: 30_000 }, (_, row) => `word ${row % 10_000}`);

it('keeps rows with the same key together, in about the shares that were asked for', () => {
  const parts = groupedSplit(words, fractions, 0);
  for (let row = 0; row < 10_000; row++) {
    expect(parts[row + 10_000]).toBe(parts[row]);
    expect(parts[row + 20_000]).toBe(parts[row]);
  }
  // Four standard deviations of a binomial distribution over 10,000 keys are at most 0.02.
  fractions.forEach((fraction, part) => {
    expect(Math.abs(parts.filter((other) => other === part).length / words.length - fraction)).toBeLessThan(0.02);
  });
});

it('follows from key and seed alone', () => {
  const parts = groupedSplit(words, fractions, 3);
  expect(groupedSplit(['new', ...words], fractions, 3).subarray(1)).toEqual(parts);
  expect(groupedSplit(words, fractions, 4)).not.toEqual(parts);
});

it('takes rows without a key one by one', () => {
  const parts = groupedSplit(Array(1000).fill(null), [0.5, 0.5], 0);
  expect(Math.abs(parts.filter((part) => part === 0).length - 500)).toBeLessThan(64);
});

it('refuses shares that are none, and leaves an empty part empty', () => {
  expect(() => groupedSplit(['a'], [0.5, 0.4], 0)).toThrow(RangeError);
  expect([...new Set(groupedSplit(words, [0, 1, 0], 0))]).toEqual([1]);
});
