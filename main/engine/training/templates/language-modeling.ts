import type { TemplateEntry } from './template-entry.ts';

export const languageModeling: readonly TemplateEntry[] = [
  {
    id: 'language-transformer',
    title: 'Language model',
    description: 'A small transformer that learns to write like the text, letter by letter.',
    task: 'language-modeling',
    batchSize: 32,
    data: `  text:
    unit: characters
    length: 64           # characters that the model sees
    vocabulary: 256
`,
    body: `model:
  kind: transformer_decoder
  width: 64
  heads: 4
  layers: 2
  positions: rotary
optimizer:
  kind: adamw
  learningRate: 0.002
schedule:
  kind: cosine
  warmupSteps: 50
training:
  epochs: 1
  clipNorm: 1
`,
  },
];
