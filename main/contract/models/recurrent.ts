import { z } from 'zod';

export const recurrentConfig = z
  .strictObject({
    kind: z.literal('recurrent'),
    cell: z
      .enum(['lstm', 'gru', 'rnn'])
      .default('lstm')
      .describe('lstm (Hochreiter & Schmidhuber 1997), gru (Cho et al. 2014) or rnn (Elman 1990)'),
    hidden: z.int().min(1).max(4096).default(64).describe('Units per layer and direction'),
    layers: z.int().min(1).max(8).default(1),
    bidirectional: z.boolean().default(false).describe('Reads the sequence from both ends'),
    dropout: z.number().min(0).max(0.95).default(0).describe('Between the layers and before the output'),
    embedding: z
      .int()
      .min(1)
      .max(4096)
      .optional()
      .describe('Width of the vectors that stand for tokens; absent = hidden'),
    pooling: z
      .enum(['last', 'mean'])
      .default('last')
      .describe('What becomes the one output: the last state, or the mean'),
    decoder: z
      .enum(['direct', 'recurrent'])
      .default('direct')
      .describe('A forecast all at once from the last state, or step by step by a second recurrence'),
  })
  .describe('Recurrent network over tokens or a series');
