import { expect, it } from 'vitest';
import { type PointerMove, previousTarget } from './pointer-history.ts';

const to = (target: number): PointerMove<number> => ({ target, back: false });
const back = (target: number): PointerMove<number> => ({ target, back: true });

it('goes further back each time instead of to and fro', () => {
  expect(previousTarget([])).toBeUndefined();
  expect(previousTarget([to(1)])).toBeUndefined();
  expect(previousTarget([to(1), to(2), to(3)])).toBe(2);
  expect(previousTarget([to(1), to(2), to(3), back(2)])).toBe(1);
  expect(previousTarget([to(1), to(2), to(3), back(2), back(1)])).toBeUndefined();
});

it('leaves out what was taken back once a new target was set', () => {
  expect(previousTarget([to(1), to(2), to(3), back(2), to(4)])).toBe(2);
  expect(previousTarget([to(1), to(2), to(3), back(2), to(4), back(2)])).toBe(1);
});
