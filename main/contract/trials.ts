import { z } from 'zod';
import { experimentInput } from './training-worker.ts';

/** Short trainings that leave no run behind: they answer one question about a config. */
export const trialQuestion = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('learning_rate'),
    minimum: z.number().positive().default(1e-7),
    maximum: z.number().positive().default(10),
    steps: z.int().min(20).max(1000).default(100),
  }),
  z.object({ kind: z.literal('one_batch'), steps: z.int().min(10).max(5000).default(300) }),
]);
export type TrialQuestion = z.infer<typeof trialQuestion>;

export const trialInput = experimentInput.extend({ question: trialQuestion });
export type TrialInput = z.infer<typeof trialInput>;

export const trialMessage = z.object({
  type: z.literal('progress'),
  phase: z.string(),
  done: z.number(),
  total: z.number(),
  unit: z.string(),
});
