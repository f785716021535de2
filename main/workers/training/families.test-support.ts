import { type LossSpec, STANDARD, type Target } from '../../graph/index.ts';
import {
  type ArchitectureSpec,
  buildModel,
  type InputSignature,
  type Model,
  type OutputSignature,
} from '../../models/index.ts';
import type { ProviderName } from '../../runtime/index.ts';
import type { Feed, Feeds } from './feeds.ts';
import { StepRunner } from './step-runner.ts';

/** A small model of a family, and batches for it that differ from step to step. */
export interface TrainableFamily {
  readonly model: Model;
  readonly loss: LossSpec;
  feedsOf(step: number): Feeds;
}

const BATCH = 4;
const CLASSES = 3;
const SIDE = 8;

const picture: InputSignature = { kind: 'image', channels: 1, height: SIDE, width: SIDE };
const series: InputSignature = { kind: 'series', length: 5, features: 3 };
const words: InputSignature = { kind: 'tokens', length: 6, vocabulary: 11 };
const table: InputSignature = { kind: 'table', features: 6 };
const classes: OutputSignature = { kind: 'classification', classes: CLASSES };
const crossEntropy: LossSpec = { kind: 'cross_entropy' };
const nextToken: LossSpec = { kind: 'token_cross_entropy', ignoreIndex: 0 };

/** Numbers in [−1, 1) that depend on all of their places. */
const noise = (count: number, stream: number): Float32Array<ArrayBuffer> =>
  Float32Array.from({ length: count }, (_, index) => {
    const mixed = Math.imul(Math.imul(index + 1, 0x9e3779b9) ^ Math.imul(stream + 1, 0x85ebca6b), 0xc2b2ae35);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 31 - 1;
  });
const numbers = (dims: readonly number[], stream: number): Feed => ({
  dims,
  data: noise(
    dims.reduce((product, size) => product * size, 1),
    stream,
  ),
});
const images = (stream: number): Feed => {
  const { dims, data } = numbers([BATCH, 1, SIDE, SIDE], stream);
  return { dims, data: (data as Float32Array<ArrayBuffer>).map(Math.abs) };
};
const integers = (dims: readonly number[], limit: number, stream: number): Feed => ({
  dims,
  data: BigInt64Array.from(
    noise(
      dims.reduce((product, size) => product * size, 1),
      stream,
    ),
    (value) => BigInt(Math.floor(((value + 1) / 2) * limit)),
  ),
});
/** Ids from 1 up, the last two places of every second row padding. */
const texts = (stream: number): Feed => {
  const { dims, data } = integers([BATCH, 6], 10, stream);
  return { dims, data: (data as BigInt64Array<ArrayBuffer>).map((id, at) => (at % 12 > 9 ? 0n : id + 1n)) };
};
const labels = (step: number): Feed => integers([BATCH], CLASSES, 900 + step);

function classifier(spec: ArchitectureSpec, input: InputSignature, x: (step: number) => Feed): TrainableFamily {
  return {
    model: buildModel(spec, input, classes),
    loss: crossEntropy,
    feedsOf: (step) => ({ x: x(step), y: labels(step) }),
  };
}

const vision = (spec: ArchitectureSpec) => () => classifier(spec, picture, images);
const sequence = (spec: ArchitectureSpec) => () => classifier(spec, series, (step) => numbers([BATCH, 5, 3], step));
const drawing = (spec: ArchitectureSpec) => (): TrainableFamily => ({
  model: buildModel(spec, picture, { ...picture, classes: CLASSES } as OutputSignature),
  loss: { kind: 'module' },
  feedsOf: (step) => ({ x: images(step), label: labels(step) }),
});

const embedding = (loss: LossSpec) => (): TrainableFamily => ({
  model: buildModel(
    { kind: 'image_embedding', dimensions: 4, encoder: { kind: 'cnn', channels: [4, 8], hidden: [8] } },
    picture,
    { kind: 'embedding' },
  ),
  loss,
  // Two of each of two classes.
  feedsOf: (step) => ({ x: images(step), y: { dims: [BATCH], data: BigInt64Array.of(0n, 1n, 1n, 0n) } }),
});

const writer = (spec: ArchitectureSpec): TrainableFamily => ({
  model: buildModel(spec, words, { kind: 'tokens', vocabulary: 11, length: 6 }),
  loss: nextToken,
  feedsOf: (step) => ({ x: texts(step), target: texts(50 + step), y: texts(80 + step) }),
});

const NODES = 9;
/** A path through all nodes and one edge more, in both directions. */
const PAIRS = [...Array.from({ length: NODES - 1 }, (_, node) => [node, node + 1]), [0, 4]];
const BOTH = [...PAIRS, ...PAIRS.map((pair) => pair.toReversed())];
const edges: Feed = {
  dims: [2, BOTH.length],
  data: BigInt64Array.from([...BOTH.map(([from]) => from), ...BOTH.map(([, to]) => to)], BigInt),
};
const nodes = (convolution: 'gcn' | 'sage' | 'gat') => (): TrainableFamily => ({
  model: buildModel({ kind: 'graph_network', convolution, hidden: [8] }, { kind: 'graph', features: 4 }, classes),
  loss: crossEntropy,
  feedsOf: (step) => ({
    x: numbers([NODES, 4], step),
    y: integers([NODES], CLASSES, 900 + step),
    edges,
  }),
});

