import { z } from 'zod';

export const mixtureConfig = z
  .strictObject({
    kind: z.literal('mixture_of_experts'),
    experts: z.int().min(2).max(64).default(4).describe('Dense networks side by side'),
    topK: z
      .int()
      .min(1)
      .max(64)
      .optional()
      .describe('Experts that count for a sample; absent = all, weighted by the gate'),
    hidden: z.array(z.int().min(1).max(65536)).default([64]).describe('Units of the hidden layers of each expert'),
    activation: z.enum(['relu', 'gelu', 'silu']).default('relu'),
    balance: z
      .number()
      .min(0)
      .default(0.01)
      .describe('Weight of the loss that keeps the experts about equally busy (Fedus et al. 2021)'),
  })
  .describe('Mixture of experts (Shazeer et al. 2017): a gate says how much each dense network counts for a sample');
