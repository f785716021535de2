import type { TaskName } from '../../contract/run-config.ts';

/** A model file to begin with. */
export interface ModelFileTemplate {
  readonly path: string;
  /** What a run's config chooses of its options. */
  readonly options: string;
  readonly text: string;
}

const HEAD = '// A model of your own. Point at a word for its explanation; Ctrl-Space lists what there is.\n';

const image = `${HEAD}import { Conv2d, Dropout, defineModel, flatten, Linear, MaxPool2d, Module, relu, type Tensor } from 'lightbench';

class Net extends Module {
  conv1: Conv2d;
  conv2: Conv2d;
  pool = new MaxPool2d(2);
  dropout: Dropout;
  hidden: Linear;
  head: Linear;

  constructor(channels: number, height: number, width: number, classes: number, first: number, dropout: number) {
    super();
    this.conv1 = new Conv2d(channels, first, 3, { padding: 'same' });
    this.conv2 = new Conv2d(first, 2 * first, 3, { padding: 'same' });
    this.dropout = new Dropout(dropout);
    this.hidden = new Linear(2 * first * Math.floor(height / 4) * Math.floor(width / 4), 128);
    this.head = new Linear(128, classes);
  }

  forward(x: Tensor) {
    x = this.pool(relu(this.conv1(x)));
    x = this.pool(relu(this.conv2(x)));
    x = this.dropout(relu(this.hidden(flatten(x))));
    return this.head(x);
  }
}

export default defineModel({
  task: 'image-classification',
  // What a run's config can change, under model.options.
  options: { channels: 16, dropout: 0.2 },
  build: ({ input, output, options }) =>
    new Net(input.channels, input.height, input.width, output.classes, options.channels, options.dropout),
});
`;

const table = `${HEAD}import { add, BatchNorm1d, defineModel, Linear, Module, relu, type Tensor } from 'lightbench';

/** relu(x + what two layers make of it) */
class Residual extends Module {
  norm: BatchNorm1d;
  inner: Linear;
  outer: Linear;

  constructor(width: number) {
    super();
    this.norm = new BatchNorm1d(width);
    this.inner = new Linear(width, 2 * width);
    this.outer = new Linear(2 * width, width);
  }

  forward(x: Tensor) {
    return add(x, this.outer(relu(this.inner(this.norm(x)))));
  }
}

class Net extends Module {
  first: Linear;
  blocks: Residual[];
  head: Linear;

  constructor(features: number, outputs: number, width: number, depth: number) {
    super();
    this.first = new Linear(features, width);
    this.blocks = Array.from({ length: depth }, () => new Residual(width));
    this.head = new Linear(width, outputs);
  }

  forward(x: Tensor) {
    x = this.first(x);
    for (const block of this.blocks) x = block(x);
    return this.head(relu(x));
  }
}

export default defineModel({
  task: ['table-classification', 'table-regression'],
  // What a run's config can change, under model.options.
  options: { width: 32, depth: 2 },
  build: ({ input, output, options }) =>
    new Net(
      input.features,
      output.kind === 'classification' ? output.classes : output.outputs,
      options.width,
      options.depth,
    ),
});
`;

const text = `${HEAD}import {
  cat,
  defineModel,
  Embedding,
  GRU,
  Linear,
  Module,
  sequenceLengths,
  sequenceMean,
  type Tensor,
} from 'lightbench';

class Net extends Module {
  embedding: Embedding;
  gru: GRU;
  head: Linear;

  constructor(vocabulary: number, classes: number, width: number) {
    super();
    // The id 0 is padding.
    this.embedding = new Embedding(vocabulary, width, { padding: 0, deviation: 0.1 });
    this.gru = new GRU(width, width, { bidirectional: true });
    this.head = new Linear(4 * width, classes);
  }

  forward(tokens: Tensor) {
    const lengths = sequenceLengths(tokens);
    const { output, last } = this.gru(this.embedding(tokens), { lengths });
    return this.head(cat([last, sequenceMean(output, lengths)]));
  }
}

export default defineModel({
  task: 'text-classification',
  // What a run's config can change, under model.options.
  options: { width: 32 },
  build: ({ input, output, options }) => new Net(input.vocabulary, output.classes, options.width),
});
`;

