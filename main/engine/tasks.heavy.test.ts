import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Run } from '../contract/training.ts';
import { decodeModel } from '../graph/index.ts';
import { openStudio } from './engine-studio.test-support.ts';

const studio = openStudio();
const { call } = studio;

describe('from composed scenes to a served model', () => {
  it('masks: pixels are learned, and the served model answers with the very mask of the evaluation', async () => {
    const { runId, datasetDigest, evaluations } = await studio.trained(
      'digit-scenes-masks',
      'segmentation-unet',
      (yaml) => yaml.replace('[16, 32, 64]', '[8, 16]').replace('epochs: 40', 'epochs: 4'),
    );
    const found = evaluations.find(({ split }) => split === 'test')?.segmentation;
    expect(found?.classes).toHaveLength(11);
    expect(found?.pixelAccuracy).toBeGreaterThan(0.9);
    const worst = found?.items[0].index ?? 0;
    const item = await call('evaluation.item', { runId, split: 'test', index: worst });
    expect(item).toMatchObject({ kind: 'masks', width: 64, height: 64 });
    if (item.kind === 'masks')
      expect([...Buffer.from(item.truth, 'base64')].some((value) => value > 0 && value < 11)).toBe(true);
    const { parity } = await studio.served(runId, 'scenes');
    expect(parity).toMatchObject({ passed: true });
    const answer = await call('deployments.predict', { endpoint: 'scenes', datasetDigest, index: worst });
    expect(answer.picture).toEqual({
      kind: 'mask',
      width: 64,
      height: 64,
      labels: item.kind === 'masks' ? item.predicted : '',
    });
  });

  it('boxes: digits are found, and the served model finds the same ones', async () => {
    const { runId, datasetDigest, evaluations } = await studio.trained(
      'digit-scenes-boxes',
      'detection-centers',
      (yaml) => yaml.replace('[16, 32, 64, 64]', '[8, 16, 32]').replace('epochs: 20', 'epochs: 12'),
    );
    const found = evaluations.find(({ split }) => split === 'test')?.detection;
    expect(found?.averagePrecision50).toBeGreaterThan(0.05);
    const index = found?.items.at(-1)?.index ?? 0;
    const item = await call('evaluation.item', { runId, split: 'test', index });
    if (item.kind !== 'boxes') throw new Error('The evaluation holds no boxes.');
    expect(item.truth.length).toBeGreaterThan(0);
    const { parity } = await studio.served(runId, 'boxes');
    expect(parity).toMatchObject({ passed: true });
    const { picture } = await call('deployments.predict', { endpoint: 'boxes', datasetDigest, index });
    if (picture?.kind !== 'boxes') throw new Error('The answer holds no boxes.');
    expect(picture.boxes.length).toBeGreaterThan(0);
    expect(picture.boxes.map(({ label }) => label).sort()).toEqual(item.predicted.map(({ label }) => label).sort());
  });
});

describe('from pairs of sequences to a served model', () => {
  it('spelling to phonemes: token ids go in, and the graph writes those of the answer by itself', async () => {
    const { runId, datasetDigest, evaluations } = await studio.trained('pronunciations', 'sequence-recurrent', (yaml) =>
      yaml
        .replace('hidden: 128', 'hidden: 32')
        .replace('embedding: 64', 'embedding: 16')
        .replace('epochs: 4', 'epochs: 1'),
    );
    const found = evaluations.find(({ split }) => split === 'test')?.sequence;
    expect(found?.pairs).toBe(12_683);
    expect(found?.tokenErrorRate).toBeLessThan(0.4);
    expect(found?.exactMatch).toBeGreaterThan(0.1);
    const { parity } = await studio.served(runId, 'speaker');
    expect(parity.passed).toBe(true);
    expect(parity.checks.map(({ classAgreement }) => classAgreement)).toEqual([1, 1, 1]);
    const filter = { splits: ['test' as const], sort: 'index' as const };
    const { indices } = await call('datasets.items', { digest: datasetDigest, filter });
    const rows = await call('datasets.rows', { digest: datasetDigest, indices: indices.slice(0, 1000) });
    const known = (found?.examples ?? []).flatMap(({ source, written }) => {
      const row = rows.find(({ values }) => values?.word === source);
      return row === undefined ? [] : [{ index: row.index, written }];
    });
    expect(known.length).toBeGreaterThan(3);
    for (const { index, written } of known.slice(0, 4)) {
      const answer = await call('deployments.predict', { endpoint: 'speaker', datasetDigest, index });
      expect(answer.text).toBe(written);
      expect(answer.numbers).toHaveLength(20);
    }
    const { signature } = await call('registry.get', { modelName: 'speaker', version: 1 });
    expect(signature.outputs).toMatchObject([
      {
        name: 'sequences',
        datatype: 'INT64',
        shape: [-1, 20],
        description: expect.stringContaining('targetVocabulary'),
      },
      { name: 'probabilities', datatype: 'FP32', shape: [-1, 20] },
    ]);
  });
});

