import { z } from 'zod';

export const convolutionalTransformerConfig = z
  .strictObject({
    kind: z.literal('convolutional_transformer'),
    channels: z
      .array(z.int().min(1).max(4096))
      .min(1)
      .max(6)
      .default([32, 64])
      .describe('Of the convolutions in front; each halves the picture'),
    width: z.int().min(2).max(4096).default(64).describe('Length of the vector of a place; heads must divide it'),
    heads: z.int().min(1).max(64).default(4).describe('Attention heads'),
    layers: z.int().min(1).max(48).default(2).describe('Transformer blocks'),
    feedForward: z.int().min(1).optional().describe('Units inside a block; absent = twice the width'),
    dropout: z.number().min(0).max(0.95).default(0),
  })
  .describe('Convolutions, then a transformer over the places of the picture (Xiao et al. 2021)');
