import type { DatasetVersion } from '../../contract/datasets.ts';
import type { RunConfig } from '../../contract/run-config.ts';
import type { Template } from '../../contract/training.ts';
import { type ModelFileTemplate, modelFileTemplates } from '../model-files/index.ts';

interface TemplateEntry {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly task: RunConfig['task'];
  /** The YAML after the data section. */
  readonly body: string;
  readonly batchSize: number;
  /** More of the data section. */
  readonly data?: string;
  /** The preprocessing section; sizes are added where pictures differ. */
  readonly preprocessing?: string;
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
    description:
      'Two convolutions, a pool and a dense layer: 98 % on handwritten digits after one epoch, 91.3 % on Fashion-MNIST after three.',
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
    description:
      'Batch norm and skip connections, for harder problems; pictures are moved a little at each step. 92.1 % on Fashion-MNIST, flipped as well.',
    task: 'image-classification',
    batchSize: 64,
    preprocessing: `  normalize: unit        # 0…1, so that what moves in from outside is black
`,
    body: `augmentation:
  kind: image
  crop: 2                # moved by up to two pixels
  # horizontalFlip: 0.5  # where left and right do not matter
model:
  kind: resnet
  channels: [16, 64, 128] # each stage after the first halves the picture
  blocks: 1
  norm: batch
loss:
  kind: cross_entropy
  labelSmoothing: 0.1
optimizer:
  kind: sgd
  learningRate: 0.05
  momentum: 0.9
  weightDecay: 0.0005
schedule:
  kind: cosine
  warmupSteps: 400
training:
  epochs: 10
  clipNorm: 5
  weightAverage:
    decay: 0.999         # what is evaluated and ships is the average of the last steps
`,
  },
  {
    id: 'image-vision-transformer',
    title: 'Vision transformer',
    description: 'Attention between the patches of a picture (ViT). Needs more pictures and epochs than convolutions.',
    task: 'image-classification',
    batchSize: 64,
    body: `model:
  kind: transformer_encoder
  patch: 4               # side of a patch in pixels; it must divide the picture
  width: 64
  heads: 4
  layers: 4
  dropout: 0.1
optimizer:
  kind: adamw
  learningRate: 0.001
  weightDecay: 0.05
schedule:
  kind: cosine
  warmupSteps: 100
training:
  epochs: 10
  clipNorm: 1
`,
  },
  {
    id: 'image-convolutional-transformer',
    title: 'Convolutions, then a transformer',
    description: 'Convolutions see what is near, attention what is far: learns from fewer pictures than a plain ViT.',
    task: 'image-classification',
    batchSize: 64,
    body: `model:
  kind: convolutional_transformer
  channels: [16, 32]     # each stage halves the picture
  width: 64
  heads: 4
  layers: 2
optimizer:
  kind: adamw
  learningRate: 0.001
schedule:
  kind: cosine
  warmupSteps: 100
training:
  epochs: 5
  clipNorm: 1
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
  {
    id: 'segmentation-unet',
    title: 'Segment pictures with a U-Net',
    description:
      'A class for every pixel. Cross-entropy and Dice together, so that small things count. Digit scenes: mean IoU 0.86.',
    task: 'image-segmentation',
    batchSize: 16,
    body: `model:
  kind: unet
  channels: [16, 32, 64] # each level halves the picture
  normalization: batch
loss:
  kind: dice_cross_entropy
optimizer:
  kind: adamw
  learningRate: 0.003
schedule:
  kind: cosine
training:
  epochs: 40
`,
  },
  {
    id: 'detection-centers',
    title: 'Detect objects',
    description:
      'A heat map of centres and the distances to the sides: nothing to tune to the size of the boxes. Digit scenes: average precision 74 %.',
    task: 'object-detection',
    batchSize: 16,
    body: `model:
  kind: detector
  channels: [16, 32, 64, 64]
  stride: 4
optimizer:
  kind: adamw
  learningRate: 0.003
schedule:
  kind: cosine
training:
  epochs: 20
  clipNorm: 10
`,
  },
  {
    id: 'generation-vae',
    title: 'Draw pictures with a variational autoencoder',
    description:
      'The quickest to train; samples are smooth. Digits: a classifier is at least 90 % sure of 93 % of them.',
    task: 'image-generation',
    batchSize: 128,
    body: `model:
  kind: vae
  latent: 8
  hidden: [512, 256]
  conditional: true      # draws the class that it is asked for
  temperature: 0.8       # below 1: more typical pictures, less variety
optimizer:
  kind: adamw
  learningRate: 0.002
  weightDecay: 0
schedule:
  kind: cosine
  warmupSteps: 100
training:
  epochs: 20
`,
  },
  {
    id: 'generation-gan',
    title: 'Draw pictures with two networks that compete',
    description:
      'One draws, the other tells drawings from pictures. Sharp samples; harder to balance. Digits: a classifier is at least 90 % sure of 95.6 %.',
    task: 'image-generation',
    batchSize: 64,
    body: `model:
  kind: gan
  latent: 64
  channels: [32, 64]     # of the discriminator; the generator mirrors them
  loss: hinge
  spectralNorm: true
  conditional: true      # draws the class that it is asked for
  temperature: 0.5       # below 1: more typical pictures, less variety
optimizer:
  kind: adam
  learningRate: 0.0004
  beta1: 0.5
  parameterGroups:
    - match: "generator.*" # half the rate of the discriminator (Heusel et al. 2017)
      learningRateFactor: 0.5
schedule:
  kind: linear
training:
  epochs: 7
  weightAverage:
    decay: 0.999         # what draws is the average of the last steps
`,
  },
  {
    id: 'generation-diffusion',
    title: 'Draw pictures by diffusion',
    description:
      'Slower, and sharper: noise becomes a picture in many small steps. Digits: a classifier is at least 90 % sure of 99.8 %.',
    task: 'image-generation',
    batchSize: 64,
    body: `model:
  kind: diffusion
  channels: [32, 64]
  conditional: true      # draws the class that it is asked for
  guidance: 2            # how far beyond it
optimizer:
  kind: adamw
  learningRate: 0.002
  weightDecay: 0
schedule:
  kind: cosine
  warmupSteps: 100
training:
  epochs: 6
  clipNorm: 1
  weightAverage:
    decay: 0.999
`,
  },
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

/** The usual config of a task, with a model file in the place of its model. */
function ownEntry(task: RunConfig['task'], file: ModelFileTemplate): TemplateEntry[] {
  const usual = entries.find((entry) => entry.task === task);
  if (usual === undefined) return [];
  const model = `model:
  kind: own
  file: ${file.path}
  options: { ${file.options} }
`;
  return [
    {
      ...usual,
      id: `${task}-own`,
      title: 'Your own model',
      description: 'Written in TypeScript with PyTorch’s layers, beside this config.',
      body: usual.body.replace(/^model:\n(?: .*\n)+/, model),
    },
  ];
}

/** Configurations to start from; with a dataset only those that fit it, its name filled in. */
export function templates(dataset: DatasetVersion | undefined): Template[] {
  const own = Object.entries(modelFileTemplates).flatMap(([task, file]) => ownEntry(task as RunConfig['task'], file));
  return [...entries, ...own]
    .filter((entry) => dataset === undefined || fits(entry.task, dataset))
    .map(({ id, title, description, task, body, batchSize, data = '', preprocessing = '' }) => ({
      id,
      title,
      description,
      task,
      yaml: `${head(title, task, dataset, batchSize)}${dataFor(data, task, dataset)}${preprocessingFor(preprocessing, dataset)}${bodyFor(body, dataset)}`,
      ...fileOf(id, task),
    }));
}

function fileOf(id: string, task: RunConfig['task']): Pick<Template, 'modelFile'> {
  const file = modelFileTemplates[task];
  return file === undefined || id !== `${task}-own` ? {} : { modelFile: { path: file.path, text: file.text } };
}

function fits(task: RunConfig['task'], dataset: DatasetVersion): boolean {
  const has = (type: string) => dataset.schema.some((column) => column.type === type);
  const target = dataset.schema.find((column) => column.name === dataset.target)?.type;
  const labelled = dataset.classes.length >= 2;
  const isNumber = target === 'number' || target === 'integer';
  const table = dataset.kind === 'table';
  switch (task) {
    case 'image-classification':
      // Pictures may get their labels here, unless they came with something else to learn.
      return !table && !has('mask') && !has('boxes');
    case 'image-segmentation':
      return has('mask');
    case 'object-detection':
      return has('boxes');
    case 'image-generation':
      return !table && dataset.kind === 'image' && !has('boxes') && !has('mask');
    case 'table-regression':
      return table && isNumber;
    case 'series-forecasting':
      return table && isNumber && inTime(dataset);
    case 'table-classification':
      return table && labelled && dataset.edges === undefined && !(has('text') && onlyText(dataset));
    case 'text-classification':
      return table && labelled && dataset.edges === undefined && has('text');
    case 'language-modeling':
      return table && dataset.edges === undefined && has('text');
    case 'node-classification':
      return table && labelled && dataset.edges !== undefined;
  }
}

/** Whether there is nothing but text to learn from. */
function onlyText({ schema, target }: DatasetVersion): boolean {
  return schema.every(({ name, type }) => name === target || type === 'text' || type === 'time');
}

/** Whether rows may follow each other in time: a column says when, or there is nothing but numbers. */
function inTime({ schema }: DatasetVersion): boolean {
  return (
    schema.some(({ type }) => type === 'time') || schema.every(({ type }) => type === 'number' || type === 'integer')
  );
}

/** The data section of a template, with the columns of a dataset filled in. */
function dataFor(data: string, task: RunConfig['task'], dataset: DatasetVersion | undefined): string {
  const column = (type: string) => dataset?.schema.filter((candidate) => candidate.type === type) ?? [];
  if (task === 'series-forecasting') {
    const [time] = column('time');
    return time === undefined ? data : `${data}    time: ${JSON.stringify(time.name)}\n`;
  }
  const texts = column('text');
  return data === '' || texts.length < 2 ? data : `${data}    column: ${JSON.stringify(texts[0].name)}\n`;
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

/** Without labels, nothing can be drawn by class. */
function bodyFor(body: string, dataset: DatasetVersion | undefined): string {
  if (dataset === undefined || dataset.classes.length >= 2) return body;
  return body.replace(/^ {2}(conditional|guidance):.*\n/gm, '');
}

/** Pictures of different sizes need one that the model sees. */
function preprocessingFor(preprocessing: string, dataset: DatasetVersion | undefined): string {
  const differ = dataset?.image != null && (dataset.image.width === null || dataset.image.height === null);
  const resize = differ ? '  resize: [64, 64]       # height, width; the pictures differ in size\n' : '';
  return preprocessing + resize === '' ? '' : `preprocessing:\n${resize}${preprocessing}`;
}
