import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { CompiledGraph } from '../graph/index.ts';
import {
  compileExplanation,
  compileForward,
  compileGradients,
  compilePreprocessing,
  compileTrainStep,
  initializeParameters,
} from '../graph/index.ts';
import { buildModel } from './build-model.ts';
import { compileDrawing } from './generative/sampling.ts';
import type { LayerGolden } from './golden.test-support.ts';
import { goldenModel, goldenParameters, readGolden } from './golden.test-support.ts';

const python = process.env.LIGHTBENCH_PYTHON ?? 'python3';
const hasOnnx = spawnSync(python, ['-c', 'import onnx']).status === 0;
const folder = mkdtempSync(join(tmpdir(), 'lightbench-onnx-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Every kind of standard graph of every golden model. */
function* graphs(): Generator<readonly [string, CompiledGraph]> {
  for (const golden of readGolden<readonly LayerGolden[]>('layers.json')) {
    const model = goldenModel(golden);
    const parameters = goldenParameters(golden);
    const name = golden.name.replaceAll(' ', '-');
    const { loss } = golden;
    yield [`${name}-gradients`, compileGradients(model, { loss, withInputGradient: true })];
    yield [`${name}-adamw`, compileTrainStep(model, { loss, optimizer: { kind: 'adamw' }, clipNorm: 1 })];
    const nesterov = { kind: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 0.1 } as const;
    yield [`${name}-sgd`, compileTrainStep(model, { loss, optimizer: nesterov })];
    const many = { loss, optimizer: { kind: 'adamw' }, manySteps: true } as const;
    yield [`${name}-many-steps`, compileTrainStep(model, many)];
    yield [`${name}-forward`, compileForward(model, { parameters, softmax: true })];
    yield [`${name}-saliency`, compileExplanation(model, { method: { kind: 'saliency' }, parameters })];
    yield [`${name}-path`, compileExplanation(model, { method: { kind: 'integrated_gradients' } })];
    if (golden.layers.some((layer) => layer.kind === 'conv2d')) {
      yield [`${name}-camera`, compileExplanation(model, { method: { kind: 'grad_cam' } })];
    }
  }
  const picture = { kind: 'image', channels: 1, height: 8, width: 8, classes: 2 } as const;
  for (const kind of ['vae', 'gan', 'diffusion'] as const) {
    const model = buildModel({ kind, latent: 4, channels: [4, 4], conditional: true }, picture, picture);
    yield [`${kind}-sampler`, compileDrawing(model, initializeParameters(model.module, 0))];
  }
  const encoder = { kind: 'cnn', channels: [4], hidden: [] } as const;
  const finder = buildModel({ kind: 'image_embedding', dimensions: 4, encoder }, picture, { kind: 'embedding' });
  for (const mining of ['all', 'semi_hard', 'hard'] as const)
    yield [
      `triplets-${mining}`,
      compileTrainStep(finder, { loss: { kind: 'triplet', mining }, optimizer: { kind: 'adamw' } }),
    ];
  const contrast = { loss: { kind: 'info_nce' }, optimizer: { kind: 'adamw' } } as const;
  yield ['info-nce', compileTrainStep(finder, contrast)];
  yield ['embedding', compileForward(finder, { parameters: initializeParameters(finder.module, 0) })];
  const image = { kind: 'image', channels: 3, height: 8, width: 8, mean: [0, 0, 0], deviation: [1, 1, 1] } as const;
  yield ['image-nhwc', compilePreprocessing({ ...image, layout: 'nhwc' })];
  yield ['image-nchw', compilePreprocessing({ ...image, layout: 'nchw', resize: false })];
  const columns = [{ kind: 'numeric', mean: 0, deviation: 1 } as const, { kind: 'category', categories: 3 } as const];
  yield ['table', compilePreprocessing({ kind: 'table', columns })];
}

it.skipIf(!hasOnnx)('the official checker accepts every standard graph', () => {
  let count = 0;
  for (const [name, { onnx }] of graphs()) {
    writeFileSync(join(folder, `${name}.onnx`), onnx);
    count++;
  }
  const script = join(import.meta.dirname, '../../e2e/golden/graph/check.py');
  const result = spawnSync(python, [script, folder], { encoding: 'utf8' });
  expect(result.stderr).toBe('');
  expect(count).toBeGreaterThan(100);
  expect(Number(result.stdout)).toBe(count);
});
