import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Column } from '../../../contract/datasets.ts';
import { digitsDataset, runTrainer, trainerInputOf } from '../digits.test-support.ts';
import {
  finished,
  importTaskDataset,
  interrupted,
  mails,
  type TaskDataset,
  taskConfig,
  taskInput,
  vega,
} from './tasks.test-support.ts';

const folders: string[] = [];
const ordered = { mode: 'ordered', validation: 0.15, test: 0.2, seed: 0 };
const drawn = { mode: 'stratified', validation: 0.15, test: 0.2, seed: 0 };

async function imported(path: string, options: Record<string, unknown>): Promise<TaskDataset> {
  const dataset = await importTaskDataset(path, options);
  folders.push(dataset.workspaceFolder);
  return dataset;
}
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});
const number = (name: string): Column => ({ name, type: 'number', nullable: false });
const errorOf = async (input: Parameters<typeof runTrainer>[0]) => {
  const ended = await runTrainer(input).ended;
  return ended !== null && 'error' in ended ? ended.error : ended;
};

describe('series forecasting', () => {
  let co2: TaskDataset;
  beforeAll(async () => {
    co2 = await imported(vega('co2-concentration.csv'), { target: 'CO2', splits: ordered });
  });
  const config = (patch: Record<string, unknown> = {}) =>
    taskConfig({
      task: 'series-forecasting',
      data: { batchSize: 64, series: { time: 'Date', length: 24, horizon: 6 } },
      model: { kind: 'mlp', hidden: [32] },
      loss: { kind: 'mse' },
      optimizer: { kind: 'adamw', learningRate: 0.005 },
      training: { epochs: 40, checkpointEverySteps: 20 },
      ...patch,
    });
  const input = (patch: Record<string, unknown> = {}) => taskInput(co2, config(patch), { columns: [number('CO2')] });

  it('forecasts real carbon dioxide better than the newest value repeated, in its own unit', async () => {
    const { evaluations, metrics } = await finished(input());
    expect(evaluations.map(({ evaluation }) => evaluation.split)).toEqual(['validation', 'test']);
    const { forecast } = evaluations[1].evaluation;
    expect(forecast?.model.meanAbsoluteError).toBeLessThan(0.5 * (forecast?.naive.meanAbsoluteError ?? 0));
    expect(forecast?.perStep).toHaveLength(6);
    expect(forecast?.examples[0]).toMatchObject({ truth: expect.any(Array), forecast: expect.any(Array) });
    // Parts per million of the years after 2005.
    expect(forecast?.line[0].truth).toBeGreaterThan(370);
    expect(metrics['test.mae']).toBe(forecast?.model.meanAbsoluteError);
  });

  it('goes on from a pause to the bits of the unbroken run, augmentation included', async () => {
    const augmentation = { kind: 'series', jitter: 0.05, magnitude: 0.1, timeWarp: 0.2, crop: 0.9 };
    const short = input({ training: { epochs: 30, checkpointEverySteps: 10 }, augmentation });
    const [unbroken, resumed] = [await finished(short), await interrupted(short, 20)];
    expect(resumed.checkpoints.at(-1)?.artifact.digest).toBe(unbroken.checkpoints.at(-1)?.artifact.digest);
    expect(resumed.evaluations.at(-1)?.predictions).toEqual(unbroken.evaluations.at(-1)?.predictions);
  });

  it('refuses splits that are not in order of time, and windows that do not fit', async () => {
    const shuffled = await imported(vega('co2-concentration.csv'), { target: 'CO2', splits: drawn });
    expect(await errorOf(taskInput(shuffled, config(), { columns: [number('CO2')] }))).toMatchObject({
      code: 'source.inconsistent',
      cause: expect.stringContaining('not in order of time'),
    });
    const long = input({ data: { series: { length: 700, horizon: 6 } } });
    expect(await errorOf(long)).toMatchObject({ code: 'source.empty' });
  });
});

