import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Run } from '../../main/contract/training.ts';
import { licences, writeWords } from './real-texts.ts';
import { finish, serveModel, trainModel } from './serve-model.ts';
import type { Stage } from './stage.ts';

/**
 * What the screens after training show: two real runs on the digits, a model version, its bundle and an endpoint. Each is
 * made on the first question for it and kept in the workspace, so that the next pictures find it there.
 */
const endpointName = 'digits';
const modelName = 'digit-reader';
const samplePredictions = 12;

const configs = [
  `name: Small convolutional network
experiment: digits
task: image-classification
data: { dataset: DATASET, batchSize: 128 }
model: { kind: cnn, channels: [8, 16], hidden: [64] }
schedule: { kind: cosine, warmupSteps: 50 }
training: { epochs: 2 }
`,
  `name: Dense baseline
experiment: digits
task: image-classification
data: { dataset: DATASET, batchSize: 128 }
model: { kind: mlp, hidden: [64] }
training: { epochs: 3 }
`,
] as const;

const masksConfig = `name: Masks of digits
experiment: masks
task: image-segmentation
data: { dataset: DATASET, batchSize: 16 }
model: { kind: unet, channels: [8, 16, 32] }
loss: { kind: dice_cross_entropy }
optimizer: { kind: adamw, learningRate: 0.003 }
training: { epochs: 4 }
`;

let runs: Promise<readonly Run[]> | undefined;
let bundle: Promise<string> | undefined;
let endpoint: Promise<string> | undefined;

/** The convolutional run and the dense one, finished. */
export function trainedRuns(stage: Stage): Promise<readonly Run[]> {
  runs ??= Promise.all(configs.map((config) => trainedRun(stage, config.replace('DATASET', stage.digits))));
  return runs;
}

/** A U-Net on composed scenes, finished. */
export async function maskRun(stage: Stage): Promise<Run> {
  const datasets = await stage.call('datasets.list', {});
  const scenes = datasets.find(({ name }) => name === 'digit-scenes-masks')?.versions[0]?.digest;
  return trainedRun(stage, masksConfig.replace('DATASET', scenes ?? ''));
}

/** Path of the first version of the model. */
export async function versionPath(stage: Stage): Promise<string> {
  const [run] = await trainedRuns(stage);
  const models = await stage.call('registry.list', {});
  if (!models.some(({ name }) => name === modelName)) {
    const description = 'Two convolutions, two epochs, cosine schedule.';
    await stage.call('registry.register', { runId: run?.id ?? '', modelName, description });
    await stage.call('registry.requestPromotion', { modelName, version: 1, alias: 'staging', comment: 'First try.' });
  }
  return `/models/${modelName}/1`;
}

/** Digest of the bundle of that version. */
export function exportedBundle(stage: Stage): Promise<string> {
  bundle ??= (async () => {
    await versionPath(stage);
    const find = async () => (await stage.call('bundles.list', { modelName }))[0]?.digest;
    const known = await find();
    if (known !== undefined) return known;
    await finish(stage.call, (await stage.call('bundles.export', { modelName, version: 1 })).jobId);
    return (await find()) ?? '';
  })();
  return bundle;
}

/** Path of an endpoint that serves the bundle and has answered a few times. */
export function servingEndpoint(stage: Stage): Promise<string> {
  endpoint ??= (async () => {
    const bundleDigest = await exportedBundle(stage);
    const serving = (await stage.call('deployments.list', {})).find((entry) => entry.endpoint === endpointName);
    if (serving?.state !== 'READY') {
      const { jobId } =
        serving === undefined
          ? await stage.call('deployments.deploy', { endpoint: endpointName, bundleDigest })
          : await stage.call('deployments.start', { endpoint: endpointName });
      await finish(stage.call, jobId);
      for (let index = 0; index < samplePredictions; index += 1)
        await stage.call('deployments.predict', { endpoint: endpointName, datasetDigest: stage.digits, index });
    }
    return `/deploy/${endpointName}`;
  })();
  return endpoint;
}

