import { GraphError } from '../graph-error.ts';

/**
 * How the learning rate moves. Any schedule may begin with `warmupSteps` steps that rise linearly from
 * `baseRate / warmupSteps` to `baseRate`; the schedule proper then starts at its own step 0.
 */
export type ScheduleSpec = { readonly baseRate: number; readonly warmupSteps?: number } & (
  | { readonly kind: 'constant' }
  /** Multiplied by `gamma` every `everySteps` steps. */
  | { readonly kind: 'step'; readonly everySteps: number; readonly gamma: number }
  /** Half a cosine from `baseRate` down to `minimumRate` at the last step (Loshchilov & Hutter 2017). */
  | { readonly kind: 'cosine'; readonly minimumRate?: number }
);

/** The learning rate of a step; steps count from 1, as the graph's `step` input does. A pure function. */
export function learningRateAt(spec: ScheduleSpec, step: number, totalSteps: number): number {
  const warmupSteps = spec.warmupSteps ?? 0;
  if (step <= warmupSteps) return (spec.baseRate * step) / warmupSteps;
  const elapsed = step - warmupSteps - 1;
  switch (spec.kind) {
    case 'constant':
      return spec.baseRate;
    case 'step':
      return spec.baseRate * spec.gamma ** Math.floor(elapsed / spec.everySteps);
    case 'cosine': {
      const minimum = spec.minimumRate ?? 0;
      const progress = Math.min(1, elapsed / Math.max(1, totalSteps - warmupSteps - 1));
      return minimum + ((spec.baseRate - minimum) * (1 + Math.cos(Math.PI * progress))) / 2;
    }
    default:
      throw new GraphError('invalid-argument', 'There is no such schedule.');
  }
}
