import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { compileExplanation, compileForward, compileTrainStep, initializeParameters } from '../../graph/index.ts';
import { buildModel } from '../build-model.ts';
import type { InputSignature, OutputSignature } from '../specification.ts';
import * as lightbench from './api/index.ts';
import { everyWord } from './every-word.test-support.ts';
import { ownModel } from './program-module.ts';
import { traceDefinition } from './trace-definition.ts';

const digits: InputSignature = { kind: 'image', channels: 1, height: 28, width: 28 };
const classes: OutputSignature = { kind: 'classification', classes: 10 };
const request = { task: 'image-classification', input: digits, output: classes, options: {} };
const declarations = join(process.cwd(), 'main/contract/model-file.d.ts');

it('builds the same graphs as the architecture of the same layers, to the byte', () => {
  const { Conv2d, defineModel, Flatten, Linear, MaxPool2d, ReLU, Sequential } = lightbench;
  const definition = defineModel({
    task: 'image-classification',
    build: () =>
      new Sequential(
        ...[new Conv2d(1, 8, 3), new ReLU(), new Conv2d(8, 16, 3), new ReLU(), new MaxPool2d(2), new Flatten()],
        ...[new Linear(16 * 12 * 12, 32), new ReLU(), new Linear(32, 10)],
      ),
  });
  const program = JSON.parse(JSON.stringify(traceDefinition(definition, request)));
  const own = ownModel({ kind: 'own', program }, digits, classes);
  const builtIn = buildModel({ kind: 'cnn', channels: [8, 16], poolAfter: [2], hidden: [32] }, digits, classes);
  const parameters = initializeParameters(own.module, 7);
  expect(parameters).toEqual(initializeParameters(builtIn.module, 7));
  expect(compileForward(own, { parameters }).onnx).toEqual(compileForward(builtIn, { parameters }).onnx);
  const options = { loss: { kind: 'cross_entropy' }, optimizer: { kind: 'adamw' }, seed: 1 } as const;
  expect(compileTrainStep(own, options).onnx).toEqual(compileTrainStep(builtIn, options).onnx);
  // Integrated gradients run one baseline and many points per sample through the model: other batches than its own.
  for (const kind of ['saliency', 'integrated_gradients', 'grad_cam'] as const) {
    const explained = [own, builtIn].map((model) => compileExplanation(model, { method: { kind }, parameters }).onnx);
    expect(explained[0]).toEqual(explained[1]);
  }
});

it('has every word of its declarations, and they have its types', () => {
  const declared = [
    ...readFileSync(declarations, 'utf8').matchAll(/^ {2}export (?:abstract )?(?:class|function) (\w+)/gm),
  ];
  const names = [...new Set(declared.map(([, name]) => name))].toSorted();
  expect(Object.keys(lightbench).toSorted()).toEqual(names);
  for (const name of names) expect([name, new RegExp(`\\b${name}\\b`).test(everyWord)]).toEqual([name, true]);

  const folder = mkdtempSync(join(tmpdir(), 'types-'));
  writeFileSync(join(folder, 'model.ts'), everyWord);
  const options = { target: 'es2022', module: 'esnext', moduleResolution: 'bundler', strict: true, noEmit: true };
  const config = { compilerOptions: { ...options, lib: ['es2022'], types: [] }, files: ['model.ts', declarations] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  const compiler = join(process.cwd(), 'node_modules/typescript/bin/tsc');
  const said = () => execFileSync(process.execPath, [compiler, '-p', folder], { encoding: 'utf8' });
  expect(said()).toBe('');
  rmSync(folder, { recursive: true });
});

it('runs every word', async () => {
  // The text without its import, as a function of what it imports.
  const { stripTypeScriptTypes } = await import('node:module');
  const body = stripTypeScriptTypes(everyWord)
    .replace(/^import[\s\S]*?from 'lightbench';/, '')
    .replace('export default', 'return');
  const names = Object.keys(lightbench);
  const definition = new Function(...names, body)(...Object.values(lightbench)) as unknown;
  const program = JSON.parse(JSON.stringify(traceDefinition(definition, request)));
  const model = ownModel({ kind: 'own', program }, digits, classes);
  const options = { loss: { kind: 'cross_entropy' }, optimizer: { kind: 'adamw' }, seed: 1 } as const;
  const step = compileTrainStep(model, options);
  expect(step.figures).toContain('sparsity');
  expect(step.onnx.byteLength).toBeGreaterThan(10_000);
});
