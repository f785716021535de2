import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import {
  type CompilableModel,
  compileTrainStep,
  type LossSpec,
  type OptimizerSpec,
  type Target,
} from '../graph/index.ts';
import { classIds, type Feed, floats, openSession, StepRunner } from '../graph/run-onnx.test-support.ts';
import { buildLayers } from './layer-builder.ts';
import type { LayerSpec } from './specification.ts';

export interface GoldenCase {
  readonly name: string;
  readonly shape: readonly number[];
  readonly batch: number;
  readonly loss: LossSpec;
  readonly layers: readonly LayerSpec[];
}

export interface LayerGolden extends GoldenCase {
  readonly flat: boolean;
  readonly output: string;
  readonly lossValue: number;
  readonly inputGradient: string;
  readonly gradients: Readonly<Record<string, string>>;
  readonly buffers: Readonly<Record<string, string>>;
  readonly evaluation: string;
}

export interface TrajectoryGolden extends GoldenCase {
  readonly optimizer: string;
  readonly rate: number;
  readonly spec: OptimizerSpec;
  readonly clipNorm: number | null;
  readonly losses: readonly number[];
  readonly norms: readonly number[];
}

export interface ExplanationGolden extends GoldenCase {
  readonly classIds: readonly number[];
  readonly saliency: string;
  readonly gradCam: string;
  readonly integratedGradients: string;
  readonly output: string;
}

export function readGolden<T>(file: string): T {
  return JSON.parse(readFileSync(join(import.meta.dirname, '../../e2e/golden/graph', file), 'utf8')) as T;
}

export function unpack(text: string | undefined): Float32Array {
  const bytes = Uint8Array.from(Buffer.from(text ?? '', 'base64'));
  return new Float32Array(bytes.buffer);
}

/** The twin of `fill` in e2e/golden/graph/make.py. */
export function fill(count: number, stream: number): Float32Array {
  return Float32Array.from({ length: count }, (_, index) => {
    let x = Math.imul(index, 0x9e3779b9) + stream * 7919 + 1;
    x = (x | 0) ^ ((x | 0) >>> 16);
    x = Math.imul(x, 0x7feb352d);
    x ^= x >>> 15;
    x = Math.imul(x, 0x846ca68b);
    x ^= x >>> 16;
    return (x >>> 0) / 2 ** 31 - 1;
  });
}

export function goldenModel(golden: GoldenCase): CompilableModel {
  return { module: buildLayers(golden.layers, golden.shape, 'pytorch').module, inputShape: golden.shape };
}

/** The weights that make.py sets; buffers keep their defaults. */
export function goldenParameters(golden: GoldenCase): Record<string, Float32Array> {
  const { module } = goldenModel(golden);
  const values: Record<string, Float32Array> = {};
  module.namedParameters().forEach(([name, parameter], stream) => {
    const count = parameter.shape.reduce((product, size) => product * size, 1);
    const raw = fill(count, stream + 100);
    if (parameter.shape.length > 1) {
      const factor = Math.fround(Math.sqrt(3 / (count / (parameter.shape[0] ?? 1))));
      values[name] = raw.map((value) => value * factor);
    } else {
      const offset = parameter.initializer.kind === 'constant' ? parameter.initializer.value : 0;
      values[name] = raw.map((value) => value * 0.25 + offset);
    }
  });
  for (const [name, buffer] of module.namedBuffers()) values[name] = buffer.initialValues(0, 0);
  return values;
}

export function goldenInput(golden: GoldenCase, stream: number) {
  const count = golden.batch * golden.shape.reduce((product, size) => product * size, 1);
  return floats(fill(count, stream), [golden.batch, ...golden.shape]);
}

export function goldenTarget(golden: GoldenCase, outputs: number, stream: number) {
  if (golden.loss.kind === 'mse') return floats(fill(golden.batch * outputs, stream), [golden.batch, outputs]);
  return classIds(Array.from({ length: golden.batch }, (_, index) => (index * 7) % outputs));
}

/** The twin of `weights` in e2e/golden/graph/golden.py. */
export function hashedWeights({ module }: CompilableModel): Record<string, Float32Array> {
  return Object.fromEntries(
    module.namedParameters().map(([name, { shape }], stream) => {
      const count = shape.reduce((product, size) => product * size, 1);
      const factor = shape.length > 1 ? Math.fround(Math.sqrt(3 / (count / (shape[0] ?? 1)))) : 0.25;
      return [name, fill(count, stream + 100).map((value) => value * factor)];
    }),
  );
}

/** Two hundred steps of AdamW from the same weights on the same data: losses within a thousandth all the way. */
export async function followLosses(
  model: CompilableModel,
  loss: LossSpec,
  rate: number,
  losses: readonly number[],
  dataOf: (step: number) => Feed,
  target: Target,
): Promise<void> {
  const optimizer = { kind: 'adamw', weightDecay: 0.01 } as const;
  const step = compileTrainStep(model, { loss, optimizer, parameters: hashedWeights(model), target });
  const runner = new StepRunner(await openSession(step.onnx), step);
  expect(losses.length).toBe(200);
  for (const [index, expected] of losses.entries()) {
    const figures = await runner.run(dataOf(index + 1), rate);
    expect(Math.abs(figures.loss - expected) / expected, `loss of step ${index + 1}`).toBeLessThan(1e-3);
  }
}
