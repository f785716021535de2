import { describe, expect, it } from 'vitest';
import { compareMetrics, judgingMetrics } from './metric-comparison.ts';

describe('comparing metrics', () => {
  it('knows that less loss is better and less accuracy is worse', () => {
    const [accuracy, loss] = compareMetrics(
      { 'test.accuracy': 0.98, 'test.loss': 0.05 },
      { 'test.accuracy': 0.97, 'test.loss': 0.04 },
    );
    expect(accuracy).toMatchObject({ key: 'test.accuracy', better: true });
    expect(loss).toMatchObject({ key: 'test.loss', better: false });
  });

  it('shows what only one side has, test metrics first', () => {
    const rows = compareMetrics({ 'best.loss': 1, 'test.f1': 0.5 }, { 'old.metric': 2 });
    expect(rows.map((row) => row.key)).toEqual(['test.f1', 'best.loss', 'old.metric']);
    expect(rows[2]).toMatchObject({ candidate: null, current: 2, difference: null, better: null });
  });

  it('decides by evaluations, and by everything when there is none', () => {
    const rows = compareMetrics({ 'test.accuracy': 1, memory_bytes: 5, 'best.step': 3 }, undefined);
    expect(judgingMetrics(rows).map((row) => row.key)).toEqual(['test.accuracy']);
    expect(judgingMetrics(compareMetrics({ loss: 1 }, undefined))).toHaveLength(1);
  });

  it('has no opinion when nothing is replaced or nothing changed', () => {
    expect(compareMetrics({ a: 1 }, undefined)[0]?.better).toBeNull();
    expect(compareMetrics({ a: 1 }, { a: 1 })[0]?.better).toBeNull();
  });
});
