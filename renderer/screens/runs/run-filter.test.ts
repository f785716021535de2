import { describe, expect, test } from 'vitest';
import type { Run } from '../../../main/contract/training.ts';
import { durationMs, isShownAtFirst, runColumns } from './run-columns.ts';
import { filterText, matchesFilter, matchesSearch, parseNumberFilter, searchText } from './run-filter.ts';

describe('number filters', () => {
  test.each([
    ['> 0.9', 0.95, true],
    ['>0.9', 0.9, false],
    ['>=0.9', 0.9, true],
    ['≤ 1e-3', 0.001, true],
    ['0.1..0.5', 0.5, true],
    ['0.1 – 0.5', 0.6, false],
    ['-1 .. 1', 0, true],
    ['64', 64, true],
    ['=64', 65, false],
  ])('%s on %s', (text, value, expected) => {
    expect(parseNumberFilter(text)?.(value)).toBe(expected);
  });

  test('anything else filters nothing', () => {
    expect(parseNumberFilter('abc')).toBeNull();
    expect(parseNumberFilter('>')).toBeNull();
    expect(parseNumberFilter('1.2.3')).toBeNull();
    expect(matchesFilter(3, 'abc')).toBe(true);
  });
});

test('text and choice filters', () => {
  expect(matchesFilter('ResNet small', 'resnet')).toBe(true);
  expect(matchesFilter(undefined, 'resnet')).toBe(false);
  expect(matchesFilter('FINISHED', ['FINISHED', 'FAILED'])).toBe(true);
  expect(matchesFilter(undefined, [''])).toBe(true);
  expect(matchesFilter('RUNNING', [])).toBe(true);
  expect(filterText(['', 'a'])).toBe('none, a');
});

test('a search needs every word, anywhere', () => {
  expect(matchesSearch(searchText(['CNN digits', 'alice']), 'alice CNN')).toBe(true);
  expect(matchesSearch(searchText(['cnn digits']), 'cnn mlp')).toBe(false);
});

describe('columns', () => {
  const run = (over: Partial<Run>) =>
    ({ name: 'a', params: {}, metrics: {}, tags: {}, startedAt: null, endedAt: null, ...over }) as Run;
  const columns = runColumns([
    run({ metrics: { train_loss: 1, 'test.accuracy': 0.9 }, params: { 'model.kind': 'cnn', seed: 1 } }),
    run({ metrics: { validation_loss: 2 }, params: { seed: 2 }, tags: { site: 'x' } }),
  ]);

  test('come from what the runs hold, deciding metrics first', () => {
    const ids = columns.map(({ id }) => id);
    expect(ids).toContain('param:seed');
    expect(ids).toContain('tag:site');
    expect(ids.indexOf('metric:test.accuracy')).toBeLessThan(ids.indexOf('metric:train_loss'));
    expect(columns.find(({ id }) => id === 'param:seed')?.kind).toBe('number');
    expect(columns.find(({ id }) => id === 'param:model.kind')?.kind).toBe('choice');
  });

  test('a few are shown at first', () => {
    expect(isShownAtFirst(columns, 'name')).toBe(true);
    expect(isShownAtFirst(columns, 'metric:test.accuracy')).toBe(true);
    expect(isShownAtFirst(columns, 'param:seed')).toBe(false);
  });

  test('a running run has lasted until now', () => {
    const startedAt = '2026-01-01T00:00:00.000Z';
    expect(durationMs({ startedAt, endedAt: null }, Date.parse(startedAt) + 5000)).toBe(5000);
    expect(durationMs({ startedAt: null, endedAt: null })).toBeUndefined();
  });
});
