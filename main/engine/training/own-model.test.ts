import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSafetensors } from '../../formats/safetensors/safetensors.ts';
import { openTrainingEngine, type TrainingEngine } from './training.test-support.ts';

let folder: string;
let engine: TrainingEngine;

const path = 'models/digits-net.ts';
/** The example of the guide is what people will copy. */
const guide = readFileSync(join(process.cwd(), 'resources/own-model.md'), 'utf8');
const example = /```ts\n([\s\S]*?)```/.exec(guide)?.[1] ?? '';

const yamlOf = (model: string, more = '') => `
task: image-classification
data: { dataset: digits, batchSize: 25 }
model: ${model}
optimizer: { kind: adamw, learningRate: 0.005 }
training: { epochs: 2 }
threads: 1
${more}`;
const own = (more = '') => yamlOf(`{ kind: own, file: ${path}, options: { channels: 8, depth: 1 }${more} }`);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'model-files-'));
  engine = openTrainingEngine(join(folder, 'workspace'));
  await engine.importDigits(folder, 1000, 200);
  await engine.call('modelFiles.write', { path, text: example, expectedDigest: null });
});

afterAll(async () => {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

async function finished(runId: string) {
  await engine.until(() => ['FINISHED', 'FAILED'].includes(engine.training.records.get(runId).status));
  const run = engine.training.records.get(runId);
  expect(run.error).toBeNull();
  return run;
}

describe('model files', () => {
  it('are plain files of the workspace, written with a row of the ledger and never over somebody else’s change', async () => {
    const text = 'export default 1;\n';
    const written = await engine.call('modelFiles.write', { path: 'models/a.ts', text, expectedDigest: null });
    expect(readFileSync(join(engine.workspace.folder, 'models/a.ts'), 'utf8')).toBe(text);
    expect(await engine.call('modelFiles.read', { path: 'models/a.ts' })).toEqual({ ...written, text });
    expect((await engine.call('modelFiles.list', {})).map((file) => file.path)).toEqual(['models/a.ts', path]);
    expect(engine.workspace.ledger.list({ limit: 1 }).at(0)).toMatchObject({
      action: 'model_file.saved',
      subject: 'models/a.ts',
    });
    writeFileSync(join(engine.workspace.folder, 'models/a.ts'), 'another editor');
    const write = (expectedDigest: string | null) =>
      engine.call('modelFiles.write', { path: 'models/a.ts', text: 'mine', expectedDigest });
    await expect(write(written.digest)).rejects.toMatchObject({ code: 'record.conflict' });
    await expect(write(null)).rejects.toMatchObject({ code: 'record.exists' });
  });

  it('stay in their folder', async () => {
    for (const bad of ['models/../workspace.sqlite', '/etc/passwd', 'models/a/b.ts', 'models/.a.ts', 'models/a.js'])
      await expect(engine.call('modelFiles.read', { path: bad })).rejects.toThrow();
    symlinkSync('/etc/passwd', join(engine.workspace.folder, 'models/link.ts'));
    await expect(engine.call('modelFiles.read', { path: 'models/link.ts' })).rejects.toMatchObject({
      code: 'source.unreadable',
    });
    rmSync(join(engine.workspace.folder, 'models/link.ts'));
  });

  it('of every template build a model for their task', async () => {
    const rows = Array.from(
      { length: 60 },
      (_, i) => `${i},${Math.sin(i).toFixed(3)},${i % 2 ? 'yes' : 'no'},some text ${i}`,
    );
    writeFileSync(join(folder, 'rows.csv'), `n,value,answer,words\n${rows.join('\n')}\n`);
    const tables = { answer: 'answer', value: 'value' } as const;
    for (const [name, target] of Object.entries(tables))
      await engine.importPath(join(folder, 'rows.csv'), {
        name,
        target,
        splits: { mode: 'stratified', validation: 0.1, test: 0.1, seed: 0 },
      });
    writeFileSync(join(folder, 'series.csv'), `a,b\n${rows.map((row) => row.split(',').slice(0, 2)).join('\n')}\n`);
    await engine.importPath(join(folder, 'series.csv'), {
      name: 'series',
      target: 'b',
      splits: { mode: 'ordered', validation: 0.1, test: 0.1, seed: 0 },
    });
    const tried = new Set<string>();
    for (const { versions } of await engine.call('datasets.list', {}))
      for (const template of await engine.call('training.templates', { datasetDigest: versions[0].digest })) {
        if (template.modelFile === undefined) continue;
        const found = await engine.call('training.validate', { yaml: template.yaml, modelFile: template.modelFile });
        expect([template.id, found.diagnostics.filter(({ severity }) => severity === 'error')]).toEqual([
          template.id,
          [],
        ]);
        expect(found.summary?.parameters).toBeGreaterThan(100);
        tried.add(template.task);
      }
    expect([...tried].toSorted()).toEqual([
      ...['image-classification', 'language-modeling', 'series-forecasting'],
      ...['table-classification', 'table-regression', 'text-classification'],
    ]);
  });
});

describe('a run with a model file', () => {
  it('is refused with the line of the mistake, as it is being written', async () => {
    const text = example.replace('channels, channels, 3', 'channels + 1, channels, 3');
    const line = text.split('\n').findIndex((row) => row.includes('this.norm1(this.conv1(x))')) + 1;
    const { diagnostics, summary } = await engine.call('training.validate', { yaml: own(), modelFile: { path, text } });
    expect(summary).toBeNull();
    expect(diagnostics).toMatchObject([{ severity: 'error', file: path, line, path: 'model.file' }]);
    expect(diagnostics[0]?.message).toBe('A kernel [8,9,3,3] does not fit an image [batch,8,14,14].');
    await expect(
      engine.call('training.start', { yaml: yamlOf(`{ kind: own, file: ${path}, options: { chanels: 8 } }`) }),
    ).rejects.toMatchObject({ code: 'config.invalid', message: expect.stringContaining('did you mean channels?') });
    await expect(
      engine.call('training.start', { yaml: yamlOf('{ kind: own, file: models/none.ts }') }),
    ).rejects.toMatchObject({ message: expect.stringContaining('The workspace has no models/none.ts.') });
  });

  it('learns digits, keeps its file, and ships what it trained', async () => {
    const { runId } = await engine.call('training.start', { yaml: own() });
    const run = await finished(runId);
    expect(run.name).toMatch(/^digits-net /);
    expect(run.metrics['test.accuracy']).toBeGreaterThan(0.7);
    const { modelFile, summary } = await engine.call('runs.get', { runId });
    expect(modelFile).toEqual({ path, digest: run.params['model.artifact'], text: example });
    expect(summary.layers.map(({ name }) => name)).toContain('blocks.0.conv2');

    // Whoever has the checkpoint needs the file no more.
    await engine.call('modelFiles.write', { path, text: 'broken', expectedDigest: modelFile?.digest ?? null });
    const shipped = engine.training.ship(runId);
    const stored = engine.workspace.runs.evaluation(runId, 'test');
    const { tensors } = readSafetensors(engine.workspace.artifacts.read(stored?.predictionsDigest ?? ''), 'p');
    const session = await InferenceSession.create(shipped.onnx, { intraOpNumThreads: 1, logSeverityLevel: 3 });
    const pixels = readFileSync(join(folder, 'digits/t10k-images-idx3-ubyte')).subarray(16, 16 + 784);
    const { probabilities } = await session.run({ image: new Tensor('uint8', pixels, [1, 28, 28, 1]) });
    const expected = tensors.get('probabilities')?.data.slice(0, 10) ?? [];
    [...(probabilities.data as Float32Array)].forEach((value, index) => {
      expect(value).toBeCloseTo(Number(expected[index]), 4);
    });
    await session.release();

    // The file of an older run, by its digest.
    const { diagnostics } = await engine.call('training.validate', { yaml: own(`, artifact: ${modelFile?.digest}`) });
    expect(diagnostics).toEqual([]);
    await engine.call('runs.delete', { runIds: [runId] });
    expect(engine.workspace.artifacts.has(modelFile?.digest ?? '')).toBe(false);
    const { digest } = (await engine.call('modelFiles.read', { path })) ?? { digest: '' };
    await engine.call('modelFiles.write', { path, text: example, expectedDigest: digest });
  });

  it('goes on with the file it began with, and equals an unbroken run to the bit', async () => {
    const yaml = own();
    const unbroken = await engine.call('training.start', { yaml });
    const { bestCheckpoint } = await finished(unbroken.runId);
    const { runId } = await engine.call('training.start', { yaml });
    await engine.until(() => engine.training.records.get(runId).step >= 5);
    await engine.call('runs.pause', { runId });
    expect(engine.training.records.get(runId).status).toBe('PAUSED');
    writeFileSync(join(engine.workspace.folder, path), example.replace('new Dropout(0.1)', 'new Dropout(0.9)'));
    await engine.call('runs.resume', { runId });
    const run = await finished(runId);
    expect(run.bestCheckpoint).toBe(bestCheckpoint);
  });
});
