import type { TemplateEntry } from './template-entry.ts';

export const nodeClassification: readonly TemplateEntry[] = [
  {
    id: 'node-gcn',
    title: 'Classify nodes of a graph',
    description:
      'Graph convolutions over the edges; a node without features is known by its neighbours. A novel’s ten groups: 13 of 19 held-out people right.',
    task: 'node-classification',
    batchSize: 64,
    body: `model:
  kind: graph_network
  convolution: gcn       # or sage, gat
  hidden: [32]
  dropout: 0.5
optimizer:
  kind: adamw
  learningRate: 0.01
  weightDecay: 0.0005
training:
  epochs: 100
`,
  },
];
