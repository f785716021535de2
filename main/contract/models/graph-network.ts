import { z } from 'zod';

export const graphNetworkConfig = z
  .strictObject({
    kind: z.literal('graph_network'),
    convolution: z
      .enum(['gcn', 'sage', 'gat'])
      .default('gcn')
      .describe('gcn (Kipf & Welling 2017), sage (Hamilton et al. 2017, mean) or gat (Veličković et al. 2018)'),
    hidden: z.array(z.int().min(1).max(4096)).min(1).default([32]).describe('Features after each hidden convolution'),
    heads: z
      .int()
      .min(1)
      .max(64)
      .default(4)
      .describe('Of gat: attention heads per hidden layer; divides each of hidden'),
    activation: z.enum(['relu', 'gelu', 'silu']).default('relu'),
    dropout: z.number().min(0).max(0.95).default(0.5).describe('Fraction of features dropped before each convolution'),
  })
  .describe('Message passing over the edges of a graph');
