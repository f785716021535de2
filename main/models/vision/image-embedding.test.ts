import { describe, expect, it } from 'vitest';
import { compileForward, compileGradients, compileTrainStep, type LossSpec, Sequential } from '../../graph/index.ts';
import {
  classIds,
  floats,
  numbers,
  openSession,
  relativeError,
  runOnce,
  StepRunner,
} from '../../graph/run-onnx.test-support.ts';
import { buildModel } from '../build-model.ts';
import { fill, readGolden, unpack } from '../golden.test-support.ts';
import type { ArchitectureSpec } from '../specification.ts';
import { localTargets } from '../targets.test-support.ts';
import { weightsOf } from './golden.test-support.ts';

interface Golden {
  readonly losses: {
    readonly labels: readonly number[];
    readonly dimensions: number;
    readonly cases: readonly { readonly spec: LossSpec; readonly loss: number; readonly gradient: string }[];
  };
  readonly trajectories: readonly {
    readonly encoder: ArchitectureSpec;
    readonly dimensions: number;
    readonly loss: LossSpec;
    readonly rate: number;
    readonly losses: readonly number[];
  }[];
}

const golden = readGolden<Golden>('metric_learning.json');
const [target] = (await localTargets()).filter(({ provider }) => provider === 'cpu').slice(-1);
const picture = { kind: 'image', channels: 1, height: 8, width: 8 } as const;
const embedding = { kind: 'embedding' } as const;

describe('losses and mining against pytorch-metric-learning', () => {
  const { labels, dimensions, cases } = golden.losses;
  it.each(cases.map((entry) => [JSON.stringify(entry.spec), entry] as const))('%s', async (_, entry) => {
    const given = { module: new Sequential([]), inputShape: [dimensions] };
    const rows = fill(labels.length * dimensions, 1).map((value) => value * 0.6);
    const result = await runOnce(compileGradients(given, { loss: entry.spec, withInputGradient: true }), {
      x: floats(rows, [labels.length, dimensions]),
      y: classIds(labels),
    });
    expect(Math.abs((numbers(result.loss)[0] ?? 0) / entry.loss - 1)).toBeLessThan(1e-5);
    expect(relativeError(numbers(result['gradient.x']), unpack(entry.gradient))).toBeLessThan(1e-5);
  });

  it.each(['semi_hard', 'hard'] as const)('%s mining of a batch without triplets costs nothing', async (mining) => {
    const given = { module: new Sequential([]), inputShape: [2] };
    const graph = compileGradients(given, { loss: { kind: 'triplet', mining }, withInputGradient: true });
    const result = await runOnce(graph, { x: floats([1, 0, 0, 1, 1, 1], [3, 2]), y: classIds([0, 1, 2]) });
    expect([...numbers(result.loss), ...numbers(result['gradient.x'])]).toEqual(Array(7).fill(0));
  });
});

describe('two hundred steps of an embedding against PyTorch', () => {
  it.each(golden.trajectories.map((entry) => [JSON.stringify(entry.loss), entry] as const))('%s', async (_, entry) => {
    const { encoder, dimensions, loss, rate, losses } = entry;
    const model = buildModel({ kind: 'image_embedding', encoder, dimensions }, picture, embedding);
    const optimizer = { kind: 'adamw', weightDecay: 0.01 } as const;
    const step = compileTrainStep(model, { loss, optimizer, parameters: weightsOf(model), target });
    const runner = new StepRunner(await openSession(step.onnx), step);
    const y = classIds(Array.from({ length: 12 }, (_row, row) => row % 4));
    for (const [index, expected] of losses.entries()) {
      const x = floats(fill(12 * 64, 1000 + ((index + 1) % 4)), [12, 1, 8, 8]);
      const figures = await runner.run({ x, y }, rate);
      expect(Math.abs(figures.loss - expected) / expected, `loss of step ${index + 1}`).toBeLessThan(1e-3);
    }
  });
});

it.each<ArchitectureSpec>([
  { kind: 'mlp', hidden: [8] },
  { kind: 'cnn', channels: [4], hidden: [8] },
  { kind: 'transformer_encoder', width: 8, heads: 2, layers: 1, patch: 4 },
  { kind: 'convolutional_transformer', channels: [4], width: 8, heads: 2, layers: 1 },
])('gives rows of length 1 with the encoder $kind', async (encoder) => {
  const model = buildModel({ kind: 'image_embedding', encoder, dimensions: 5 }, picture, embedding);
  expect(model.summary.outputShape.slice(1)).toEqual([5]);
  const graph = compileForward(model, { parameters: weightsOf(model), outputName: 'embedding' });
  const said = await runOnce(graph, { x: floats(fill(3 * 64, 7), [3, 1, 8, 8]) });
  const rows = numbers(said.embedding);
  for (const row of [0, 1, 2]) expect(Math.hypot(...rows.subarray(row * 5, row * 5 + 5))).toBeCloseTo(1, 6);
});

it('is made of pictures only, and of nothing but an encoder', () => {
  const encoder = { kind: 'mlp', hidden: [8] } as const;
  const table = { kind: 'table', features: 3 } as const;
  const spec = { kind: 'image_embedding', encoder, dimensions: 4 } as const;
  expect(() => buildModel(spec, table, embedding)).toThrow('cannot turn table into embedding');
  expect(() => buildModel(spec, picture, { kind: 'classification', classes: 2 })).toThrow('classification');
  expect(() => buildModel(encoder, picture, embedding)).toThrow('cannot end in embedding');
});
