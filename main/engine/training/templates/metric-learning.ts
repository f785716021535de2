import type { TemplateEntry } from './template-entry.ts';

const data = `  itemsPerClass: 8       # a batch holds 8 pictures of each of 10 classes, or of fewer where there are not so many
`;

const embedding = `model:
  kind: image_embedding
  dimensions: 64         # length of the vector of a picture
  encoder:
    kind: resnet
    channels: [16, 32, 64]
    blocks: 1
    norm: batch
`;

const training = `optimizer:
  kind: adamw
  learningRate: 0.002
schedule:
  kind: cosine
  warmupSteps: 100
training:
  epochs: 5
  clipNorm: 5
`;

export const metricLearning: readonly TemplateEntry[] = [
  {
    id: 'metric-info-nce',
    title: 'Image embeddings, InfoNCE',
    description:
      'Pictures become vectors: those of a class point the same way. Every picture has to find its class among all of a batch. Recall at 1 on Fashion-MNIST: 89.9 % after five epochs.',
    task: 'metric-learning',
    batchSize: 80,
    data,
    body: `${embedding}loss:
  kind: info_nce
  temperature: 0.1
${training}`,
  },
  {
    id: 'metric-triplet',
    title: 'Image embeddings, triplets',
    description:
      'Pictures become vectors: each lies closer to one of its class than to one of another, by a margin; the triplets that are nearly right teach. Recall at 1 on Fashion-MNIST: 88.9 % after five epochs.',
    task: 'metric-learning',
    batchSize: 80,
    data,
    body: `${embedding}loss:
  kind: triplet
  margin: 0.2
  mining: semi_hard      # or hard, or all
${training}`,
  },
];
