import { z } from 'zod';
import { digest } from '../common.ts';

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

export const ensembleConfig = z
  .strictObject({
    kind: z.literal('ensemble'),
    members: z
      .array(z.string().min(1).max(200))
      .min(2)
      .max(16)
      .describe('Finished runs by id, or registered models as name@version: of the same task, dataset and labels'),
    combine: z
      .enum(['average', 'stacking'])
      .default('average')
      .describe(
        'average: the mean of what the members say, nothing learns; stacking: a linear layer over it learns from the validation split (Wolpert 1992)',
      ),
    weights: z
      .array(z.number().positive())
      .max(16)
      .optional()
      .describe('average: how much each member counts, in their order; absent = all the same'),
    checkpoints: z
      .array(digest)
      .max(16)
      .optional()
      .describe('The weights of each member by digest; a run fills them in'),
  })
  .describe('Several trained models as one: it evaluates, registers and ships as one graph');
