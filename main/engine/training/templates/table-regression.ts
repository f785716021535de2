import type { TemplateEntry } from './template-entry.ts';

export const tableRegression: readonly TemplateEntry[] = [
  {
    id: 'table-regression-mlp',
    title: 'Predict a number from a table',
    description: 'Mean squared error on the standardised target; predictions come out in its own unit.',
    task: 'table-regression',
    batchSize: 32,
    body: `model:
  kind: mlp
  hidden: [64, 32]
loss:
  kind: mse
optimizer:
  kind: adamw
  learningRate: 0.005
schedule:
  kind: cosine
training:
  epochs: 100
  earlyStopping:
    metric: validation_loss
    patienceEpochs: 20
`,
  },
];