describe('table classification', () => {
  /**
   * Answers of ±1 and those of the opposite opinion, each row as often as told, with how much it counts: however they are
   * counted, their mean is 0 and their deviation 1, so that all are standardised alike.
   */
  async function votes(countOf: (row: number) => number, weightOf: (row: number) => number): Promise<TaskDataset> {
    const lines = Array.from({ length: 24 }, (_, row) => {
      const answers = [1, 2, 4].map((bit) => ((row * 5) & bit ? 1 : -1));
      return [answers, answers.map((answer) => -answer)].flatMap((each, side) => {
        const line = [(row + side) % 5 < 2 ? 'yes' : 'no', ...each, weightOf(row)].join(',');
        return Array<string>(countOf(row)).fill(line);
      });
    }).flat();
    const folder = mkdtempSync(join(tmpdir(), 'votes-'));
    folders.push(folder);
    writeFileSync(join(folder, 'votes.csv'), ['party,first,second,third,weight', ...lines].join('\n'));
    return imported(join(folder, 'votes.csv'), { target: 'party', splits: { ...drawn, validation: 0, test: 0 } });
  }
  const config = (data: Record<string, unknown> = {}) =>
    taskConfig({
      task: 'table-classification',
      data: { batchSize: 1000, validationFraction: 0, ...data },
      model: { kind: 'mlp', hidden: [8] },
      optimizer: { kind: 'sgd', learningRate: 0.1, momentum: 0.9 },
      training: { epochs: 12 },
    });
  const columns = ['first', 'second', 'third'].map(number);
  const lossesOf = async (dataset: TaskDataset, data: Record<string, unknown> = {}) => {
    const { run } = await finished(taskInput(dataset, config(data), { columns }));
    return run.messages.flatMap((message) =>
      message.type === 'points' ? message.points.map(({ values }) => values.train_loss) : [],
    );
  };

  it('counts a row of weight two as two rows, and one of weight zero as none', async () => {
    const weights = (row: number) => row % 3;
    const counted = await lossesOf(await votes(() => 1, weights), { weights: 'weight' });
    const repeated = await lossesOf(await votes(weights, () => 1));
    const alike = await lossesOf(await votes(() => 1, weights));
    expect(counted.length).toBe(12);
    counted.forEach((loss, epoch) => {
      expect(loss, `epoch ${epoch + 1}`).toBeCloseTo(repeated[epoch] ?? Number.NaN, 5);
    });
    expect(Math.abs((counted.at(-1) ?? 0) - (alike.at(-1) ?? 0))).toBeGreaterThan(1e-3);
  });

  it('refuses a row whose weight is below zero', async () => {
    const dataset = await votes(
      () => 1,
      (row) => (row === 5 ? -1 : 1),
    );
    const input = taskInput(dataset, config({ weights: 'weight' }), { columns });
    expect(await errorOf(input)).toMatchObject({ code: 'source.inconsistent', cause: expect.stringContaining('-1') });
  });
});

describe('text classification', () => {
  let spam: TaskDataset;
  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mails-'));
    folders.push(folder);
    writeFileSync(join(folder, 'mails.json'), JSON.stringify(mails(100)));
    spam = await imported(join(folder, 'mails.json'), { target: 'label', splits: drawn });
  });
  const config = (patch: Record<string, unknown> = {}) =>
    taskConfig({
      task: 'text-classification',
      data: { batchSize: 32, text: { length: 64, vocabulary: 3000 } },
      model: { kind: 'recurrent', cell: 'gru', hidden: 32, pooling: 'mean', dropout: 0.1 },
      optimizer: { kind: 'adamw', learningRate: 0.01 },
      training: { epochs: 6, checkpointEverySteps: 10 },
      ...patch,
    });
  const text: Column = { name: 'text', type: 'text', nullable: false };
  const input = (patch: Record<string, unknown> = {}) => taskInput(spam, config(patch), { columns: [text] });

  it('tells real spam from ham', async () => {
    const { evaluations } = await finished(input());
    const found = evaluations[1].evaluation.classification;
    expect(found?.classes).toEqual(['ham', 'spam']);
    expect(found?.accuracy).toBeGreaterThan(0.85);
  });

  it('goes on from a pause to the bits of the unbroken run, dropout and hidden words included', async () => {
    const short = input({
      training: { epochs: 2, checkpointEverySteps: 4 },
      augmentation: { kind: 'text', masking: 0.2 },
    });
    const [unbroken, resumed] = [await finished(short), await interrupted(short, 8)];
    expect(resumed.checkpoints.at(-1)?.artifact.digest).toBe(unbroken.checkpoints.at(-1)?.artifact.digest);
  });

  it('says that no word is frequent enough', async () => {
    const rare = input({ data: { text: { length: 8, minimumCount: 100_000 } } });
    expect(await errorOf(rare)).toMatchObject({ code: 'source.empty', cause: expect.stringContaining('No word') });
  });
});

