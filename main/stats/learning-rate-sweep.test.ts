import { expect, it } from 'vitest';
import { exponentialRates, hasDiverged, smoothLosses, suggestRates } from './learning-rate-sweep.ts';

const rates = exponentialRates(1e-6, 1, 61);

it('sweeps by equal factors', () => {
  expect(rates[0]).toBeCloseTo(1e-6, 12);
  expect(rates[60]).toBeCloseTo(1, 10);
  expect(rates[11] / rates[10]).toBeCloseTo(10 ** 0.1, 10);
});

it('finds the steepest descent of a falling curve, and no divergence where there is none', () => {
  // A logistic fall around 1e-3.
  const smoothed = rates.map((rate) => 2.3 - 2 / (1 + (1e-3 / rate) ** 2));
  const found = suggestRates(rates, smoothed);
  expect(found.steepest).toBeGreaterThan(7e-4);
  expect(found.steepest).toBeLessThan(1.5e-3);
  expect(found.divergence).toBeNull();
});

it('names no descent where the loss only trembles', () => {
  const smoothed = rates.map((_, step) => 2.3 + 0.02 * Math.sin(step));
  expect(suggestRates(rates, smoothed).steepest).toBeNull();
});

it('takes a tenth of the rate at which the loss left its lowest value behind, or was no number', () => {
  const losses = rates.slice(0, 40).map((_, step) => (step < 39 ? 2 - step / 30 : 100));
  expect(hasDiverged(losses)).toBe(true);
  expect(suggestRates(rates, losses).tenthOfDivergence).toBeCloseTo(rates[39] / 10, 10);
  expect(hasDiverged([1, Number.NaN])).toBe(true);
  expect(hasDiverged([5, 1])).toBe(false);
  // A bounded loss that fell and is back above its start.
  expect(hasDiverged([2, 2, 1.9, 1.8, 1.7, 1.6, 1.5, 1.4, 1.8, 2.1])).toBe(true);
  expect(hasDiverged([2, 2, 1.99, 1.98, 1.97, 1.98, 2, 2, 2, 2.01])).toBe(false);
});

it('smooths without a bias at the start', () => {
  const smoothed = smoothLosses([4, 4, 4]);
  for (const value of smoothed) expect(value).toBeCloseTo(4, 10);
});