describe('from digits to a served model that draws', () => {
  const models = [
    ['vae', '{ kind: vae, latent: 8, hidden: [64], conditional: true, temperature: 0.8 }', [-1, 8], ['temperature']],
    ['gan', '{ kind: gan, latent: 16, channels: [8, 16], temperature: 0.5 }', [-1, 16], ['temperature']],
    ['diffusion', '{ kind: diffusion, channels: [8, 16], conditional: true }', [-1, 1, 28, 28], ['guidance', 'steps']],
    [
      'plain-diffusion',
      '{ kind: diffusion, steps: 20, prediction: epsilon, channels: [4, 8] }',
      [-1, 1, 28, 28],
      ['steps'],
    ],
  ] as const;
  beforeAll(() => studio.digits(1200, 100));

  it.each(models)('%s: noise in, pictures out, as the studio draws them', async (modelName, model, shape, settings) => {
    const runId = await studio.train(`
task: image-generation
data: { dataset: digits, batchSize: 50 }
model: ${model}
optimizer: { kind: adamw, learningRate: 0.003 }
training: { epochs: 2, weightAverage: { decay: 0.9 } }
threads: 1
`);
    const { parity, url } = await studio.served(runId, modelName);
    expect(parity).toMatchObject({ passed: true });
    expect(parity.checks.map(({ batchSize }) => batchSize)).toEqual([
      1,
      7,
      16,
      ...(model.includes('diffusion') ? [3] : []),
    ]);
    for (const { classAgreement } of parity.checks) expect(classAgreement).toBeGreaterThan(0.999);
    const { signature, classes } = await call('registry.get', { modelName, version: 1 });
    const conditional = model.includes('conditional');
    expect(classes).toHaveLength(conditional ? 10 : 0);
    expect(signature.inputs[0]).toMatchObject({ name: 'noise', datatype: 'FP32', shape });
    const names = signature.inputs.map(({ name }) => name).filter((name) => name !== 'label');
    expect(names).toEqual(['noise', ...settings]);
    expect(signature.outputs.find(({ name }) => name === 'image')).toMatchObject({
      datatype: 'UINT8',
      shape: [-1, 28, 28, 1],
    });
    const drawn = await call('deployments.draw', { endpoint: modelName, seed: 3, count: 12 });
    expect(drawn).toMatchObject({ samples: 12, width: 28, height: 28, channels: 1 });
    expect(drawn.labels.slice(8)).toEqual(conditional ? [8, 9, 0, 1] : [-1, -1, -1, -1]);
    // A picture follows from its seed and its class, whatever is drawn beside it.
    const picture = (pixels: string, place: number) =>
      Buffer.from(pixels, 'base64').subarray(place * 784, (place + 1) * 784);
    const alone = await call('deployments.draw', {
      endpoint: modelName,
      seed: 5,
      count: 1,
      ...(conditional ? { label: 2 } : {}),
    });
    const off = picture(alone.pixels, 0).map((value, place) => Math.abs(value - picture(drawn.pixels, 2)[place]));
    expect(Math.max(...off)).toBeLessThanOrEqual(1);
    expect(new Set(picture(alone.pixels, 0)).size).toBeGreaterThan(1);
    for (const name of settings) {
      const other = await call('deployments.draw', {
        endpoint: modelName,
        seed: 3,
        count: 12,
        settings: { [name]: name === 'steps' ? 3 : 0 },
      });
      expect(other.pixels).not.toBe(drawn.pixels);
    }
    for (const steps of model.includes('diffusion') ? [0, 2.5, 1001] : [])
      await expect(
        call('deployments.draw', { endpoint: modelName, seed: 3, settings: { steps } }),
      ).rejects.toMatchObject({ code: 'deployment.bad_input' });
    // The example that the bundle carries is a request that works.
    const curl = (await call('deployments.list', {})).find(({ endpoint }) => endpoint === modelName)?.curl ?? [];
    const example = /@'?([^' ]+)/.exec(curl.find(({ title }) => title.includes('example'))?.line ?? '')?.[1] ?? '';
    const reply = await fetch(`${url}/v2/models/${modelName}/infer`, { method: 'POST', body: readFileSync(example) });
    const { outputs } = (await reply.json()) as { outputs: { name: string; shape: number[] }[] };
    expect(outputs.find(({ name }) => name === 'image')?.shape).toEqual([1, 28, 28, 1]);
    await expect
      .poll(() => call('deployments.predictions', { endpoint: modelName, limit: 1 }))
      .toMatchObject([{ status: 200, predicted: [] }]);
    const domains = decodeModel(new Uint8Array(readFileSync(join(dirname(example), 'model.onnx')))).opsets;
    expect(Object.keys(domains)).toEqual(['']);
    expect(await call('deployments.methods', { endpoint: modelName })).toEqual([]);
  });
});

