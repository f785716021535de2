import type { DatasetVersion } from '../../contract/datasets.ts';
import type { RunConfig } from '../../contract/run-config.ts';
import type { Template } from '../../contract/training.ts';

interface TemplateEntry {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly task: RunConfig['task'];
  /** The YAML after the data section. */
  readonly body: string;
  readonly batchSize: number;
}

const entries: readonly TemplateEntry[] = [
  {
    id: 'image-mlp',
    title: 'Dense network on pictures',
    description: 'The quickest baseline: seconds per epoch on small grey pictures.',
    task: 'image-classification',
    batchSize: 64,
    body: `model:
  kind: mlp
  hidden: [512, 256]
  activation: relu
optimizer:
  kind: adamw
  learningRate: 0.001
training:
  epochs: 3
`,
  },
  {
    id: 'image-cnn',
    title: 'Convolutional network',
    description: 'Two convolutions, a pool and a dense layer: 98 % on handwritten digits after one epoch.',
    task: 'image-classification',
    batchSize: 64,
    body: `model:
  kind: cnn
  channels: [32, 64]     # output channels of each convolution
  kernel: 3
  poolEvery: 2           # a 2 × 2 max pool after every second convolution
  hidden: [128]
optimizer:
  kind: adamw
  learningRate: 0.001
training:
  epochs: 3
  earlyStopping:
    metric: validation_loss
    patienceEpochs: 3
`,
  },
  {
    id: 'image-resnet',
    title: 'Residual network',
    description: 'Batch norm and skip connections, for colour pictures and harder problems. Slower.',
    task: 'image-classification',
    batchSize: 64,
    body: `model:
  kind: resnet
  channels: [16, 32, 64] # each stage after the first halves the picture
  blocks: 1
  norm: batch
optimizer:
  kind: sgd
  learningRate: 0.05
  momentum: 0.9
  weightDecay: 0.0005
schedule:
  kind: cosine
  warmupSteps: 100
training:
  epochs: 10
  clipNorm: 5
`,
  },
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

/** Configurations to start from; with a dataset only those that fit it, its name filled in. */
export function templates(dataset: DatasetVersion | undefined): Template[] {
  return entries
    .filter((entry) => dataset === undefined || fits(entry.task, dataset))
    .map(({ id, title, description, task, body, batchSize }) => ({
      id,
      title,
      description,
      task,
      yaml: `${head(title, task, dataset, batchSize)}${sizes(dataset)}${body}`,
    }));
}

function fits(task: RunConfig['task'], dataset: DatasetVersion): boolean {
  if (dataset.kind !== 'table') return task === 'image-classification';
  const target = dataset.schema.find((column) => column.name === dataset.target)?.type;
  if (task === 'table-regression') return target === 'number' || target === 'integer';
  return task === 'table-classification' && dataset.classes.length >= 2;
}

function head(title: string, task: string, dataset: DatasetVersion | undefined, batchSize: number): string {
  const reference = dataset === undefined ? 'your-dataset' : `${dataset.name}@${dataset.version}`;
  const experiment = dataset?.name ?? 'default';
  return `# ${title}. Every key has an explanation: point at it, or press Ctrl-Space.
experiment: ${JSON.stringify(experiment)}
task: ${task}
seed: 0
data:
  dataset: ${JSON.stringify(reference)}
  batchSize: ${batchSize}
`;
}

/** Pictures of different sizes need one that the model sees. */
function sizes(dataset: DatasetVersion | undefined): string {
  if (dataset?.image == null || (dataset.image.width !== null && dataset.image.height !== null)) return '';
  return `preprocessing:
  resize: [64, 64]       # height, width; the pictures differ in size
`;
}
