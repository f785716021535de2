import { z } from 'zod';

const norm = z.enum(['none', 'batch', 'group', 'instance']);

export const unetConfig = z
  .strictObject({
    kind: z.literal('unet'),
    channels: z
      .array(z.int().min(1).max(2048))
      .min(2)
      .max(8)
      .default([16, 32, 64])
      .describe('From the full picture to the bottom; each level halves it'),
    normalization: norm.default('batch'),
    upsampling: z
      .enum(['nearest', 'bilinear', 'transpose'])
      .default('nearest')
      .describe('How pictures grow again; transpose learns it'),
    dropout: z.number().min(0).max(0.95).default(0).describe('At the bottom'),
  })
  .describe('U-Net (Ronneberger et al. 2015): a class for every pixel');

export const detectorConfig = z
  .strictObject({
    kind: z.literal('detector'),
    channels: z
      .array(z.int().min(1).max(2048))
      .min(2)
      .max(8)
      .default([16, 32, 64, 64])
      .describe('Of the levels; each after the first halves the picture'),
    stride: z
      .union([z.literal(1), z.literal(2), z.literal(4), z.literal(8), z.literal(16)])
      .default(4)
      .describe('Pixels per cell of the heat map'),
    headChannels: z.int().min(1).max(2048).optional().describe('Absent = the channels of the level with that stride'),
    normalization: norm.default('batch'),
    scoreThreshold: z.number().min(0).max(1).default(0.3).describe('Boxes below this score are left out'),
    overlapThreshold: z.number().min(0).max(1).default(0.5).describe('Of boxes that overlap more, the best stays'),
    maximumBoxes: z.int().min(1).max(1000).default(100).describe('Per class and picture'),
  })
  .describe('One-stage detector without anchors: a heat map of centres (Zhou et al. 2019) and distances to the sides');
