import { expect, test } from 'vitest';
import { fromLocalInput, toLocalInput } from './local-time.ts';

test('a moment survives the field to the second', () => {
  const date = new Date(2026, 2, 9, 7, 5, 3);
  expect(toLocalInput(date)).toBe('2026-03-09T07:05:03');
  expect(fromLocalInput(toLocalInput(date))).toBe(date.toISOString());
});

test('nonsense is no moment', () => {
  expect(fromLocalInput('')).toBeNull();
  expect(fromLocalInput('yesterday')).toBeNull();
});
