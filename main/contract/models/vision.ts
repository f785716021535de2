import { z } from 'zod';

const norm = z.enum(['none', 'batch', 'group', 'instance']);

const channelsOfStages = z.array(z.int().min(1).max(4096)).min(1);
const blocks = z.int().min(1).max(48);

export const residualNetworkConfig = z
  .strictObject({
    kind: z.literal('resnet'),
    channels: channelsOfStages
      .default([16, 32, 64])
      .describe('Channels of each stage; each stage after the first halves the size'),
    blocks: z
      .union([blocks, z.array(blocks)])
      .default(1)
      .describe('Residual blocks per stage: one number for all, or one for each, as [3, 4, 6, 3] of ResNet-50'),
    block: z
      .enum(['basic', 'bottleneck'])
      .optional()
      .describe('basic (absent): two 3×3 convolutions; bottleneck: 1×1, 3×3, 1×1 to four times the channels'),
    stem: z
      .enum(['small', 'imagenet'])
      .optional()
      .describe(
        'small (absent): one 3×3 convolution; imagenet: 7×7 and a pool, a quarter of the size, for large pictures',
      ),
    norm: z
      .enum(['none', 'batch', 'group'])
      .default('batch')
      .describe('group does not depend on the batch: for small batches'),
    stochasticDepth: z
      .number()
      .min(0)
      .max(0.95)
      .optional()
      .describe('Probability that a sample skips the last block, earlier ones less (Huang et al. 2016)'),
    squeezeReduction: z
      .int()
      .min(1)
      .max(64)
      .optional()
      .describe('Each block weighs its channels through so many times fewer (squeeze and excitation, Hu et al. 2018)'),
  })
  .describe('Residual network (He et al. 2015)');

export const mobileNetConfig = z
  .strictObject({
    kind: z.literal('mobilenet_v2'),
    width: z.number().min(0.1).max(4).optional().describe('Multiplies all channels; absent = 1'),
    stages: z
      .array(
        z.strictObject({
          expansion: z.int().min(1).max(12).default(6).describe('How many times wider a block is inside'),
          channels: z.int().min(1).max(4096),
          blocks,
          stride: z
            .union([z.literal(1), z.literal(2)])
            .default(1)
            .describe('2 halves the size at the first block'),
        }),
      )
      .min(1)
      .max(16)
      .optional()
      .describe('Absent = the seven of the paper, which halve the picture four times'),
    stemChannels: z.int().min(1).max(4096).optional().describe('Of the first convolution; absent = 32'),
    stemStride: z
      .union([z.literal(1), z.literal(2)])
      .optional()
      .describe('Of the first convolution; absent = 2, and 1 keeps more of small pictures'),
    headChannels: z.int().min(1).max(8192).optional().describe('Before the output layer; absent = 1280'),
    dropout: z.number().min(0).max(0.95).optional().describe('Before the output layer; absent = 0.2'),
  })
  .describe('MobileNetV2 (Sandler et al. 2018): few parameters and operations, for phones and processors');

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
