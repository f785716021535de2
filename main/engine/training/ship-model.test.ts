import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Tensor } from 'onnxruntime-node';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { seededRandom } from '../../base/random.ts';
import { readSafetensors } from '../../formats/safetensors/safetensors.ts';
import { openSession } from '../../graph/run-onnx.test-support.ts';
import type { ShippingModel } from './shipping.ts';
import { openTrainingEngine, type TrainingEngine } from './training.test-support.ts';

let folder: string;
let engine: TrainingEngine;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'shipping-'));
  engine = openTrainingEngine(join(folder, 'workspace'));
});
afterEach(async () => {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

async function train(yaml: string): Promise<string> {
  const { runId, jobId } = await engine.call('training.start', { yaml });
  const job = await engine.jobs.wait(jobId, 60_000);
  expect(job.error).toBeNull();
  return runId;
}

/** What the run itself predicted on its test items. */
function predicted(runId: string) {
  const stored = engine.workspace.runs.evaluation(runId, 'test');
  const { tensors } = readSafetensors(engine.workspace.artifacts.read(stored?.predictionsDigest ?? ''), 'predictions');
  return {
    indices: [...(tensors.get('indices')?.data ?? [])],
    values: (tensors.get('probabilities') ?? tensors.get('predictions'))?.data as Float32Array,
  };
}

async function answer(onnx: Uint8Array, feeds: Record<string, Tensor>, output: string): Promise<Float32Array> {
  const session = await openSession(onnx, 1);
  const result = await session.run(feeds);
  await session.release();
  return result[output].data as Float32Array;
}

function weightsOf(shipped: ShippingModel): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(shipped.reference.weights).map(([name, { data, dims }]) => [
      name,
      new Tensor('float32', data as Float32Array, [...dims]),
    ]),
  );
}

