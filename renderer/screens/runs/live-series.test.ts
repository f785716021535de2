import { expect, test } from 'vitest';
import type { MetricPoint } from '../../../main/contract/training.ts';
import { appendPoints, mergeSeries } from './live-series.ts';

const point = (step: number, values: Record<string, number>): MetricPoint => ({
  step,
  epoch: step / 10,
  elapsedMs: step * 5,
  values,
});

test('points land on the curve of their key', () => {
  const series = appendPoints([], 'r', [point(1, { train_loss: 3 }), point(2, { train_loss: 2, validation_loss: 4 })]);
  expect(series.map(({ key, values }) => [key, values])).toEqual([
    ['train_loss', [3, 2]],
    ['validation_loss', [4]],
  ]);
  expect(series[0]?.elapsedMs).toEqual([5, 10]);
  expect(appendPoints(series, 'r', [])).toBe(series);
});

test('a run that went back to a checkpoint rewrites its tail', () => {
  const before = appendPoints(
    [],
    'r',
    [1, 2, 3, 4].map((step) => point(step, { loss: step })),
  );
  const after = appendPoints(before, 'r', [point(3, { loss: 30 })]);
  expect(after[0]?.steps).toEqual([1, 2, 3]);
  expect(after[0]?.values).toEqual([1, 2, 30]);
  expect(before[0]?.steps).toEqual([1, 2, 3, 4]);
});

test('what came in while the history was being read is kept once', () => {
  const live = appendPoints(
    [],
    'r',
    [3, 4].map((step) => point(step, { loss: step })),
  );
  const history = appendPoints(
    [],
    'r',
    [1, 2, 3].map((step) => point(step, { loss: step })),
  );
  expect(mergeSeries(history, live)[0]?.steps).toEqual([1, 2, 3, 4]);
  expect(mergeSeries([], live)[0]?.steps).toEqual([3, 4]);
});