describe('language modeling', () => {
  let prose: TaskDataset;
  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'prose-'));
    folders.push(folder);
    writeFileSync(
      join(folder, 'prose.txt'),
      mails(25)
        .map((mail) => mail.text)
        .join('\n\n'),
    );
    prose = await imported(join(folder, 'prose.txt'), { splits: { ...ordered, validation: 0.05, test: 0.05 } });
  });
  const config = (patch: Record<string, unknown> = {}) =>
    taskConfig({
      task: 'language-modeling',
      data: { batchSize: 16, text: { length: 32 } },
      model: { kind: 'transformer_decoder', width: 32, heads: 2, layers: 1 },
      optimizer: { kind: 'adamw', learningRate: 0.003 },
      training: { epochs: 1, checkpointEverySteps: 50 },
      ...patch,
    });
  const text: Column = { name: 'text', type: 'text', nullable: false };

  it('learns the letters of real mails, and writes some', async () => {
    expect(prose.result).toMatchObject({ format: 'text', kind: 'table' });
    const { evaluations, checkpoints } = await finished(taskInput(prose, config(), { columns: [text] }));
    const { language, loss } = evaluations[1].evaluation;
    // Guessing evenly among the characters would be ln 100 or so.
    expect(language?.perplexity).toBeLessThan(25);
    expect(language?.perplexity).toBeCloseTo(Math.exp(loss), 6);
    expect(language?.samples[0].text.length).toBeGreaterThan(50);
    const again = await interrupted(taskInput(prose, config(), { columns: [text] }), 50);
    expect(again.checkpoints.at(-1)?.artifact.digest).toBe(checkpoints.at(-1)?.artifact.digest);
  });

  it('says that there is too little text', async () => {
    const long = config({
      data: { text: { length: 8000 } },
      model: { kind: 'transformer_decoder', width: 8, heads: 1, layers: 1 },
    });
    const short = await imported(vega('miserables.json'), { splits: drawn });
    const name: Column = { name: 'name', type: 'text', nullable: false };
    expect(await errorOf(taskInput(short, long, { columns: [name] }))).toMatchObject({ code: 'source.empty' });
  });
});