/** One box a picture: class, left, top, right, bottom. */
const boxes = (step: number): Feed => {
  const rows = Array.from({ length: BATCH }, (_, image) => {
    const [left, top] = [(image + step) % 4, (image + 3 * step) % 4];
    return [(image + step) % 2, left, top, left + 3, top + 4];
  });
  return { dims: [BATCH, 1, 5], data: Float32Array.from(rows.flat()) };
};

const small = { width: 8, heads: 2, layers: 1, feedForward: 16 } as const;

/** Every family of the record of the training engine, small. */
export const families: Readonly<Record<string, () => TrainableFamily>> = {
  mlp: () =>
    classifier({ kind: 'mlp', hidden: [8], normalization: 'layer' }, table, (step) => numbers([BATCH, 6], step)),
  cnn: vision({ kind: 'cnn', channels: [4, 8], padding: 'same', hidden: [8], dropout: 0.1 }),
  'resnet with batch norm': vision({ kind: 'resnet', channels: [4, 8], normalization: 'batch' }),
  mobilenet: vision({
    kind: 'mobilenet_v2',
    stemChannels: 8,
    stemStride: 1,
    headChannels: 16,
    stages: [{ expansion: 2, channels: 8, blocks: 2, stride: 2 }],
  }),
  unet: () => ({
    model: buildModel({ kind: 'unet', channels: [4, 8], normalization: 'group' }, picture, {
      kind: 'segmentation',
      classes: CLASSES,
    }),
    loss: { kind: 'dice_cross_entropy' },
    feedsOf: (step) => ({ x: images(step), y: integers([BATCH, SIDE, SIDE], CLASSES, 900 + step) }),
  }),
  detector: () => ({
    model: buildModel({ kind: 'detector', channels: [4, 8], stride: 2 }, picture, { kind: 'detection', classes: 2 }),
    loss: { kind: 'detection', stride: 2 },
    feedsOf: (step) => ({ x: images(step), y: boxes(step) }),
  }),
  'image embedding, InfoNCE': embedding({ kind: 'info_nce', temperature: 0.2 }),
  'image embedding, hardest triplets': embedding({ kind: 'triplet', margin: 0.5, mining: 'hard' }),
  rnn: sequence({ kind: 'recurrent', cell: 'rnn', hidden: 5 }),
  lstm: sequence({ kind: 'recurrent', cell: 'lstm', hidden: 5, layers: 2, bidirectional: true }),
  gru: () => classifier({ kind: 'recurrent', cell: 'gru', hidden: 5, embedding: 4, bidirectional: true }, words, texts),
  'transformer encoder': () => classifier({ kind: 'transformer_encoder', ...small, dropout: 0.1 }, words, texts),
  'transformer decoder': () => ({
    model: buildModel({ kind: 'transformer_decoder', ...small, positions: 'rotary', tieWeights: true }, words, {
      kind: 'tokens',
      vocabulary: 11,
    }),
    loss: nextToken,
    feedsOf: (step) => ({ x: texts(step), y: texts(50 + step) }),
  }),
  'transformer encoder and decoder': () => writer({ kind: 'transformer_encoder_decoder', ...small }),
  'recurrent encoder and decoder': () =>
    writer({ kind: 'recurrent_encoder_decoder', cell: 'gru', hidden: 5, bidirectional: true }),
  gcn: nodes('gcn'),
  sage: nodes('sage'),
  gat: nodes('gat'),
  vae: drawing({ kind: 'vae', latent: 3, channels: [4, 8], hidden: [16], conditional: true }),
  gan: drawing({ kind: 'gan', latent: 4, channels: [4, 8], conditional: true }),
  diffusion: drawing({ kind: 'diffusion', steps: 20, channels: [4, 8], conditional: true }),
  'convolutional transformer': vision({ kind: 'convolutional_transformer', channels: [4], ...small }),
  'mixture of experts': () =>
    classifier({ kind: 'mixture_of_experts', experts: 3, topK: 2, hidden: [5] }, table, (step) =>
      numbers([BATCH, 6], step),
    ),
};

const STEPS = 3;

/** The losses of a few steps of AdamW: by the standard lowering on the CPU, by the device's own on a device. */
export async function lossesOf(family: string, provider: ProviderName): Promise<readonly number[]> {
  const known = families[family];
  if (known === undefined) throw new Error(`There is no family ${family}.`);
  const { model, loss, feedsOf } = known();
  const optimizer = { kind: 'adamw', weightDecay: 0.01 } as const;
  const target: Target = provider === 'webgpu' ? { provider } : STANDARD;
  const options = { loss, optimizer, clipNorm: 1, target };
  const runner = await StepRunner.create(model, options, { provider, threads: 1 }, 1, null);
  const losses: number[] = [];
  for (let step = 1; step <= STEPS; step++) {
    const [figures] = await runner.run(step, Float32Array.of(5e-3), 7, feedsOf(step), model.fullBatch ?? false);
    losses.push(figures.loss);
  }
  await runner.dispose();
  return losses;
}
