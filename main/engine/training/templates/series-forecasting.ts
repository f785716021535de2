import type { TemplateEntry } from './template-entry.ts';

export const seriesForecasting: readonly TemplateEntry[] = [
  {
    id: 'series-mlp',
    title: 'Forecast a series with a dense network',
    description: 'Windows of the past, the next steps at once, measured from the newest value. A strong baseline.',
    task: 'series-forecasting',
    batchSize: 64,
    data: `  series:
    length: 24           # rows that the model sees
    horizon: 6           # rows that it forecasts
    origin: last
`,
    body: `model:
  kind: mlp
  hidden: [64]
loss:
  kind: mse
optimizer:
  kind: adamw
  learningRate: 0.005
schedule:
  kind: cosine
training:
  epochs: 60
`,
  },
  {
    id: 'series-recurrent',
    title: 'Forecast a series with a recurrent network',
    description: 'A GRU reads the window step by step.',
    task: 'series-forecasting',
    batchSize: 64,
    data: `  series:
    length: 24
    horizon: 6
`,
    body: `model:
  kind: recurrent
  cell: gru
  hidden: 32
loss:
  kind: huber
optimizer:
  kind: adamw
  learningRate: 0.005
training:
  epochs: 60
  clipNorm: 1
`,
  },
];
