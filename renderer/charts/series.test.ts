import { describe, expect, test } from 'vitest';
import { align, describeCurves, smooth, thin, valuesAt } from './series.ts';

describe('smooth', () => {
  test('is the identity without weight and keeps a constant constant from its first point', () => {
    expect(smooth([3, 1, 2], 0)).toEqual([3, 1, 2]);
    for (const value of smooth([5, 5, 5, 5], 0.9)) expect(value).toBeCloseTo(5, 12);
  });

  test('follows the debiased recurrence', () => {
    const [first, second] = smooth([1, 0], 0.5);
    expect(first).toBe(1);
    expect(second).toBeCloseTo(0.25 / 0.75, 12);
  });

  test('lets a value that is not a number through and goes on after it', () => {
    const values = smooth([1, Number.NaN, 1], 0.6);
    expect(values[1]).toBeNaN();
    expect(values[2]).toBeCloseTo(1, 12);
  });
});

describe('thin', () => {
  const count = 10_000;
  const x = Array.from({ length: count }, (_, index) => index);

  test('keeps spikes, ends and order within the limit', () => {
    const y = x.map((value) => Math.sin(value / 500));
    y[4321] = 99;
    y[8765] = -99;
    const thinned = thin({ x, y }, 400);
    expect(thinned.x.length).toBeLessThanOrEqual(400);
    expect(thinned.x.length).toBeGreaterThan(200);
    expect(thinned.y).toContain(99);
    expect(thinned.y).toContain(-99);
    expect(thinned.x[0]).toBe(0);
    expect(thinned.x.at(-1)).toBe(count - 1);
    for (let index = 1; index < thinned.x.length; index += 1)
      expect(thinned.x[index]).toBeGreaterThan(thinned.x[index - 1] as number);
  });

  test('leaves short curves alone', () => {
    const curve = { x: [0, 1, 2], y: [3, 2, 1] };
    expect(thin(curve, 10)).toBe(curve);
  });
});

describe('align', () => {
  test('merges axes and leaves gaps', () => {
    const aligned = align([
      { x: [0, 2, 4], y: [1, 2, 3] },
      { x: [1, 2], y: [10, 20] },
    ]);
    expect(aligned.x).toEqual([0, 1, 2, 4]);
    expect(aligned.columns).toEqual([
      [1, null, 2, 3],
      [null, 10, 20, null],
    ]);
    expect(valuesAt(aligned, 3)).toEqual([3, 20]);
    expect(valuesAt(aligned, 0)).toEqual([1, null]);
  });

  test('drops what a logarithmic axis cannot show', () => {
    const aligned = align([{ x: [0, 1, 2], y: [1, -1, 2] }], { positiveX: true, positiveY: true });
    expect(aligned.x).toEqual([1, 2]);
    expect(aligned.columns).toEqual([[null, 2]]);
  });
});

test('curves are put into words', () => {
  const words = describeCurves([{ id: 'a', label: 'loss', color: 'red', x: [0, 1], y: [2, 0.5] }], String);
  expect(words).toBe('loss: now 0.5, between 0.5 and 2');
  expect(describeCurves([], String)).toBe('No curves yet');
});
