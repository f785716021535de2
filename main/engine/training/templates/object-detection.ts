import type { TemplateEntry } from './template-entry.ts';

export const objectDetection: readonly TemplateEntry[] = [
  {
    id: 'detection-centers',
    title: 'Detect objects',
    description:
      'A heat map of centres and the distances to the sides: nothing to tune to the size of the boxes. Digit scenes: average precision 74 %.',
    task: 'object-detection',
    batchSize: 16,
    body: `model:
  kind: detector
  channels: [16, 32, 64, 64]
  stride: 4
optimizer:
  kind: adamw
  learningRate: 0.003
schedule:
  kind: cosine
training:
  epochs: 20
  clipNorm: 10
`,
  },
];
