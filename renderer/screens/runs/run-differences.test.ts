import { expect, test } from 'vitest';
import type { DescribedRun } from './run-differences.ts';
import { betterDirection, change, metricDifferences, paramDifferences } from './run-differences.ts';

const runs: readonly DescribedRun[] = [
  {
    params: { seed: 1, 'model.kind': 'cnn', bias: true },
    metrics: { 'test.accuracy': 0.9, train_loss: 0.4, step_ms: 3 },
  },
  { params: { seed: 1, 'model.kind': 'mlp' }, metrics: { 'test.accuracy': 0.95, train_loss: 0.5 } },
];

test('only keys that differ, unless all are asked for', () => {
  expect(paramDifferences(runs).map(({ key }) => key)).toEqual(['bias', 'model.kind']);
  expect(paramDifferences(runs, true)).toHaveLength(3);
  expect(paramDifferences(runs)[0]?.values).toEqual([true, undefined]);
});

test('the best value by what is better for the metric', () => {
  const metrics = metricDifferences(runs);
  expect(metrics[0]).toEqual({ key: 'test.accuracy', values: [0.9, 0.95], best: 1 });
  expect(metrics.find(({ key }) => key === 'train_loss')?.best).toBe(0);
  expect(metrics.find(({ key }) => key === 'step_ms')?.best).toBeNull();
});

test('a change is better, worse or neither', () => {
  expect(change('best.validation_loss', 0.5, 0.4)).toEqual({ difference: expect.closeTo(-0.1), better: true });
  expect(change('test.accuracy', 0.95, 0.9)?.better).toBe(false);
  expect(change('learning_rate', 1, 2)?.better).toBeNull();
  expect(change('test.accuracy', undefined, 1)).toBeNull();
  expect(betterDirection('validation_accuracy')).toBe('up');
});
