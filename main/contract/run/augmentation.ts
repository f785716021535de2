import { z } from 'zod';

const share = z.number().min(0).max(1).optional();
const degrees = z.number().min(0).max(180).optional();
const alpha = z.number().positive().max(100).optional();

/** Samples of train change as they enter the model, differently at each step; validation and test stay as they are. */
export const augmentationConfig = z.discriminatedUnion('kind', [
  z
    .strictObject({
      kind: z.literal('image'),
      horizontalFlip: share.describe('Probability: 0.5 where left and right do not matter'),
      verticalFlip: share.describe('Probability'),
      crop: z
        .int()
        .min(0)
        .max(512)
        .optional()
        .describe('Moves the picture by up to so many pixels, with a border of 0'),
      rotation: degrees.describe('At most so many degrees to either side'),
      scaling: z
        .tuple([z.number().positive().max(10), z.number().positive().max(10)])
        .optional()
        .describe('Least and largest factor of size, such as [0.9, 1.1]'),
      translation: share.describe('At most this share of the size, to either side'),
      shear: z.number().min(0).max(80).optional().describe('At most so many degrees'),
      brightness: share.describe('Factors between 1 − s and 1 + s'),
      contrast: share.describe('Factors between 1 − s and 1 + s'),
      saturation: share.describe('Factors between 1 − s and 1 + s; colour pictures'),
      hue: z.number().min(0).max(0.5).optional().describe('At most this share of a full turn; colour pictures'),
      cutout: z
        .int()
        .min(0)
        .max(1024)
        .optional()
        .describe('Side of a square that is blanked out, in pixels (DeVries & Taylor 2017)'),
      mixup: alpha.describe('Blends pictures and their targets by Beta(α, α) (Zhang et al. 2018), such as 0.2'),
      cutmix: alpha.describe(
        'Puts a box of another picture into each, targets in proportion (Yun et al. 2019), such as 1; instead of mixup',
      ),
    })
    .describe('Pictures: geometry, colours, blanked and mixed pictures. Pixels from outside are 0 after normalisation'),
  z
    .strictObject({
      kind: z.literal('series'),
      jitter: z.number().min(0).max(10).optional().describe('Standard deviation of noise, in deviations of the column'),
      magnitude: z.number().min(0).max(10).optional().describe('Standard deviation of a factor around 1 per column'),
      timeWarp: z.number().min(0).max(0.99).optional().describe('How strongly time is bent; it never runs backwards'),
      crop: share.describe('The least share of the window that is stretched to its whole length'),
    })
    .describe('Windows of a series'),
  z
    .strictObject({
      kind: z.literal('text'),
      masking: z.number().min(0).max(0.95).default(0.1).describe('Probability that a token becomes the unknown one'),
    })
    .describe('Texts: tokens that are hidden, so that no single one decides'),
]);
