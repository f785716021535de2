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
  {
    id: 'table-embeddings',
    title: 'Classify rows with embeddings of categories',
    description:
      'A learned vector for each category instead of a column: for airports, airlines, postcodes. Unknown categories are allowed for.',
    task: 'table-classification',
    needs: 'category',
    batchSize: 64,
    body: `model:
  kind: embedding_mlp
  hidden: [64, 32]
  minimumCount: 5        # what train has less often counts as unknown
  dropout: 0.2
optimizer:
  kind: adamw
  learningRate: 0.002
  weightDecay: 0.05
schedule:
  kind: cosine
training:
  epochs: 20
  earlyStopping:
    metric: validation_loss
    patienceEpochs: 5
`,
  },
  {
    id: 'table-wide-and-deep',
    title: 'Classify rows, wide and deep',
    description:
      'One weight per category, and per pair of categories where you name the columns, beside embeddings and dense layers.',
    task: 'table-classification',
    needs: 'category',
    batchSize: 64,
    body: `model:
  kind: wide_and_deep
  hidden: [64, 32]
  crosses: []            # pairs of columns: [[airport, airline]]
  minimumCount: 5        # what train has less often counts as unknown
  dropout: 0.2
optimizer:
  kind: adamw
  learningRate: 0.002
  weightDecay: 0.05
schedule:
  kind: cosine
training:
  epochs: 20
  earlyStopping:
    metric: validation_loss
    patienceEpochs: 5
`,
  },
];