describe('sequence to sequence', () => {
  let spoken: TaskDataset;
  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'spoken-'));
    folders.push(folder);
    const source = join(process.cwd(), 'node_modules/cmu-pronouncing-dictionary/index.js');
    const lines = readFileSync(source, 'utf8').split('\n');
    // Every sixtieth word, without stress, tab-separated.
    const rows = lines
      .filter((_, line) => line % 60 === 0)
      .flatMap((line) => [...line.matchAll(/"([a-z]+)": "(.*)"/g)])
      .map(([, word, phonemes]) => `${word}\t${phonemes.replace(/\d/g, '')}`);
    writeFileSync(join(folder, 'spoken.tsv'), `word\tphonemes\n${rows.join('\n')}\n`);
    spoken = await imported(join(folder, 'spoken.tsv'), { splits: drawn });
  });
  const columns: Column[] = ['word', 'phonemes'].map((name) => ({ name, type: 'text', nullable: false }));
  const config = (patch: Record<string, unknown> = {}) =>
    taskConfig({
      task: 'sequence-to-sequence',
      data: {
        batchSize: 32,
        sequences: { source: { length: 12 }, target: { unit: 'words', length: 12 } },
      },
      model: { kind: 'recurrent_encoder_decoder', cell: 'gru', hidden: 32, embedding: 16, dropout: 0.1 },
      optimizer: { kind: 'adamw', learningRate: 0.01 },
      training: { epochs: 6, checkpointEverySteps: 20 },
      ...patch,
    });

  it('learns how real words are spoken, and writes it down', async () => {
    const { evaluations, checkpoints, metrics } = await finished(taskInput(spoken, config(), { columns }));
    const { sequence, loss, count } = evaluations[1].evaluation;
    expect(sequence?.pairs).toBe(count);
    // Words that have nothing to do with each other differ in nearly every phoneme, and one in 39 is right by chance.
    expect(sequence?.tokenErrorRate).toBeLessThan(0.75);
    expect(sequence?.accuracy).toBeGreaterThan(0.3);
    expect(loss).toBeLessThan(Math.log(39) * 0.8);
    expect(metrics['test.token_error_rate']).toBe(sequence?.tokenErrorRate);
    expect(sequence?.examples.length).toBeGreaterThan(50);
    for (const { target, written, errors } of sequence?.examples ?? []) expect(errors === 0).toBe(written === target);
    expect(checkpoints.at(-1)?.metrics.validation_accuracy).toBeGreaterThan(0.3);
  });

  it.each([
    { kind: 'recurrent_encoder_decoder', cell: 'lstm', hidden: 8, layers: 2, dropout: 0.1 },
    { kind: 'transformer_encoder_decoder', width: 16, heads: 2, layers: 1, dropout: 0.1 },
  ])('goes on from a pause and from kill -9 to the bits of the unbroken run: $kind', async (model) => {
    const input = taskInput(spoken, config({ model, training: { epochs: 1, checkpointEverySteps: 10 } }), { columns });
    const unbroken = await finished(input);
    for (const how of ['pause', 'kill'] as const) {
      const resumed = await interrupted(input, 20, how);
      expect(resumed.checkpoints.at(-1)?.artifact.digest, how).toBe(unbroken.checkpoints.at(-1)?.artifact.digest);
      expect(resumed.evaluations.at(-1)?.predictions, how).toEqual(unbroken.evaluations.at(-1)?.predictions);
    }
  });

  it('refuses a model that writes no sequences', async () => {
    const model = { kind: 'recurrent', cell: 'gru', hidden: 8 };
    expect(await errorOf(taskInput(spoken, config({ model }), { columns }))).toMatchObject({
      code: 'config.invalid',
      cause: expect.stringContaining('encoder–decoder'),
    });
  });
});

describe('node classification', () => {
  let novel: TaskDataset;
  beforeAll(async () => {
    novel = await imported(vega('miserables.json'), { target: 'group', splits: drawn });
  });
  const config = taskConfig({
    task: 'node-classification',
    model: { kind: 'graph_network', convolution: 'gcn', hidden: [16], dropout: 0.3 },
    optimizer: { kind: 'adamw', learningRate: 0.02 },
    training: { epochs: 60, checkpointEverySteps: 20 },
  });

  it('finds the groups of a real novel from who meets whom', async () => {
    expect(novel.result).toMatchObject({ format: 'node-link', rows: 77, edges: 2 * 254 });
    const { evaluations, checkpoints } = await finished(taskInput(novel, config));
    const found = evaluations.find(({ evaluation }) => evaluation.split === 'test')?.evaluation;
    expect(found?.count).toBe(found?.classification?.confusion.flat().reduce((sum, count) => sum + count, 0));
    // Ten groups; the largest holds a fifth of the people.
    expect(found?.classification?.accuracy).toBeGreaterThan(0.4);
    const again = await interrupted(taskInput(novel, config), 20);
    expect(again.checkpoints.at(-1)?.artifact.digest).toBe(checkpoints.at(-1)?.artifact.digest);
  });

  it('refuses a table without edges', async () => {
    const table = await imported(vega('penguins.json'), { target: 'Species', splits: drawn });
    expect(await errorOf(taskInput(table, config))).toMatchObject({ code: 'source.inconsistent' });
  });
});

