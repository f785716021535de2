import type { TemplateEntry } from './template-entry.ts';

export const tableClassification: readonly TemplateEntry[] = [
  {
    id: 'table-classification-mlp',
    title: 'Classify rows of a table',
    description: 'Numbers are standardised, categories become one-hot, gaps become the mean, all inside the model.',
    task: 'table-classification',
    batchSize: 32,
    body: `model:
  kind: mlp
  hidden: [32, 16]
optimizer:
  kind: adamw
  learningRate: 0.01
training:
  epochs: 60
  earlyStopping:
    metric: validation_loss
    patienceEpochs: 15
`,
  },
  {
    id: 'table-mixture-of-experts',
    title: 'Classify rows with a mixture of experts',
    description: 'A gate says how much each of several small networks counts for a row.',
    task: 'table-classification',
    batchSize: 32,
    body: `model:
  kind: mixture_of_experts
  experts: 4
  topK: 2
  hidden: [16]
optimizer:
  kind: adamw
  learningRate: 0.01
training:
  epochs: 60
  earlyStopping:
    metric: validation_loss
    patienceEpochs: 15
`,
  },
];
