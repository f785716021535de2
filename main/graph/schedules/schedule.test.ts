import { expect, it } from 'vitest';
import { learningRateAt } from './schedule.ts';

it('stays constant', () => {
  expect(learningRateAt({ kind: 'constant', baseRate: 0.1 }, 1, 10)).toBe(0.1);
  expect(learningRateAt({ kind: 'constant', baseRate: 0.1 }, 99, 10)).toBe(0.1);
});

it('drops in steps, counted after the warm-up', () => {
  const spec = { kind: 'step', baseRate: 1, everySteps: 3, gamma: 0.5, warmupSteps: 2 } as const;
  const rates = Array.from({ length: 9 }, (_, index) => learningRateAt(spec, index + 1, 9));
  expect(rates).toEqual([0.5, 1, 1, 1, 1, 0.5, 0.5, 0.5, 0.25]);
});

it('follows half a cosine from the base rate to the minimum at the last step', () => {
  const spec = { kind: 'cosine', baseRate: 1, minimumRate: 0.1 } as const;
  expect(learningRateAt(spec, 1, 101)).toBe(1);
  expect(learningRateAt(spec, 51, 101)).toBeCloseTo(0.55, 12);
  expect(learningRateAt(spec, 101, 101)).toBeCloseTo(0.1, 12);
  expect(learningRateAt(spec, 500, 101)).toBeCloseTo(0.1, 12);
});

it('warms up linearly and never starts at zero', () => {
  const spec = { kind: 'cosine', baseRate: 1, warmupSteps: 4 } as const;
  expect([1, 2, 3, 4, 5].map((step) => learningRateAt(spec, step, 20))).toEqual([0.25, 0.5, 0.75, 1, 1]);
});
