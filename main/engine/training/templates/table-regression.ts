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
  {
    id: 'table-regression-wide-and-deep',
    title: 'Predict a number, wide and deep',
    description: 'For tables with many categories: embeddings and dense layers, beside one weight per category.',
    task: 'table-regression',
    needs: 'category',
    batchSize: 32,
    body: `model:
  kind: wide_and_deep
  hidden: [64, 32]
  crosses: []            # pairs of columns: [[airport, airline]]
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
