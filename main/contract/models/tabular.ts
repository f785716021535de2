import { z } from 'zod';

const deepPart = {
  embedding: z
    .int()
    .min(1)
    .max(600)
    .optional()
    .describe('Length of the vector of a category; absent = round(1.6 · categories^0.56), as fast.ai does'),
  minimumCount: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(2)
    .describe('A category that train has less often shares the vector of unknown and missing ones'),
  hidden: z
    .array(z.int().min(1).max(65536))
    .default([64, 32])
    .describe('Units of each hidden layer over numbers and vectors'),
  activation: z.enum(['relu', 'gelu', 'silu']).default('relu'),
  dropout: z.number().min(0).max(0.95).default(0).describe('Fraction of hidden units dropped in training'),
  norm: z.enum(['none', 'batch', 'layer']).default('none').describe('Normalisation after each hidden layer'),
};

export const embeddingNetworkConfig = z
  .strictObject({ kind: z.literal('embedding_mlp'), ...deepPart })
  .describe('Tables: a learned vector for each category, beside the numbers, into dense layers (Guo & Berkhahn 2016)');

export const wideAndDeepConfig = z
  .strictObject({
    kind: z.literal('wide_and_deep'),
    ...deepPart,
    crosses: z
      .array(z.tuple([z.string().max(200), z.string().max(200)]))
      .max(50)
      .default([])
      .describe('Pairs of columns of categories whose combinations get weights of their own: [[airport, airline]]'),
  })
  .describe(
    'Tables: wide & deep (Cheng et al. 2016). Embeddings and dense layers, and beside them one weight per category and crossed pair',
  );
