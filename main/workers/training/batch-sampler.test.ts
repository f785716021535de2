import { describe, expect, it } from 'vitest';
import { classBalancedBatches, shuffledBatches } from './batch-sampler.ts';

const labels = Array.from({ length: 500 }, (_, row) => (row < 3 ? 7 : (row * row) % 5));
const classesOf = (rows: Uint32Array) => Map.groupBy(rows, (row) => labels[row]);

describe('class-balanced batches', () => {
  const sampler = classBalancedBatches(labels, 24, 6, 3);

  it('hold as many rows of each of their classes', () => {
    expect(sampler).toMatchObject({ batchSize: 24, rowsPerEpoch: 480 });
    const order = sampler.order(0);
    expect(order.length).toBe(480);
    for (let first = 0; first < 480; first += 24) {
      const groups = [...classesOf(order.subarray(first, first + 24))];
      expect(groups.map(([, rows]) => rows.length)).toEqual([6, 6, 6, 6]);
      // Three rows of the rarest class stand twice; no other row does.
      for (const [label, rows] of groups) expect(new Set(rows).size).toBe(label === 7 ? 3 : 6);
    }
    expect(new Set([...order].map((row) => labels[row]))).toEqual(new Set(labels));
  });

  it('follow from seed and epoch alone', () => {
    const again = classBalancedBatches(labels, 24, 6, 3);
    expect(again.order(7)).toEqual(sampler.order(7));
    expect(again.order(7)).not.toEqual(sampler.order(8));
    expect(classBalancedBatches(labels, 24, 6, 4).order(7)).not.toEqual(sampler.order(7));
  });

  it('go through all rows of a class before one comes again', () => {
    const two = Array.from({ length: 64 }, (_, row) => row % 2);
    const order = classBalancedBatches(two, 8, 4, 0).order(2);
    expect(new Set(order).size).toBe(64);
  });

  it('are drawn from classes of any size', () => {
    const many = Uint8Array.from({ length: 600_000 }, (_, row) => row % 2);
    expect(new Set(classBalancedBatches(many, 1000, 500, 0).order(0)).size).toBe(600_000);
  });

  it('hold fewer rows where there are fewer classes, and at least one batch', () => {
    expect(classBalancedBatches([0, 1, 0], 40, 4, 0)).toMatchObject({ batchSize: 8, rowsPerEpoch: 8 });
  });
});

it('otherwise an epoch is every row once', () => {
  const { order, rowsPerEpoch } = shuffledBatches(10, 4, 1);
  expect(rowsPerEpoch).toBe(10);
  expect([...order(0)].sort((a, b) => a - b)).toEqual(Array.from({ length: 10 }, (_, row) => row));
  expect(order(0)).not.toEqual(order(1));
});