const series = `${HEAD}import { defineModel, Linear, LSTM, Module, reshape, type Tensor } from 'lightbench';

class Net extends Module {
  lstm: LSTM;
  head: Linear;
  horizon: number;
  series: number;

  constructor(features: number, horizon: number, series: number, units: number) {
    super();
    this.lstm = new LSTM(features, units);
    this.head = new Linear(units, horizon * series);
    this.horizon = horizon;
    this.series = series;
  }

  forward(x: Tensor) {
    const { last } = this.lstm(x);
    return reshape(this.head(last), [-1, this.horizon, this.series]);
  }
}

export default defineModel({
  task: 'series-forecasting',
  // What a run's config can change, under model.options.
  options: { units: 32 },
  build: ({ input, output, options }) => new Net(input.features, output.horizon, output.series, options.units),
});
`;

const language = `${HEAD}import {
  add,
  defineModel,
  Embedding,
  LayerNorm,
  Linear,
  Module,
  Parameter,
  type Tensor,
  TransformerEncoderLayer,
} from 'lightbench';

class Net extends Module {
  embedding: Embedding;
  positions: Parameter;
  blocks: TransformerEncoderLayer[];
  norm: LayerNorm;
  head: Linear;

  constructor(length: number, vocabulary: number, width: number, heads: number, depth: number) {
    super();
    this.embedding = new Embedding(vocabulary, width, { deviation: 0.02 });
    this.positions = new Parameter([length, width]);
    this.blocks = Array.from({ length: depth }, () => new TransformerEncoderLayer(width, heads));
    this.norm = new LayerNorm(width);
    this.head = new Linear(width, vocabulary);
  }

  forward(tokens: Tensor) {
    let x = add(this.embedding(tokens), this.positions);
    for (const block of this.blocks) x = block(x, { causal: true });
    return this.head(this.norm(x));
  }
}

export default defineModel({
  task: 'language-modeling',
  // What a run's config can change, under model.options.
  options: { width: 64, heads: 4, depth: 2 },
  build: ({ input, options }) =>
    new Net(input.length, input.vocabulary, options.width, options.heads, options.depth),
});
`;

const segmentation = `${HEAD}import { BatchNorm2d, Conv2d, cat, defineModel, MaxPool2d, Module, relu, type Tensor, Upsample } from 'lightbench';

class Block extends Module {
  conv: Conv2d;
  norm: BatchNorm2d;

  constructor(inChannels: number, outChannels: number) {
    super();
    this.conv = new Conv2d(inChannels, outChannels, 3, { padding: 'same', bias: false });
    this.norm = new BatchNorm2d(outChannels);
  }

  forward(x: Tensor) {
    return relu(this.norm(this.conv(x)));
  }
}

/** A U-Net of two levels; the sides of the pictures are even. */
class Net extends Module {
  down: Block;
  bottom: Block;
  up: Block;
  pool = new MaxPool2d(2);
  grow = new Upsample(2);
  head: Conv2d;

  constructor(channels: number, classes: number, width: number) {
    super();
    this.down = new Block(channels, width);
    this.bottom = new Block(width, 2 * width);
    this.up = new Block(3 * width, width);
    this.head = new Conv2d(width, classes, 1);
  }

  forward(x: Tensor) {
    const fine = this.down(x);
    const coarse = this.bottom(this.pool(fine));
    return this.head(this.up(cat([fine, this.grow(coarse)])));
  }
}

export default defineModel({
  task: 'image-segmentation',
  // What a run's config can change, under model.options.
  options: { width: 16 },
  build: ({ input, output, options }) => new Net(input.channels, output.classes, options.width),
});
`;

/** For each task whose model can be one of your own. */
export const modelFileTemplates: Readonly<Partial<Record<TaskName, ModelFileTemplate>>> = {
  'image-classification': { path: 'models/image-net.ts', options: 'channels: 16', text: image },
  'image-segmentation': { path: 'models/segmentation-net.ts', options: 'width: 16', text: segmentation },
  'table-classification': { path: 'models/table-net.ts', options: 'width: 32', text: table },
  'table-regression': { path: 'models/table-net.ts', options: 'width: 32', text: table },
  'text-classification': { path: 'models/text-net.ts', options: 'width: 32', text: text },
  'series-forecasting': { path: 'models/series-net.ts', options: 'units: 32', text: series },
  'language-modeling': { path: 'models/language-net.ts', options: 'width: 64', text: language },
};