describe('what ships', () => {
  it('answers raw colour pictures of any size as the run did, resizing and turning them grey inside', async () => {
    const random = seededRandom(5);
    const pictures = new Map<string, { width: number; height: number; data: Uint8Array }>();
    for (let i = 0; i < 80; i++) {
      const kind = i % 2 === 0 ? 'rows' : 'columns';
      const [width, height] = [20 + random.below(20), 20 + random.below(20)];
      const data = new Uint8Array(width * height * 3);
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++) {
          const bright = Math.floor((kind === 'rows' ? y : x) / 5) % 2 === 0;
          for (let c = 0; c < 3; c++) data[(y * width + x) * 3 + c] = (bright ? 150 : 40) + random.below(60);
        }
      const name = `${i < 60 ? 'train' : 'test'}/${kind}/${i}.png`;
      mkdirSync(join(folder, 'source', name, '..'), { recursive: true });
      const png = await sharp(data, { raw: { width, height, channels: 3 } })
        .png()
        .toBuffer();
      writeFileSync(join(folder, 'source', name), png);
      pictures.set(name, { width, height, data });
    }
    const digest = await engine.importPath(join(folder, 'source'), { name: 'stripes' });
    const runId = await train(`
task: image-classification
data: { dataset: stripes, batchSize: 16 }
preprocessing: { resize: [16, 16], channels: 1 }
model: { kind: cnn, channels: [8], hidden: [16] }
training: { epochs: 15 }
optimizer: { kind: adamw, learningRate: 0.01 }
threads: 1
`);
    expect(engine.training.records.get(runId).metrics['test.accuracy']).toBeGreaterThan(0.8);
    const shipped = engine.training.ship(runId);
    expect(shipped.signature.inputs[0].shape).toEqual([-1, -1, -1, 3]);
    expect(shipped.preprocessing.join(' ')).toMatch(/resized to 16 × 16 .* become grey/);
    const { indices, values } = predicted(runId);
    const rows = await engine.call('datasets.rows', { digest, indices });
    for (const [place, { name }] of rows.entries()) {
      const picture = [...pictures].find(([path]) => path.endsWith(name) || name.endsWith(path))?.[1];
      if (picture === undefined) throw new Error(`${name} is no picture of the test.`);
      const image = new Tensor('uint8', picture.data, [1, picture.height, picture.width, 3]);
      const ours = await answer(shipped.onnx, { image }, 'probabilities');
      const reference = await answer(shipped.reference.onnx, { image, ...weightsOf(shipped) }, 'probabilities');
      for (let k = 0; k < 2; k++) {
        expect(ours[k]).toBeCloseTo(values[place * 2 + k], 4);
        expect(reference[k]).toBeCloseTo(ours[k], 5);
      }
    }
  });

  it.each([
    '{ kind: mlp, hidden: [16] }',
    '{ kind: mixture_of_experts, experts: 3, hidden: [16] }',
    '{ kind: wide_and_deep, hidden: [16], crosses: [[colour, colour]] }',
  ])('answers raw rows of a table as the run did, gaps and units included: %s', async (model) => {
    const random = seededRandom(6);
    const colours = ['red', 'green', 'blue'];
    const table = Array.from({ length: 200 }, (_, i) => {
      const x = random.normal() * 5;
      return { x: i % 13 === 0 ? Number.NaN : x, colour: i % 3, y: 1000 + 40 * x + 100 * (i % 3) };
    });
    const lines = table.map(({ x, colour, y }) => `${Number.isNaN(x) ? '' : x},${colours[colour]},${y}`);
    writeFileSync(join(folder, 'rows.csv'), `x,colour,y\n${lines.join('\n')}\n`);
    await engine.importPath(join(folder, 'rows.csv'), {
      name: 'rows',
      target: 'y',
      splits: { mode: 'stratified', validation: 0.1, test: 0.2, seed: 1 },
    });
    const runId = await train(`
task: table-regression
data: { dataset: rows, batchSize: 16 }
model: ${model}
loss: { kind: mse }
training: { epochs: 40, weightAverage: { decay: 0.9 } }
optimizer: { kind: adamw, learningRate: 0.01 }
threads: 1
`);
    expect(engine.training.records.get(runId).metrics['test.r2']).toBeGreaterThan(0.8);
    const shipped = engine.training.ship(runId);
    expect(shipped.signature.outputs[0].name).toBe('output');
    const categories = shipped.layout.columns.find(({ name }) => name === 'colour')?.categories ?? [];
    const { indices, values } = predicted(runId);
    const raw = indices.flatMap((item) =>
      shipped.layout.columns.map(({ name }) =>
        name === 'x' ? table[item].x : categories.indexOf(colours[table[item].colour]),
      ),
    );
    const feeds = {
      table: new Tensor('float32', Float32Array.from(raw), [indices.length, shipped.layout.columns.length]),
    };
    const ours = await answer(shipped.onnx, feeds, 'output');
    const reference = await answer(shipped.reference.onnx, { ...feeds, ...weightsOf(shipped) }, 'output');
    expect(Math.min(...ours)).toBeGreaterThan(300);
    for (let row = 0; row < indices.length; row++) {
      expect(Math.abs(ours[row] - values[row])).toBeLessThan(0.01);
      expect(Math.abs(reference[row] - ours[row])).toBeLessThan(0.01);
    }
    // A colour that nobody knows is no colour.
    const [place, width] = [
      shipped.layout.columns.findIndex(({ name }) => name === 'colour'),
      shipped.layout.columns.length,
    ];
    const unknown = [Number.NaN, -1, 99].map((colour) =>
      Array.from({ length: width }, (_, at) => (at === place ? colour : 3)),
    );
    const said = await answer(
      shipped.onnx,
      { table: new Tensor('float32', Float32Array.from(unknown.flat()), [3, width]) },
      'output',
    );
    expect(said[0]).toBeGreaterThan(800);
    expect([...said]).toEqual([said[0], said[0], said[0]]);
  });
});
