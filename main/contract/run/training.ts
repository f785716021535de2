import { z } from 'zod';

export const trainingConfig = z.strictObject({
  epochs: z.int().min(1).max(100_000).default(1),
  accumulate: z
    .int()
    .min(1)
    .max(4096)
    .optional()
    .describe('Each batch goes through the model in so many parts, then one update: large batches in little memory'),
  clipNorm: z.number().positive().optional().describe('Scales the gradients down to this global L2 norm'),
  clipValue: z
    .number()
    .positive()
    .optional()
    .describe('Limits each number of a gradient to ± this; instead of clipNorm'),
  weightAverage: z
    .strictObject({
      decay: z.number().min(0).max(0.999999).default(0.999).describe('Share of the old average that each step keeps'),
      warmup: z
        .boolean()
        .default(true)
        .describe('Early averages follow faster: the decay of step t is at most (1 + t) / (10 + t)'),
    })
    .optional()
    .describe(
      'Keeps a moving average of the weights (Polyak & Juditsky 1992): validation, the best checkpoint and what ships use it',
    ),
  checkpointSegments: z
    .int()
    .min(1)
    .max(256)
    .optional()
    .describe(
      'Keeps activations between so many segments only and computes the rest again going back (Chen et al. 2016): less memory, about a third more time, the same weights',
    ),
  mixedPrecision: z
    .boolean()
    .optional()
    .describe(
      'Multiplies in float16 with a loss scale that adapts (Micikevicius et al. 2018). For GPUs; on a CPU it is slower than float32',
    ),
  checkpointEverySteps: z.int().min(1).default(500).describe('How much work a kill can cost at most'),
  earlyStopping: z
    .strictObject({
      metric: z
        .enum(['validation_loss', 'validation_accuracy', 'validation_recall_at_1'])
        .default('validation_loss')
        .describe('Accuracy is of classes and tokens, recall at 1 of metric learning'),
      patienceEpochs: z.int().min(1).default(5),
      minimumDelta: z.number().min(0).default(0),
    })
    .optional(),
});