/** Models that answer otherwise than by a class of a picture: small, real, each behind an endpoint of its own. */
const others = {
  drawer: `name: Digits out of noise
task: image-generation
data: { dataset: digits, batchSize: 128 }
model: { kind: vae, latent: 8, hidden: [256, 128], conditional: true, temperature: 0.8 }
optimizer: { kind: adamw, learningRate: 0.002, weightDecay: 0 }
training: { epochs: 3 }
`,
  writer: `name: Letters of licences
task: language-modeling
data: { dataset: licences, batchSize: 32, text: { unit: characters, length: 48 } }
model: { kind: transformer_decoder, width: 32, heads: 4, layers: 1 }
optimizer: { kind: adamw, learningRate: 0.005 }
training: { epochs: 12 }
`,
  finder: `name: Digits by their neighbours
task: metric-learning
data: { dataset: digits, batchSize: 80, itemsPerClass: 8 }
model: { kind: image_embedding, dimensions: 32, encoder: { kind: cnn, channels: [8, 16], hidden: [64] } }
loss: { kind: info_nce }
training: { epochs: 1 }
`,
  people: `name: Groups of a novel
task: node-classification
data: { dataset: novel }
model: { kind: graph_network, convolution: gcn, hidden: [16] }
optimizer: { kind: adamw, learningRate: 0.02 }
training: { epochs: 60 }
`,
  speaker: `name: Words as they are spoken
task: sequence-to-sequence
data:
  dataset: words
  batchSize: 64
  sequences:
    source: { column: word, unit: characters, length: 20 }
    target: { column: phonemes, unit: words, length: 20 }
model: { kind: recurrent_encoder_decoder, cell: gru, hidden: 96, embedding: 48 }
optimizer: { kind: adamw, learningRate: 0.005 }
training: { epochs: 8, clipNorm: 1 }
`,
  diffuser: `name: Digits out of noise, step by step
task: image-generation
data: { dataset: digits, batchSize: 128 }
model: { kind: diffusion, channels: [16, 32], conditional: true }
optimizer: { kind: adamw, learningRate: 0.002, weightDecay: 0 }
training: { epochs: 1 }
`,
} as const;

/** Path of the endpoint of one of them. */
export async function otherEndpoint(stage: Stage, name: keyof typeof others): Promise<string> {
  const serving = (await stage.call('deployments.list', {})).find(({ endpoint: other }) => other === name);
  if (serving?.state === 'READY') return `/deploy/${name}`;
  if (serving !== undefined) {
    await finish(stage.call, (await stage.call('deployments.start', { endpoint: name })).jobId);
    return `/deploy/${name}`;
  }
  await datasetFor(stage, name);
  await serveModel(stage.call, (await otherRun(stage, name)).id, name);
  return `/deploy/${name}`;
}

/** The run of one of them, finished. */
export async function otherRun(stage: Stage, name: keyof typeof others): Promise<Run> {
  await datasetFor(stage, name);
  return trainedRun(stage, others[name]);
}

/** Imports what the samples do not have. */
async function datasetFor({ call }: Stage, name: keyof typeof others): Promise<void> {
  const imported = new Set((await call('datasets.list', {})).map((dataset) => dataset.name));
  if (name === 'writer' && !imported.has('licences')) {
    const splits = { mode: 'ordered', validation: 0.05, test: 0.05, seed: 0 } as const;
    const options = { name: 'licences', splits };
    await finish(call, (await call('datasets.import', { path: licences, options })).jobId);
  }
  if (name === 'speaker' && !imported.has('words')) {
    const path = join(tmpdir(), `words-${process.pid}.csv`);
    writeWords(path, 20);
    const splits = { mode: 'stratified', validation: 0.1, test: 0.2, seed: 0 } as const;
    await finish(call, (await call('datasets.import', { path, options: { name: 'words', splits } })).jobId);
    rmSync(path);
  }
}

async function trainedRun(stage: Stage, yaml: string): Promise<Run> {
  const name = /^name: (.+)$/m.exec(yaml)?.[1];
  const known = (await stage.call('runs.list', {})).find((run) => run.name === name && run.status === 'FINISHED');
  if (known !== undefined) return known;
  return (await stage.call('runs.get', { runId: await trainModel(stage.call, yaml) })).run;
}
