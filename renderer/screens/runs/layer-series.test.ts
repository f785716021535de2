import { expect, test } from 'vitest';
import type { MetricSeries } from '../../../main/contract/training.ts';
import { extentOf, layerRows, position } from './layer-series.ts';

const series = (key: string, ...values: number[]): MetricSeries => ({
  runId: 'r',
  key,
  steps: values.map((_, index) => index),
  epochs: values,
  elapsedMs: values,
  values,
});
const all = [
  series('train_loss', 1),
  series('layer.b.gradientNorm', 1, 5),
  series('layer.a.0.gradientNorm', 1, 0.01),
  series('layer.c.gradientNorm', 3, 2),
  series('layer.relu.deadUnits', 0, 0.2),
  series('layer.b.deadUnits', 0, 0.9),
];
const paths = ['a.0', 'relu', 'b', 'c'];
const order = (...query: Parameters<typeof layerRows> extends [unknown, infer F, infer O, unknown] ? [F, O] : never) =>
  layerRows(all, ...query, paths).map(({ path }) => path);

test('layers come in execution order, or those first that need a look', () => {
  expect(order('gradientNorm', 'execution')).toEqual(['a.0', 'b', 'c']);
  expect(order('gradientNorm', 'vanishing')).toEqual(['a.0', 'c', 'b']);
  expect(order('gradientNorm', 'exploding')).toEqual(['b', 'c', 'a.0']);
  expect(order('deadUnits', 'dead')).toEqual(['b', 'relu']);
  expect(order('gradientNorm', 'dead')[0]).toBe('b');
});

test('scales: logarithms between the extremes, shares as they are, zero in the middle', () => {
  const rows = layerRows(all, 'gradientNorm', 'execution', paths);
  expect(extentOf(rows, 'logarithmic')).toEqual([0.01, 5]);
  expect(position(0.1, 'logarithmic', 0.01, 1)).toBeCloseTo(0.5, 10);
  expect(position(0, 'logarithmic', 0.01, 1)).toBe(0);
  expect(position(0.3, 'share', 0, 1)).toBe(0.3);
  expect(position(0, 'diverging', -1, 4)).toBe(0.5);
  expect(position(4, 'diverging', -1, 4)).toBe(1);
});