describe('metric learning', () => {
  const config = (patch: Record<string, unknown> = {}) =>
    taskConfig({
      task: 'metric-learning',
      data: { batchSize: 40, itemsPerClass: 4 },
      model: { kind: 'image_embedding', dimensions: 16, encoder: { kind: 'cnn', channels: [8], hidden: [32] } },
      loss: { kind: 'info_nce' },
      optimizer: { kind: 'adamw', learningRate: 0.005 },
      training: { epochs: 3, checkpointEverySteps: 5 },
      ...patch,
    });
  const triplets = { kind: 'triplet', margin: 0.3, mining: 'hard' };

  it('finds real digits by their neighbours', async () => {
    const digits = await digitsDataset(600, 100);
    folders.push(digits.workspaceFolder);
    const { evaluations, metrics, checkpoints } = await finished(trainerInputOf(digits, config()));
    const { retrieval, count, loss } = evaluations[1].evaluation;
    // One in ten by chance.
    expect(retrieval?.recallAt1).toBeGreaterThan(0.6);
    expect(retrieval?.recallAt5).toBeGreaterThan(retrieval?.recallAt1 ?? 1);
    expect(retrieval?.meanAveragePrecisionAtR).toBeGreaterThan(0.3);
    expect(metrics['test.recall_at_1']).toBe(retrieval?.recallAt1);
    expect(checkpoints.at(-1)?.metrics.validation_recall_at_1).toBeGreaterThan(0.6);
    expect(retrieval?.queries).toBe(count);
    expect(loss).toBeGreaterThan(Math.log(3));
    for (const { index, neighbours } of retrieval?.examples ?? []) {
      expect(neighbours).toHaveLength(8);
      expect(neighbours.map((near) => near.index)).not.toContain(index);
      const similarities = neighbours.map(({ similarity }) => similarity);
      expect(similarities).toEqual(similarities.toSorted((a, b) => b - a));
    }
    expect(retrieval?.examples.some(({ label, neighbours }) => neighbours[0].label !== label)).toBe(true);
  });

  it.each([
    ['InfoNCE', { kind: 'info_nce', temperature: 0.2 }],
    ['triplets', triplets],
  ])('goes on from a pause and from kill -9 to the bits of the unbroken run: %s', async (_, loss) => {
    const digits = await digitsDataset(300, 100);
    folders.push(digits.workspaceFolder);
    const augmentation = { kind: 'image', crop: 2 };
    const input = trainerInputOf(digits, config({ loss, augmentation, preprocessing: { resize: [12, 12] } }));
    const unbroken = await finished(input);
    for (const [step, how] of [
      [5, 'pause'],
      [10, 'kill'],
    ] as const) {
      const resumed = await interrupted(input, step, how);
      expect(resumed.checkpoints.at(-1)?.step).toBe(18);
      expect(resumed.checkpoints.at(-1)?.artifact.digest, how).toBe(unbroken.checkpoints.at(-1)?.artifact.digest);
      expect(resumed.evaluations.at(-1)?.predictions, how).toEqual(unbroken.evaluations.at(-1)?.predictions);
      expect(resumed.metrics['test.loss'], how).toBe(unbroken.metrics['test.loss']);
    }
  });

  it('refuses a model without embeddings', async () => {
    const digits = await digitsDataset(60, 10);
    folders.push(digits.workspaceFolder);
    const input = trainerInputOf(digits, config({ model: { kind: 'mlp', hidden: [8] } }));
    expect(await errorOf(input)).toMatchObject({
      code: 'config.invalid',
      cause: expect.stringContaining('image_embedding'),
    });
  });
});

