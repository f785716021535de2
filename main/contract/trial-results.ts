import { z } from 'zod';

/** Training with a rate that grows from step to step (Smith 2015, arXiv:1506.01186). */
export const learningRateSweep = z.object({
  kind: z.literal('learning_rate'),
  rates: z.array(z.number()),
  losses: z.array(z.number()),
  smoothed: z.array(z.number()),
  steepest: z.number().nullable().describe('The rate at which the smoothed loss falls fastest'),
  divergence: z.number().nullable().describe('The rate at which it left its lowest value far behind; null = never'),
  tenthOfDivergence: z.number().nullable(),
});
export type LearningRateSweep = z.infer<typeof learningRateSweep>;

export const batchFit = z.object({
  kind: z.literal('one_batch'),
  samples: z.int(),
  losses: z.array(z.number()),
  floor: z.number().describe('What the loss cannot fall below, by label smoothing'),
  verdict: z.enum(['fits', 'falling', 'stuck', 'still', 'diverged']),
  reasons: z.array(z.string()).describe('What it usually means, the likeliest first'),
});
export type BatchFit = z.infer<typeof batchFit>;

export const trialResult = z.discriminatedUnion('kind', [learningRateSweep, batchFit]);
export type TrialResult = z.infer<typeof trialResult>;
