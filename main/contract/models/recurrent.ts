import { z } from 'zod';

const cell = z
  .enum(['lstm', 'gru', 'rnn'])
  .default('lstm')
  .describe('lstm (Hochreiter & Schmidhuber 1997), gru (Cho et al. 2014) or rnn (Elman 1990)');
const dropout = z.number().min(0).max(0.95).default(0).describe('Between the layers and before the output');
const embedding = z
  .int()
  .min(1)
  .max(4096)
  .optional()
  .describe('Width of the vectors that stand for tokens; absent = hidden');

export const recurrentConfig = z
  .strictObject({
    kind: z.literal('recurrent'),
    cell,
    hidden: z.int().min(1).max(4096).default(64).describe('Units per layer and direction'),
    layers: z.int().min(1).max(8).default(1),
    bidirectional: z.boolean().default(false).describe('Reads the sequence from both ends'),
    dropout,
    embedding,
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

export const recurrentEncoderDecoderConfig = z
  .strictObject({
    kind: z.literal('recurrent_encoder_decoder'),
    cell,
    hidden: z.int().min(1).max(4096).default(64).describe('Units per layer and direction'),
    layers: z.int().min(1).max(8).default(1).describe('Of the encoder and of the decoder'),
    bidirectional: z.boolean().default(true).describe('The encoder reads the source from both ends'),
    dropout,
    embedding,
  })
  .describe('Recurrent encoder and decoder with attention (Luong et al. 2015): one sequence into another');
