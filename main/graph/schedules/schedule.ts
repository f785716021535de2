import { GraphError } from '../graph-error.ts';
import type { PlateauOptions } from './plateau.ts';
import { plateauRate } from './plateau.ts';

/**
 * How the learning rate moves. Any schedule may begin with `warmupSteps` steps that rise linearly to the rate with which
 * the schedule proper then starts at its own step 0: `baseRate` for all but `one_cycle`.
 */
export type ScheduleSpec = { readonly baseRate: number; readonly warmupSteps?: number } & (
  | { readonly kind: 'constant' }
  /** Multiplied by `gamma` every `everySteps` steps. */
  | { readonly kind: 'step'; readonly everySteps: number; readonly gamma: number }
  /** Half a cosine from `baseRate` down to `minimumRate` at the last step (Loshchilov & Hutter 2017). */
  | { readonly kind: 'cosine'; readonly minimumRate?: number }
  /** A straight line from `baseRate` to `minimumRate` at the last step. */
  | { readonly kind: 'linear'; readonly minimumRate?: number }
  /** `minimumRate + (baseRate − minimumRate)·(1 − progress)^power`. Power 2 by default. */
  | { readonly kind: 'polynomial'; readonly power?: number; readonly minimumRate?: number }
  /**
   * Up from `baseRate / divisor` to `baseRate` during the share `rise` of all steps, then down to
   * `baseRate / (divisor·finalDivisor)` (Smith & Topin 2019); defaults are PyTorch's OneCycleLR: 25, 10000, 0.3, cosine.
   */
  | {
      readonly kind: 'one_cycle';
      readonly divisor?: number;
      readonly finalDivisor?: number;
      readonly rise?: number;
      readonly anneal?: 'cosine' | 'linear';
    }
  /** Reduced when the watched figure stops improving: see `plateauRate`. */
  | ({ readonly kind: 'reduce_on_plateau' } & PlateauOptions)
);

/**
 * The learning rate of a step; steps count from 1, as the graph's `step` input does. A pure function: `history` holds the
 * watched figure of each evaluation so far, oldest first (only `reduce_on_plateau` reads it), so a resumed run that kept
 * its figures goes on as if it had never stopped.
 */
export function learningRateAt(
  spec: ScheduleSpec,
  step: number,
  totalSteps: number,
  history: readonly number[] = [],
): number {
  const warmupSteps = spec.warmupSteps ?? 0;
  const proper = totalSteps - warmupSteps;
  if (step <= warmupSteps) return (rateAt(spec, 0, proper, []) * step) / warmupSteps;
  return rateAt(spec, step - warmupSteps - 1, proper, history);
}

/** @param elapsed steps since the schedule proper began, from 0; it lasts `steps` */
function rateAt(spec: ScheduleSpec, elapsed: number, steps: number, history: readonly number[]): number {
  const { baseRate } = spec;
  const progress = Math.min(1, elapsed / Math.max(1, steps - 1));
  switch (spec.kind) {
    case 'constant':
      return baseRate;
    case 'step':
      return baseRate * spec.gamma ** Math.floor(elapsed / spec.everySteps);
    case 'cosine':
      return between(baseRate, spec.minimumRate ?? 0, halfCosine(progress));
    case 'linear':
      return between(baseRate, spec.minimumRate ?? 0, progress);
    case 'polynomial':
      return between(baseRate, spec.minimumRate ?? 0, 1 - (1 - progress) ** (spec.power ?? 2));
    case 'one_cycle': {
      const { divisor = 25, finalDivisor = 1e4, rise = 0.3, anneal = 'cosine' } = spec;
      const curve = anneal === 'cosine' ? halfCosine : (share: number): number => share;
      const start = baseRate / divisor;
      const [top, last] = [rise * steps - 1, steps - 1];
      if (elapsed <= top) return between(start, baseRate, curve(top > 0 ? elapsed / top : 1));
      return between(baseRate, start / finalDivisor, curve(Math.min(1, (elapsed - top) / Math.max(1e-12, last - top))));
    }
    case 'reduce_on_plateau':
      return plateauRate(baseRate, spec, history);
    default:
      throw new GraphError('invalid-argument', 'There is no such schedule.');
  }
}

const between = (from: number, to: number, share: number): number => from + (to - from) * share;

/** From 0 to 1, slow at both ends. */
const halfCosine = (progress: number): number => (1 - Math.cos(Math.PI * progress)) / 2;
