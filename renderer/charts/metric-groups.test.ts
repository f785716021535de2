import { expect, test } from 'vitest';
import { formatMetric, groupMetrics, isHeldOut, metricTitle, splitMetric } from './metric-groups.ts';

test('the same quantity on train and validation shares a chart', () => {
  const groups = groupMetrics([
    'learning_rate',
    'validation_loss',
    'train_loss',
    'validation_accuracy',
    'memory_bytes',
  ]);
  expect(groups.map(({ base }) => base)).toEqual(['loss', 'accuracy', 'learning_rate', 'memory_bytes']);
  expect(groups[0]?.keys).toEqual(['train_loss', 'validation_loss']);
  expect(groups.at(-1)?.system).toBe(true);
});

test('figures of single layers have a view of their own', () => {
  expect(groupMetrics(['layer.layers.0.gradientNorm', 'loss_spike', 'cpu_share']).map(({ base }) => base)).toEqual([
    'cpu_share',
  ]);
});

test('keys are taken apart', () => {
  expect(splitMetric('best.validation_loss')).toEqual({ subset: 'best', base: 'loss' });
  expect(splitMetric('test.accuracy')).toEqual({ subset: 'test', base: 'accuracy' });
  expect(splitMetric('loss')).toEqual({ subset: null, base: 'loss' });
  expect(splitMetric('train')).toEqual({ subset: null, base: 'train' });
  expect(isHeldOut('validation_loss')).toBe(true);
  expect(isHeldOut('train_loss')).toBe(false);
});

test('values and titles read like words', () => {
  expect(formatMetric('test.accuracy', 0.98123)).toBe('98.12 %');
  expect(formatMetric('memory_bytes', 2 ** 20)).toBe('1.0 MB');
  expect(formatMetric('my_own', null)).toBe('–');
  expect(metricTitle('best.validation_loss')).toBe('Best validation loss');
  expect(metricTitle('validation.loss')).toBe('Validation loss, evaluated');
  expect(metricTitle('test.macro_f1')).toBe('Test macro F1');
});
