import type { CompilableModel, LossSpec } from '../../../main/graph/index.ts';
import { buildModel } from '../../../main/models/index.ts';
import { workloads } from '../training/workloads/index.ts';

const digits = { kind: 'classification', classes: 10 } as const;
const image = (channels: number, size: number) => ({ kind: 'image', channels, height: size, width: size }) as const;
const digitImage = image(1, 28);
const series = { kind: 'series', length: 64, features: 64 } as const;
const tokens = { kind: 'tokens', length: 64, vocabulary: 1000 } as const;
const classify: LossSpec = { kind: 'cross_entropy' };

/** A model whose training step is measured against its estimate. */
export interface MeasuredCase {
  readonly model: CompilableModel;
  readonly loss: LossSpec;
  readonly batchSizes: readonly number[];
  /** Sizes that are no multiple of the batch, by their symbol. */
  readonly sizes?: Readonly<Record<string, number>>;
}

const made = (model: CompilableModel, batchSizes: readonly number[], loss: LossSpec = classify): MeasuredCase => ({
  model,
  loss,
  batchSizes,
});

const ofTraining = Object.fromEntries(
  workloads.map(({ name, model, loss, data }) => {
    const batch = data.x?.dims[0] ?? 1;
    const sizes = { edges: data.edges?.dims[1] ?? 0 };
    return [name, { model, loss, batchSizes: model.fullBatch ? [batch] : [...new Set([16, batch, 300])], sizes }];
  }),
);

/** Every family, the workloads of `bench training` first. */
export const cases: Readonly<Record<string, MeasuredCase>> = {
  ...ofTraining,
  'cnn-batchnorm': made(
    buildModel(
      { kind: 'cnn', channels: [32, 64], poolAfter: [2], hidden: [128], normalization: 'batch' },
      digitImage,
      digits,
    ),
    [16, 64, 300],
  ),
  mobilenet: made(buildModel({ kind: 'mobilenet_v2', stemStride: 1, width: 0.5 }, image(3, 64), digits), [16, 64]),
  detector: {
    ...made(
      buildModel({ kind: 'detector', channels: [16, 32, 64] }, image(1, 64), { kind: 'detection', classes: 10 }),
      [8, 64],
      { kind: 'detection', stride: 4 },
    ),
    sizes: { boxes: 6 },
  },
  ...Object.fromEntries(
    (
      [
        ['info-nce', { kind: 'info_nce', temperature: 0.1 }],
        // Every anchor with every positive and every negative.
        ['triplet', { kind: 'triplet', margin: 0.2, mining: 'semi_hard' }],
      ] as const
    ).map(([name, loss]) => [
      `image-embedding-${name}`,
      made(
        buildModel(
          {
            kind: 'image_embedding',
            dimensions: 64,
            encoder: { kind: 'resnet', channels: [16, 32, 64], normalization: 'batch' },
          },
          digitImage,
          { kind: 'embedding' },
        ),
        [80, 240],
        loss,
      ),
    ]),
  ),
  rnn: made(buildModel({ kind: 'recurrent', cell: 'rnn', hidden: 128 }, series, digits), [64, 256]),
  'lstm-forecast': made(
    buildModel({ kind: 'recurrent', cell: 'lstm', hidden: 64, decoder: 'recurrent' }, series, {
      kind: 'forecast',
      horizon: 16,
      series: 1,
    }),
    [32, 128],
    { kind: 'mse' },
  ),
  'gru-text': made(
    buildModel({ kind: 'recurrent', cell: 'gru', hidden: 64, bidirectional: true, pooling: 'mean' }, tokens, digits),
    [32, 128],
  ),
  'transformer-decoder': made(
    buildModel({ kind: 'transformer_decoder', width: 128, heads: 4, layers: 2 }, tokens, {
      kind: 'tokens',
      vocabulary: 1000,
    }),
    [8, 32, 128],
    { kind: 'token_cross_entropy' },
  ),
  ...Object.fromEntries(
    (
      [
        { kind: 'recurrent_encoder_decoder', cell: 'gru', hidden: 128, embedding: 64, bidirectional: true },
        { kind: 'transformer_encoder_decoder', width: 64, heads: 4, layers: 2, tieWeights: true },
      ] as const
    ).map((spec) => [
      spec.kind.replaceAll('_', '-'),
      made(
        buildModel(
          spec,
          { kind: 'tokens', length: 20, vocabulary: 30 },
          { kind: 'tokens', length: 20, vocabulary: 43 },
        ),
        [64, 256],
        { kind: 'token_cross_entropy', ignoreIndex: 0 },
      ),
    ]),
  ),
  'vision-transformer': made(
    buildModel({ kind: 'transformer_encoder', width: 64, heads: 4, layers: 4, patch: 4 }, image(3, 32), digits),
    [32, 128],
  ),
  gat: {
    ...made(
      buildModel(
        { kind: 'graph_network', convolution: 'gat', hidden: [16] },
        { kind: 'graph', features: 1433 },
        digits,
      ),
      [2708],
    ),
    sizes: { edges: 10_556 },
  },
  vae: made(buildModel({ kind: 'vae', latent: 16, channels: [32, 64] }, digitImage, digitImage), [64, 256], {
    kind: 'module',
  }),
  gan: made(buildModel({ kind: 'gan', latent: 64 }, digitImage, digitImage), [64, 128], {
    kind: 'module',
  }),
  diffusion: made(buildModel({ kind: 'diffusion' }, digitImage, digitImage), [64, 128], {
    kind: 'module',
  }),
  'convolutional-transformer': made(
    buildModel({ kind: 'convolutional_transformer', width: 64, heads: 4, layers: 2 }, image(3, 32), digits),
    [32, 128],
  ),
  'mixture-of-experts': made(
    buildModel(
      { kind: 'mixture_of_experts', experts: 4, topK: 2, hidden: [256] },
      { kind: 'table', features: 784 },
      digits,
    ),
    [64, 512],
  ),
};

export function caseOf(name: string): MeasuredCase {
  const found = cases[name];
  if (found === undefined) throw new Error(`There is no case called ${name}: ${Object.keys(cases).join(', ')}.`);
  return found;
}