describe('image generation', () => {
  it('draws digits after a real autoencoder, and goes on from a pause to the same bits', async () => {
    const digits = await digitsDataset(600, 100);
    folders.push(digits.workspaceFolder);
    const config = taskConfig({
      task: 'image-generation',
      data: { batchSize: 50 },
      model: { kind: 'vae', latent: 8, hidden: [64] },
      optimizer: { kind: 'adamw', learningRate: 0.005, weightDecay: 0 },
      training: { epochs: 10, checkpointEverySteps: 10 },
    });
    const input = trainerInputOf(digits, config, { classes: [], labels: null });
    const { evaluations, checkpoints } = await finished(input);
    const { generation, loss } = evaluations[0].evaluation;
    const pixels = Buffer.from(generation?.pixels ?? '', 'base64');
    expect(pixels.length).toBe(64 * 28 * 28);
    // Dark rims and bright strokes; noise would be grey all over.
    const mean = (at: (place: number) => boolean) => {
      const chosen = pixels.filter((_, place) => at(place % 784));
      return chosen.reduce((sum, value) => sum + value, 0) / chosen.length;
    };
    expect(mean((place) => place < 56)).toBeLessThan(30);
    expect(mean((place) => place > 350 && place < 450)).toBeGreaterThan(40);
    expect(Number.isFinite(loss)).toBe(true);
    const again = await interrupted(input, 30);
    expect(again.checkpoints.at(-1)?.artifact.digest).toBe(checkpoints.at(-1)?.artifact.digest);
    expect(again.evaluations[0].predictions).toEqual(evaluations[0].predictions);
  });

  it.each([
    [
      'competing networks',
      {
        model: { kind: 'gan', latent: 8, channels: [4, 8], conditional: true },
        optimizer: {
          kind: 'adam',
          learningRate: 0.002,
          beta1: 0.5,
          parameterGroups: [{ match: 'generator.*', learningRateFactor: 0.5 }],
        },
        training: { weightAverage: { decay: 0.9 } },
      },
    ],
    [
      'diffusion',
      {
        model: { kind: 'diffusion', steps: 10, channels: [4, 8], conditional: true },
        optimizer: { kind: 'adamw', learningRate: 0.005 },
        training: { clipNorm: 1, weightAverage: { decay: 0.9 } },
      },
    ],
  ])('goes on from a pause and from kill -9 to the bits of the unbroken run: %s', async (_, patch) => {
    const digits = await digitsDataset(300, 100);
    folders.push(digits.workspaceFolder);
    const config = taskConfig({
      task: 'image-generation',
      preprocessing: { resize: [12, 12] },
      ...patch,
      data: { batchSize: 40 },
      schedule: { kind: 'cosine', warmupSteps: 5 },
      training: { ...patch.training, epochs: 4, checkpointEverySteps: 7 },
    });
    const input = trainerInputOf(digits, config);
    const unbroken = await finished(input);
    const start = unbroken.checkpoints[0];
    // In mid-epoch, and with an epoch's smaller last batch before it and after it.
    for (const [step, how] of [
      [14, 'pause'],
      [21, 'kill'],
    ] as const) {
      const resumed = await interrupted(input, step, how);
      expect(resumed.checkpoints.at(-1)?.step).toBe(32);
      expect(resumed.checkpoints.at(-1)?.artifact.digest, how).toBe(unbroken.checkpoints.at(-1)?.artifact.digest);
      expect(resumed.evaluations.at(-1)?.predictions, how).toEqual(unbroken.evaluations.at(-1)?.predictions);
      expect(resumed.metrics['test.loss'], how).toBe(unbroken.metrics['test.loss']);
    }
    expect(unbroken.checkpoints.at(-1)?.artifact.digest).not.toBe(start.artifact.digest);
    expect(Number.isFinite(unbroken.metrics['test.loss'])).toBe(true);
  });
});
