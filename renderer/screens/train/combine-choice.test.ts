import { expect, it } from 'vitest';
import type { Run } from '../../../main/contract/training.ts';
import { candidatesOf, headlineOf, membersOf } from './combine-choice.ts';

const run = (patch: Partial<Run>) =>
  ({ status: 'FINISHED', task: 'image-classification', bestCheckpoint: 'c', ...patch }) as Run;

it('offers finished runs of the task that have weights', () => {
  const runs = [
    run({ id: '1' }),
    run({ id: '2', task: 'table-classification' }),
    run({ status: 'FAILED' }),
    run({ bestCheckpoint: null }),
  ];
  expect(candidatesOf(runs, 'image-classification').map(({ id }) => id)).toEqual(['1']);
});

it('says how good a run was on validation, not on test', () => {
  expect(headlineOf({ metrics: { 'best.validation_accuracy': 0.984, 'test.accuracy': 1 } })).toBe(
    'validation accuracy 98.4 %',
  );
  expect(headlineOf({ metrics: { 'best.validation_loss': 0.012345 } })).toBe('validation loss 0.0123');
  expect(headlineOf({ metrics: { 'test.accuracy': 1 } })).toBe('not validated');
});

it('reads the members that a config names', () => {
  expect(membersOf('model:\n  members:\n    - run_1 # mlp\n    - reader@2\n')).toEqual(['run_1', 'reader@2']);
  expect(membersOf('model: { kind: mlp }')).toEqual([]);
});