describe('a run that was paused and went on', () => {
  const light = 'augmentation: { kind: image, brightness: 0.2, contrast: 0.2, cutout: 8 }';
  const configs = [
    [
      'masks',
      'digit-scenes-masks',
      `task: image-segmentation
data: { dataset: digit-scenes-masks, batchSize: 20 }
model: { kind: unet, channels: [4, 8] }
loss: { kind: dice_cross_entropy }
${light}`,
    ],
    [
      'boxes',
      'digit-scenes-boxes',
      `task: object-detection
data: { dataset: digit-scenes-boxes, batchSize: 20 }
model: { kind: detector, channels: [4, 8, 8] }
${light}`,
    ],
    [
      'classes of rows',
      'bird-strikes',
      `task: table-classification
data: { dataset: bird-strikes, batchSize: 100 }
model: { kind: embedding_mlp, hidden: [16], dropout: 0.2 }`,
    ],
    [
      'numbers of rows',
      'penguins',
      `task: table-regression
data: { dataset: masses, batchSize: 8 }
model: { kind: mlp, hidden: [16], dropout: 0.2, norm: batch }
loss: { kind: huber }`,
    ],
  ] as const;

  it.each(configs)('ends with the bits of the unbroken one: %s', async (_, sample, config) => {
    if (config.includes('masses')) await studio.masses();
    else await studio.sample(sample);
    const yaml = `${config}
optimizer: { kind: adamw, learningRate: 0.003 }
schedule: { kind: cosine, warmupSteps: 10 }
training: { epochs: 8, checkpointEverySteps: 10, weightAverage: { decay: 0.9 } }
threads: 1
`;
    const unbroken = (await call('runs.get', { runId: await studio.train(yaml) })).run;
    const { runId } = await call('training.start', { yaml });
    const stateOf = async () => (await call('runs.get', { runId })).run;
    const until = async (reached: (run: Run) => boolean) => {
      for (let run = await stateOf(); !reached(run); run = await stateOf()) {
        if (run.status === 'FINISHED' || run.status === 'FAILED') throw new Error(`The run is ${run.status}.`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    await until(({ lastCheckpoint }) => lastCheckpoint !== null);
    await call('runs.pause', { runId });
    await until(({ status }) => status === 'PAUSED');
    const paused = await stateOf();
    expect(paused.step).toBeLessThan(paused.totalSteps);
    await studio.ended((await call('runs.resume', { runId })).jobId);
    const resumed = await stateOf();
    expect(resumed.step).toBe(unbroken.totalSteps);
    expect(resumed.lastCheckpoint).toBe(unbroken.lastCheckpoint);
    expect(resumed.bestCheckpoint).toBe(unbroken.bestCheckpoint);
    expect(resumed.metrics['test.loss']).toBe(unbroken.metrics['test.loss']);
    expect(resumed.lastCheckpoint).not.toBe(paused.lastCheckpoint);
  });
});
