import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunEvent } from '../../contract/training.ts';
import { procedures } from '../../contract/training.ts';
import { openTrainingEngine, type TrainingEngine } from './training.test-support.ts';

let folder: string;
let engine: TrainingEngine;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'training-'));
  engine = openTrainingEngine(join(folder, 'workspace'));
});
afterEach(async () => {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

const mlp = (patch = '') => `
name: quick
experiment: tests
task: image-classification
seed: 3
data:
  dataset: digits
  batchSize: 50
model: { kind: mlp, hidden: [16] }
training: { epochs: 2, checkpointEverySteps: 10 }
threads: 1
${patch}`;

describe('checking a config', () => {
  it('accepts every template that fits the dataset, with shapes, parameters and memory', async () => {
    const digest = await engine.importDigits(folder, 600, 100);
    const found = engine.call('training.templates', { datasetDigest: digest });
    expect((await found).map(({ id }) => id)).toEqual([
      'image-mlp',
      'image-cnn',
      'image-resnet',
      'image-vision-transformer',
      'image-convolutional-transformer',
      'metric-info-nce',
      'metric-triplet',
      'generation-vae',
      'generation-gan',
      'generation-diffusion',
      'image-classification-own',
    ]);
    for (const { task, yaml, modelFile } of await found) {
      const { diagnostics, summary, config } = await engine.call('training.validate', {
        yaml,
        ...(modelFile === undefined ? {} : { modelFile }),
      });
      expect(diagnostics).toEqual([]);
      expect(config).toMatchObject({ data: { dataset: 'digits@1' } });
      if (task === 'image-classification') expect(summary?.layers.at(-1)?.outputShape).toEqual(['N', 10]);
      expect(summary?.memoryBytes).toBeGreaterThan(50_000_000);
    }
    const cnn = (await found)[1];
    const { summary } = await engine.call('training.validate', { yaml: cnn.yaml });
    expect(summary?.parameters).toBe(320 + 18_496 + 9216 * 128 + 128 + 1290);
  });

  it('names line and column, and suggests the nearest key, value, dataset and column', async () => {
    await engine.importDigits(folder, 100, 20);
    const problems = async (yaml: string) => (await engine.call('training.validate', { yaml })).diagnostics;
    expect(await problems(mlp('optimizer:\n  kind: adamw\n  learningrate: 0.1\n'))).toMatchObject([
      {
        severity: 'error',
        path: 'optimizer.learningrate',
        suggestion: 'Did you mean learningRate?',
        line: 14,
        column: 3,
        endLine: 14,
        endColumn: 15,
      },
    ]);
    expect(await problems(mlp().replace('kind: mlp', 'kind: mpl'))).toMatchObject([
      { path: 'model.kind', suggestion: 'Did you mean mlp?', line: 9, column: 16 },
    ]);
    expect(await problems(mlp().replace('dataset: digits', 'dataset: digit'))).toMatchObject([
      { path: 'data.dataset', suggestion: 'Did you mean digits?', line: 7 },
    ]);
    expect(await problems(mlp().replace('epochs: 2', 'epochs: 1.5'))).toMatchObject([
      { path: 'training.epochs', message: 'training.epochs must be a whole number.' },
    ]);
    expect(await problems(mlp().replace('task: image-classification\n', ''))).toMatchObject([
      { path: 'task', message: 'task is missing.' },
    ]);
    expect(await problems('model: [')).toMatchObject([{ severity: 'error', line: 1 }]);
    expect(await problems('')).toEqual(expect.arrayContaining([expect.objectContaining({ path: 'model' })]));
    expect(await problems(mlp('loss: { kind: mse }'))).toMatchObject([{ path: 'loss', line: 12 }]);
    expect(
      await problems(mlp().replace('{ kind: mlp, hidden: [16] }', '{ kind: cnn, kernel: 15, channels: [4, 4, 4] }')),
    ).toMatchObject([{ path: 'model', severity: 'error', line: 9 }]);
    const embedding = mlp('loss: { kind: info_nce }').replace('image-classification', 'metric-learning');
    expect(await problems(embedding)).toMatchObject([
      {
        path: 'model.kind',
        message: 'The model mlp alone gives no embeddings.',
        suggestion: expect.stringContaining('encoder'),
      },
      { path: 'data.batchSize', severity: 'warning', suggestion: 'Set it to 40, or change data.itemsPerClass.' },
    ]);
    const nested = '{ kind: image_embedding, encoder: { kind: mlp, hiden: [16] } }';
    expect(await problems(embedding.replace('{ kind: mlp, hidden: [16] }', nested))).toMatchObject([
      { path: 'model.encoder.hiden', suggestion: 'Did you mean hidden?' },
    ]);
    expect(
      await problems(mlp().replace('{ kind: mlp, hidden: [16] }', nested.replace('hiden', 'hidden'))),
    ).toMatchObject([{ path: 'model.kind', suggestion: expect.stringContaining('task: metric-learning') }]);
    expect(await problems(mlp('augmentation:\n  kind: image\n  saturation: 0.2\n'))).toMatchObject([
      { path: 'augmentation.saturation', suggestion: 'Remove saturation.', line: 14 },
    ]);
    expect(await problems(mlp('augmentation:\n  kind: image\n  mixup: 1\n  cutmix: 1\n'))).toMatchObject([
      { path: 'augmentation.cutmix', suggestion: 'Remove one of the two.', line: 15 },
    ]);
  });

  it('refuses what does not fit into memory, with the batch size that does', async () => {
    await engine.importDigits(folder, 100, 20);
    const huge = mlp()
      .replace('batchSize: 50', 'batchSize: 65536')
      .replace('{ kind: mlp, hidden: [16] }', '{ kind: resnet, channels: [4096, 4096, 4096] }');
    const { diagnostics, summary } = await engine.call('training.validate', { yaml: huge });
    expect(summary).toBeNull();
    expect(diagnostics.find(({ severity }) => severity === 'error')?.message).toMatch(/needs about [\d.]+ GiB/);
    await expect(engine.call('training.start', { yaml: huge })).rejects.toMatchObject({
      code: 'training.out_of_memory',
    });
  });

  it('has a schema whose every key is explained where it is not plain', async () => {
    const { schema } = await engine.call('training.schema', {});
    expect(JSON.stringify(schema)).toContain('Same seed, config, data and thread count');
    expect(procedures['training.schema'].output.parse({ schema })).toBeTruthy();
  });

  it('refuses to start with an unknown key by its own code', async () => {
    await expect(engine.call('training.start', { yaml: mlp('sead: 4') })).rejects.toMatchObject({
      code: 'config.unknown_key',
      suggestion: 'Did you mean seed?',
      message: expect.stringContaining('Line 12'),
    });
  });
});

describe('a run', () => {
  it('trains, keeps best and last checkpoint, evaluates, and leaves lineage and ledger', async () => {
    const datasetDigest = await engine.importDigits(folder, 600, 100);
    const { runId, jobId } = await engine.call('training.start', { yaml: mlp() });
    expect((await engine.jobs.wait(jobId, 60_000)).state).toBe('FINISHED');
    const { run, yaml, checkpoints, summary } = await engine.call('runs.get', { runId });
    expect(run).toMatchObject({
      name: 'quick',
      status: 'FINISHED',
      jobId,
      datasetDigest,
      datasetName: 'digits@1',
      device: 'cpu',
      threads: 1,
      step: 22,
      epoch: 2,
      totalSteps: 22,
      parameters: 784 * 16 + 16 + 170,
      params: { 'model.kind': 'mlp', 'model.hidden': '[16]', 'optimizer.learningRate': 0.001, seed: 3 },
    });
    expect(summary.parameters).toBe(run.parameters);
    expect(yaml).toBe(mlp());
    expect(run.metrics['test.accuracy']).toBeGreaterThan(0.3);
    expect(run.metrics['best.validation_loss']).toBeGreaterThan(0);
    expect(run.metrics.epoch_seconds).toBeGreaterThan(0);
    expect(checkpoints.map(({ digest }) => digest)).toEqual(
      [...new Set([run.bestCheckpoint, run.lastCheckpoint])].sort(
        (a, b) => checkpoints.findIndex((c) => c.digest === a) - checkpoints.findIndex((c) => c.digest === b),
      ),
    );
    const evaluations = await engine.call('evaluation.list', { runId });
    expect(evaluations.map(({ split, count }) => [split, count])).toEqual([
      ['test', 100],
      ['validation', 60],
    ]);
    const predictions = engine.evaluations.predictions(runId, datasetDigest);
    const asked = Array.from({ length: 700 }, (_, item) => item).filter((item) => predictions!.predicted[item] >= 0);
    expect(asked.length).toBe(160);
    const labels = engine.datasets.labels(datasetDigest);
    const right = asked.filter((item) => item >= 600 && predictions!.predicted[item] === labels[item]).length;
    expect(right / 100).toBe(run.metrics['test.accuracy']);

    const { nodes, edges } = engine.workspace.lineage.around(run.bestCheckpoint!, 'upstream');
    expect(nodes.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['run', 'config', 'dataset', 'checkpoint']));
    expect(edges.map(({ relation }) => relation)).toEqual(
      expect.arrayContaining(['trained', 'trained on', 'configured']),
    );
    const actions = engine.workspace.ledger.list({ limit: 10, subject: runId }).map(({ action }) => action);
    expect(actions).toEqual(['run.finished', 'run.started']);
    expect(engine.workspace.ledger.verify().intact).toBe(true);

    const series = await engine.call('runs.metrics', { runIds: [runId], keys: ['train_loss', 'validation_loss'] });
    expect(series.map(({ key, values }) => [key, values.length])).toEqual([
      ['train_loss', 22],
      ['validation_loss', 2],
    ]);
    const shipped = engine.training.ship(runId);
    expect(shipped.signature.inputs).toMatchObject([{ name: 'image', datatype: 'UINT8', shape: [-1, 28, 28, 1] }]);
    expect(shipped.signature.outputs.map(({ name }) => name)).toEqual(['output', 'probabilities']);
    expect(shipped.checkpointDigest).toBe(run.bestCheckpoint);
  });

  it('is paused, watched, resumed to the bits of an unbroken run, and deleted with its files', async () => {
    await engine.importDigits(folder, 1000, 50);
    const long = mlp().replace('epochs: 2, checkpointEverySteps: 10', 'epochs: 150, checkpointEverySteps: 400');
    const unbroken = await engine.call('training.start', { yaml: long });
    await engine.jobs.wait(unbroken.jobId, 60_000);

    const { runId, jobId } = await engine.call('training.start', { yaml: long });
    const events: RunEvent[] = [];
    const stop = engine.training.streamHandlers['runs.watch']({ runId }, (event) => events.push(event), engine.caller);
    await engine.until(() => engine.workspace.runs.points(runId).length > 3);
    expect(await engine.call('runs.pause', { runId })).toMatchObject({ status: 'PAUSED' });
    expect(engine.jobs.get(jobId).state).toBe('PAUSED');
    const paused = (await engine.call('runs.get', { runId })).run;
    expect(paused.step).toBeGreaterThan(0);
    expect(paused.step).toBeLessThan(paused.totalSteps);

    await engine.call('runs.resume', { runId });
    expect((await engine.jobs.wait(jobId, 60_000)).state).toBe('FINISHED');
    stop();
    const [a, b] = [unbroken.runId, runId].map((id) => engine.training.records.get(id));
    expect(b.lastCheckpoint).toBe(a.lastCheckpoint);
    expect(b.bestCheckpoint).toBe(a.bestCheckpoint);
    const steps = engine.workspace.runs.points(runId).map(({ step }) => step);
    expect(steps).toEqual([...new Set(steps)].sort((x, y) => x - y));
    expect(events.some(({ type }) => type === 'points')).toBe(true);
    expect(events.flatMap((event) => (event.type === 'run' ? [event.run.status] : []))).toEqual(
      expect.arrayContaining(['RUNNING', 'PAUSED', 'FINISHED']),
    );

    // Both runs hold the same checkpoint: it stays as long as one of them needs it.
    const path = engine.workspace.artifacts.path(b.bestCheckpoint!);
    await engine.call('runs.delete', { runIds: [runId] });
    expect(existsSync(path)).toBe(true);
    await engine.call('runs.delete', { runIds: [unbroken.runId] });
    expect(existsSync(path)).toBe(false);
    await expect(engine.call('runs.get', { runId })).rejects.toMatchObject({ code: 'record.not_found' });
  });

  it('waits its turn, can be cancelled while it waits, and is stopped early with an evaluation', async () => {
    await engine.importDigits(folder, 1000, 50);
    const first = await engine.call('training.start', { yaml: mlp().replace('epochs: 2', 'epochs: 5000') });
    const second = await engine.call('training.start', { yaml: mlp() });
    expect(engine.training.records.get(second.runId).status).toBe('SCHEDULED');
    engine.jobs.cancel(second.jobId);
    expect(engine.training.records.get(second.runId).status).toBe('KILLED');
    await engine.until(() => engine.workspace.runs.points(first.runId).length > 0);
    await engine.call('runs.stop', { runId: first.runId });
    expect((await engine.jobs.wait(first.jobId, 60_000)).state).toBe('FINISHED');
    expect(engine.training.records.get(first.runId).metrics['test.accuracy']).toBeGreaterThan(0);
    await expect(engine.call('runs.resume', { runId: first.runId })).rejects.toMatchObject({ code: 'run.wrong_state' });
  });

  it('is stopped while it is paused: evaluated as it is, without a further step', async () => {
    await engine.importDigits(folder, 1000, 50);
    const { runId, jobId } = await engine.call('training.start', { yaml: mlp().replace('epochs: 2', 'epochs: 5000') });
    await engine.until(() => engine.workspace.runs.points(runId).length > 0);
    const { step, lastCheckpoint } = await engine.call('runs.pause', { runId });
    await engine.call('runs.stop', { runId });
    expect((await engine.jobs.wait(jobId, 60_000)).state).toBe('FINISHED');
    const run = engine.training.records.get(runId);
    expect(run).toMatchObject({ status: 'FINISHED', step, lastCheckpoint });
    expect(run.metrics['test.accuracy']).toBeGreaterThan(0);
    expect(engine.workspace.ledger.list({ subject: runId, limit: 20 }).map(({ action }) => action)).toContain(
      'run.stopped',
    );
    await expect(engine.call('runs.stop', { runId })).rejects.toMatchObject({ code: 'run.wrong_state' });
  });

  it('is FAILED after the engine died, and goes on from its last checkpoint', async () => {
    await engine.importDigits(folder, 1000, 50);
    const { runId } = await engine.call('training.start', { yaml: mlp().replace('epochs: 2', 'epochs: 300') });
    await engine.until(() => engine.training.records.get(runId).lastCheckpoint !== null);
    await engine.close();
    engine = openTrainingEngine(join(folder, 'workspace'));
    const run = engine.training.records.get(runId);
    expect(run).toMatchObject({ status: 'FAILED', error: { code: 'job.interrupted' } });
    await engine.call('runs.resume', { runId });
    await engine.until(() => engine.training.records.get(runId).step > run.step);
    expect(engine.training.records.get(runId).status).toBe('RUNNING');
    await engine.call('runs.stop', { runId });
    expect((await engine.jobs.wait(run.jobId, 60_000)).state).toBe('FINISHED');
  });

  it('is not deleted while a model version depends on it', async () => {
    await engine.importDigits(folder, 200, 20);
    const { runId, jobId } = await engine.call('training.start', { yaml: mlp() });
    await engine.jobs.wait(jobId, 60_000);
    engine.dependents.push('digit-classifier v1');
    await expect(engine.call('runs.delete', { runIds: [runId] })).rejects.toMatchObject({
      code: 'record.in_use',
      message: expect.stringContaining('digit-classifier v1'),
    });
  });
});

describe('tables', () => {
  const rows = 400;
  /** y follows from x and the colour; some x are missing. */
  const csv = () => {
    mkdirSync(join(folder, 'table'), { recursive: true });
    const colours = ['red', 'green', 'blue'];
    const lines = Array.from({ length: rows }, (_, i) => {
      const x = Math.sin(i * 12.9898) * 10;
      const colour = colours[i % 3];
      const weight = 3000 + 100 * x + (i % 3) * 500;
      const size = weight > 3500 ? 'large' : 'small';
      return `${i % 17 === 0 ? '' : x.toFixed(3)},${colour},note ${i} of many,${weight.toFixed(1)},${size}`;
    });
    const path = join(folder, 'table', 'things.csv');
    writeFileSync(path, `x,colour,remark,weight,size\n${lines.join('\n')}\n`);
    return path;
  };
  const splits = { mode: 'stratified', validation: 0.1, test: 0.2, seed: 0 } as const;

  it('classifies rows with numbers and categories, filling gaps and saying so', async () => {
    const digest = await engine.importPath(csv(), { name: 'things', target: 'size', splits });
    const [template] = await engine.call('training.templates', { datasetDigest: digest });
    const yaml = `${template.yaml.replace('epochs: 60', 'epochs: 30')}threads: 1\n`.replace(
      'batchSize: 32',
      'batchSize: 32\n  features: [x, colour]',
    );
    const { runId, jobId } = await engine.call('training.start', { yaml });
    const job = await engine.jobs.wait(jobId, 60_000);
    expect(job.error).toBeNull();
    const { run } = await engine.call('runs.get', { runId });
    expect(run.metrics['test.accuracy']).toBeGreaterThan(0.85);
    const log = engine.workspace.jobs.log(jobId, 0).lines.map(({ text }) => text);
    expect(log).toEqual(
      expect.arrayContaining([expect.stringMatching(/values of x are missing in train and become their mean/)]),
    );
    const shipped = engine.training.ship(runId);
    expect(shipped.signature.inputs).toMatchObject([{ name: 'table', datatype: 'FP32', shape: [-1, 2] }]);
    expect(shipped.layout.columns.map(({ name }) => name)).toEqual(['x', 'colour']);
    await expect(
      engine.call('explaining.explain', { model: { runId }, datasetDigest: digest, index: 0, method: 'saliency' }),
    ).rejects.toMatchObject({ code: 'explanation.unsupported' });
  });

  it('tells real penguins apart from the template as it is', async () => {
    const path = join(process.cwd(), 'node_modules/vega-datasets/data/penguins.json');
    const digest = await engine.importPath(path, {
      name: 'penguins',
      target: 'Species',
      splits: { mode: 'stratified', validation: 0.15, test: 0.2, seed: 0 },
    });
    const [template] = await engine.call('training.templates', { datasetDigest: digest });
    const { diagnostics } = await engine.call('training.validate', { yaml: template.yaml });
    expect(diagnostics).toEqual([]);
    const { runId, jobId } = await engine.call('training.start', { yaml: template.yaml });
    expect((await engine.jobs.wait(jobId, 60_000)).error).toBeNull();
    const { metrics } = engine.training.records.get(runId);
    expect(metrics['test.accuracy']).toBeGreaterThan(0.93);
    const shipped = engine.training.ship(runId);
    expect(shipped.layout.columns.map(({ name }) => name)).toContain('Beak Length (mm)');
    expect(shipped.preprocessing.find((line) => line.startsWith('Island'))).toContain('one column per category');
  });

  it('lets a column say how much rows count, which is then not learned from', async () => {
    const digest = await engine.importPath(join(process.cwd(), 'node_modules/vega-datasets/data/penguins.json'), {
      name: 'weighted-penguins',
      target: 'Species',
      splits: { mode: 'stratified', validation: 0.15, test: 0.2, seed: 0 },
    });
    const [template] = await engine.call('training.templates', { datasetDigest: digest });
    const told = async (weights: string, more = '') => {
      const yaml = `${template.yaml.replace('\n  batchSize:', `\n  weights: ${weights}\n  batchSize:`)}${more}`;
      const { diagnostics, summary } = await engine.call('training.validate', { yaml });
      return { said: diagnostics.map(({ path, suggestion }) => `${path}: ${suggestion}`), summary };
    };
    const inputs = async (weights: string) => (await told(weights)).summary?.layers[0].parameters ?? 0;
    expect((await told('Body Mass (g)')).said).toEqual([]);
    expect((await told('Body Mas (g)')).said).toEqual(['data.weights: Did you mean Body Mass (g)?']);
    expect((await told('Island')).said).toEqual(['data.weights: Choose a column of numbers.']);
    expect((await told('Body Mass (g)', 'loss: { kind: focal }\n')).said).toEqual([]);
    const { summary } = await engine.call('training.validate', { yaml: template.yaml });
    expect(await inputs('Body Mass (g)')).toBeLessThan(summary?.layers[0].parameters ?? 0);
  });

  it('predicts a number in its own unit', async () => {
    const digest = await engine.importPath(csv(), { name: 'weights', target: 'weight', splits });
    const [template] = await engine.call('training.templates', { datasetDigest: digest });
    expect(template.task).toBe('table-regression');
    const yaml = `${template.yaml.replace('epochs: 100', 'epochs: 60')}threads: 1\n`.replace(
      'batchSize: 32',
      'batchSize: 32\n  features: [x, colour]',
    );
    const { runId, jobId } = await engine.call('training.start', { yaml });
    expect((await engine.jobs.wait(jobId, 60_000)).error).toBeNull();
    const [test] = await engine.call('evaluation.list', { runId });
    // Rows without x cannot be known; the others nearly.
    expect(test.regression?.r2).toBeGreaterThan(0.85);
    expect(test.regression?.rootMeanSquaredError).toBeLessThan(400);
  });
});

describe('explanations', () => {
  it('show what several models together look at, each preparing the picture in its own way', async () => {
    const datasetDigest = await engine.importDigits(folder, 400, 50);
    const members: string[] = [];
    for (const model of ['{ kind: cnn, channels: [4], hidden: [] }', '{ kind: mlp, hidden: [8] }']) {
      const own = mlp().replace('{ kind: mlp, hidden: [16] }', model);
      const yaml = members.length === 0 ? own : `${own}preprocessing: { resize: [14, 14] }\n`;
      const { runId, jobId } = await engine.call('training.start', { yaml });
      expect((await engine.jobs.wait(jobId, 60_000)).error).toBeNull();
      members.push(runId);
    }
    const offered = await engine.call('training.templates', { datasetDigest });
    const template = offered.find(({ id }) => id === 'image-classification-ensemble');
    for (const runId of members) expect(template?.yaml).toContain(runId);
    const { runId, jobId } = await engine.call('training.start', { yaml: template?.yaml ?? '' });
    expect((await engine.jobs.wait(jobId, 60_000)).error).toBeNull();
    const model = { runId };
    // Grad-CAM would look at the last convolution of one member alone.
    const methods = await engine.call('explaining.methods', { model });
    expect(methods.map(({ method }) => method)).toEqual(['saliency', 'integrated_gradients']);
    const found = await engine.call('explaining.explain', {
      ...{ model, datasetDigest, index: 410, method: 'integrated_gradients', steps: 64 },
    });
    expect(found).toMatchObject({ width: 28, height: 28 });
    expect(found.completenessGap).toBeLessThan(0.1);
  });

  it('show a heatmap of the size of the picture by each method that the model supports', async () => {
    const datasetDigest = await engine.importDigits(folder, 400, 50);
    const cnn = mlp().replace('{ kind: mlp, hidden: [16] }', '{ kind: cnn, channels: [4, 8], hidden: [16] }');
    const { runId, jobId } = await engine.call('training.start', { yaml: cnn });
    expect((await engine.jobs.wait(jobId, 60_000)).error).toBeNull();
    const model = { runId };
    const methods = await engine.call('explaining.methods', { model });
    expect(methods.map(({ method }) => method)).toEqual(['saliency', 'integrated_gradients', 'grad_cam']);
    for (const { method, statement } of methods) {
      const found = await engine.call('explaining.explain', { model, datasetDigest, index: 410, method });
      const bytes = Buffer.from(found.values, 'base64');
      const values = new Float32Array(new Uint8Array(bytes).buffer);
      expect(found).toMatchObject({
        method,
        width: 28,
        height: 28,
        statement,
        classes: expect.arrayContaining(['7']),
      });
      expect(values.length).toBe(784);
      expect(values.every((value) => Number.isFinite(value))).toBe(true);
      expect(values.some((value) => value !== 0)).toBe(true);
      expect(found.label).toBe(engine.datasets.labels(datasetDigest)[410]);
      expect(found.probabilities.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 5);
      if (method === 'integrated_gradients') {
        const score = values.reduce((sum, value) => sum + Math.abs(value), 0);
        expect(found.completenessGap).toBeLessThan(0.05 * score);
      }
    }
    const byDefault = await engine.call('explaining.explain', { model, datasetDigest, index: 3, method: 'saliency' });
    expect(byDefault.target).toBe(byDefault.predicted);
    const asked = await engine.call('explaining.explain', {
      model,
      datasetDigest,
      index: 3,
      method: 'saliency',
      target: 7,
    });
    expect(asked.target).toBe(7);
    expect(asked.values).not.toBe(byDefault.predicted === 7 ? '' : byDefault.values);
  });
});
