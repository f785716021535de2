import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ShippingModel } from './shipping.ts';
import { openTrainingEngine, type TrainingEngine } from './training.test-support.ts';

let folder: string;
let engine: TrainingEngine;
/** A network that was trained in the studio and left it as a file. */
let file: string;

const yamlOf = (model: string, patch = '') => `
task: image-classification
data: { dataset: digits, batchSize: 20 }
model: ${model}
optimizer: { kind: adamw, learningRate: 0.003 }
training: { epochs: 2 }
threads: 1
${patch}`;

async function train(yaml: string): Promise<string> {
  const { runId } = await engine.call('training.start', { yaml });
  await engine.until(() => ['FINISHED', 'FAILED'].includes(engine.training.records.get(runId).status));
  expect(engine.training.records.get(runId).error).toBeNull();
  return runId;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'imported-'));
  engine = openTrainingEngine(join(folder, 'workspace'));
  await engine.importDigits(folder, 600, 100);
  const runId = await train(yamlOf('{ kind: cnn, channels: [8, 8], hidden: [24] }'));
  file = join(folder, 'digits.onnx');
  writeFileSync(file, engine.training.ship(runId).onnx);
});

afterAll(async () => {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

async function answer(onnx: Uint8Array, feeds: Record<string, Tensor>): Promise<Float32Array> {
  const session = await InferenceSession.create(onnx);
  const { probabilities } = await session.run(feeds);
  await session.release();
  return probabilities.data as Float32Array;
}

const weightsOf = ({ reference }: ShippingModel) =>
  Object.fromEntries(
    Object.entries(reference.weights).map(([name, { dims, data }]) => [
      name,
      new Tensor('float32', data as Float32Array, dims),
    ]),
  );

const countArtifacts = () => readdirSync(join(folder, 'workspace/artifacts'), { recursive: true }).length;

describe('an imported ONNX file', () => {
  it('learns on by adapters, stays with the run when the file is gone, and ships with them merged', async () => {
    const copy = join(folder, 'copy.onnx');
    copyFileSync(file, copy);
    const yaml = yamlOf(`{ kind: imported, file: ${copy}, lora: { rank: 2 } }`);
    const checked = await engine.call('training.validate', { yaml });
    expect(checked.diagnostics).toEqual([]);
    expect(checked.summary?.layers.map(({ name }) => name)).toContain('head');
    const runId = await train(yaml);
    rmSync(copy);
    const run = engine.training.records.get(runId);
    // 0.1 by chance; two epochs over 600 digits from a fresh network reach less.
    expect(run.metrics['test.accuracy']).toBeGreaterThan(0.7);
    expect(run.params['model.artifact']).toMatch(/^[0-9a-f]{64}$/);
    await engine.call('evaluation.start', { runId, split: 'test' });
    const shipped = engine.training.ship(runId);
    expect(Object.keys(shipped.reference.weights).some((name) => name.startsWith('adapters.'))).toBe(true);
    const image = new Tensor(
      'uint8',
      Uint8Array.from({ length: 784 * 3 }, (_, i) => (i * 7919) % 256),
      [3, 28, 28, 1],
    );
    const ours = await answer(shipped.onnx, { image });
    const reference = await answer(shipped.reference.onnx, { image, ...weightsOf(shipped) });
    ours.forEach((value, place) => {
      expect(value).toBeCloseTo(reference[place], 5);
    });
    expect(await engine.workspace.artifacts.verify(String(run.params['model.artifact']))).toBe('intact');
    const before = countArtifacts();
    await engine.call('runs.delete', { runIds: [runId] });
    expect(countArtifacts()).toBeLessThan(before);
    expect(engine.workspace.artifacts.has(String(run.params['model.artifact']))).toBe(false);
  });

  it('can be tried before a run: the trial reads the file where it lies', async () => {
    const { jobId } = await engine.call('training.overfitBatch', {
      yaml: yamlOf(`{ kind: imported, file: ${file} }`),
      steps: 60,
    });
    await engine.jobs.wait(jobId, 60_000);
    expect(await engine.call('training.trial', { jobId })).toMatchObject({ kind: 'one_batch', verdict: 'fits' });
  });

  it.each<[string, () => string, RegExp, string]>([
    ['a file that is not there', () => `{ kind: imported, file: ${folder}/none.onnx }`, /does not exist/, 'model.file'],
    [
      'a file cut short',
      () => {
        writeFileSync(join(folder, 'cut.onnx'), readFileSync(file).subarray(0, 1000));
        return `{ kind: imported, file: ${folder}/cut.onnx }`;
      },
      /ends too early/,
      'model',
    ],
    ['no file at all', () => '{ kind: imported }', /An imported model is one file/, 'model.kind'],
    [
      'a model that is not registered',
      () => '{ kind: imported, version: none@1 }',
      /No registered model/,
      'model.version',
    ],
    [
      'a pattern that fits no weight',
      () => `{ kind: imported, file: ${file}, trainable: [stem.*] }`,
      /No weight of the file is called stem/,
      'model',
    ],
  ])('%s is a problem with its place', async (_, model, message, path) => {
    const { diagnostics, summary } = await engine.call('training.validate', { yaml: yamlOf(model()) });
    expect(summary).toBeNull();
    expect(diagnostics).toEqual([expect.objectContaining({ severity: 'error', path })]);
    expect(diagnostics[0].message).toMatch(message);
  });
});
