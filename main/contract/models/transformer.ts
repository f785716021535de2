import { z } from 'zod';

const settings = {
  width: z.int().min(2).max(4096).default(64).describe('Length of the vector of a step; heads must divide it'),
  heads: z.int().min(1).max(64).default(4).describe('Attention heads'),
  layers: z.int().min(1).max(48).default(2),
  feedForward: z.int().min(1).optional().describe('Units inside a block; absent = four times the width'),
  activation: z.enum(['gelu', 'relu', 'silu']).default('gelu'),
  order: z.enum(['pre', 'post']).default('pre').describe('Norms before each part of a block, or after each sum'),
  normalization: z.enum(['layer', 'rms']).default('layer'),
  positions: z
    .enum(['learned', 'sinusoidal', 'rotary'])
    .default('learned')
    .describe('How the model knows where a token stands; rotary: Su et al. 2021'),
  dropout: z.number().min(0).max(0.95).default(0),
};

export const transformerEncoderConfig = z
  .strictObject({
    kind: z.literal('transformer_encoder'),
    ...settings,
    pooling: z
      .enum(['mean', 'cls'])
      .default('mean')
      .describe('The mean over the steps, or a learned token before them'),
    patch: z.int().min(1).max(64).optional().describe('Side of the square patches of a picture (ViT)'),
  })
  .describe('Transformer encoder (Vaswani et al. 2017) for text, series and pictures');

export const transformerDecoderConfig = z
  .strictObject({
    kind: z.literal('transformer_decoder'),
    ...settings,
    tieWeights: z.boolean().default(true).describe('The output layer is the embedding itself (Press & Wolf 2017)'),
  })
  .describe('Transformer decoder: a language model');

export const transformerEncoderDecoderConfig = z
  .strictObject({
    kind: z.literal('transformer_encoder_decoder'),
    ...settings,
    tieWeights: z.boolean().default(true).describe('The output layer is the embedding of the target itself'),
  })
  .describe('Transformer encoder and decoder (Vaswani et al. 2017), each of so many layers: one sequence into another');
