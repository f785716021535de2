import { describe, expect, it } from 'vitest';
import { nextUnlabeled, orderedQueue } from './queue.ts';

describe('queue', () => {
  const labels = [1, -1, 2, -1, 0];

  it('puts what has no label first and keeps the order otherwise', () => {
    expect(orderedQueue([4, 3, 2, 1], labels, 'unlabeled')).toEqual([3, 1, 4, 2]);
    expect(orderedQueue([4, 3, 2, 1], labels, 'filter')).toEqual([4, 3, 2, 1]);
  });

  it('finds the next without a label, round the end', () => {
    expect(nextUnlabeled([0, 1, 2, 3, 4], labels, 1)).toBe(3);
    expect(nextUnlabeled([0, 1, 2, 3, 4], labels, 3)).toBe(1);
    expect(nextUnlabeled([0, 2, 4], labels, 0)).toBeNull();
  });
});
