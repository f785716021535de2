import { describe, expect, it } from 'vitest';
import {
  compileTrainStep,
  estimateTrainingMemory,
  GraphError,
  initializeParameters,
  largestBatchThatFits,
  summarize,
} from '../graph/index.ts';
import type { ArchitectureSpec, InputSignature } from './index.ts';
import { buildModel } from './index.ts';

const digits: InputSignature = { kind: 'image', channels: 1, height: 28, width: 28 };
const classes = { kind: 'classification', classes: 10 } as const;
const cnn: ArchitectureSpec = { kind: 'cnn', channels: [32, 64], poolAfter: [2], hidden: [128] };

describe('buildModel', () => {
  it('counts parameters and operations as PyTorch and pencil do', () => {
    const { summary } = buildModel(cnn, digits, classes);
    expect(summary.parameterCount).toBe(320 + 18_496 + 1_179_776 + 1_290);
    expect(summary.flops).toBe(2 * (32 * 676 * 9 + 64 * 576 * 288 + 9216 * 128 + 128 * 10));
    expect(summary.outputShape).toEqual(['batch', 10]);
    const pool = summary.layers.find((layer) => layer.kind === 'MaxPool2d');
    expect(pool).toMatchObject({
      name: 'layers.4',
      inputShape: ['batch', 64, 24, 24],
      outputShape: ['batch', 64, 12, 12],
    });
  });

  it('names residual parts by their path', () => {
    const { module, summary } = buildModel(
      { kind: 'resnet', channels: [16, 32], blocksPerStage: 2 },
      { kind: 'image', channels: 3, height: 16, width: 16 },
      classes,
    );
    const names = module.namedParameters().map(([name]) => name);
    expect(names).toContain('layers.5.shortcut.layers.0.weight');
    expect(names).toContain('layers.3.body.layers.3.weight');
    expect(new Set(names).size).toBe(names.length);
    expect(summary.layers.filter((layer) => layer.kind === 'Residual')).toHaveLength(4);
  });

  it('takes tables, images as rows, and regression', () => {
    const table = buildModel(
      { kind: 'mlp', hidden: [8], normalization: 'layer', dropout: 0.1 },
      { kind: 'table', features: 5 },
      { kind: 'regression', outputs: 2 },
    );
    expect(table.summary.layers.map((layer) => layer.kind)).toEqual([
      'Linear',
      'LayerNorm',
      'ReLU',
      'Dropout',
      'Linear',
    ]);
    expect(buildModel({ kind: 'mlp', hidden: [] }, digits, classes).summary.layers[0]?.kind).toBe('Flatten');
  });

  it('refuses what does not fit, naming shapes and names', () => {
    expect(() => buildModel(cnn, { kind: 'image', channels: 1, height: 3, width: 3 }, classes)).toThrow(GraphError);
    expect(() => buildModel(cnn, { kind: 'table', features: 4 }, classes)).toThrow('image layer');
    const unknown = { kind: 'sequential', layers: [{ kind: 'attention' }] } as unknown as ArchitectureSpec;
    expect(() => buildModel(unknown, digits, classes)).toThrow('attention');
  });

  it('starts from He weights when asked', () => {
    const { module } = buildModel({ ...cnn, initialization: 'he' }, digits, classes);
    const values = initializeParameters(module, 0);
    const weight = values['layers.6.weight'] ?? new Float32Array();
    const deviation = Math.sqrt(weight.reduce((sum, value) => sum + value * value, 0) / weight.length);
    expect(deviation).toBeCloseTo(Math.sqrt(2 / 9216), 4);
    expect(values['layers.6.bias']?.every((value) => value === 0)).toBe(true);
  });
});

describe('the memory estimate', () => {
  const model = buildModel(cnn, digits, classes);
  const target = { provider: 'cpu', blockSize: 16 } as const;
  const options = { loss: { kind: 'cross_entropy' }, optimizer: { kind: 'adamw' }, target } as const;
  const alone = { threads: 1, stepsAtOnce: 1 };
  const estimate = (batchSize: number, execution = alone, more: object = {}) =>
    estimateTrainingMemory(model, { ...options, ...more }, batchSize, execution);
  const stateBytes = 3 * 4 * model.summary.parameterCount;

  it('grows with the batch, and counts the state exactly', () => {
    const [small, large] = [estimate(8), estimate(64)];
    // One set to read, one to write; the weights as they were drawn, and the gradients.
    expect(small.stateBytes).toBe(2 * stateBytes + 2 * 4 * model.summary.parameterCount);
    expect(large.arenaBytes).toBeGreaterThan(small.arenaBytes);
    // 140 MiB were measured by `npm run bench -- memory`, and 500 at 300.
    expect(large.totalBytes / 2 ** 20 / 140).toBeCloseTo(1, 0.6);
    expect(estimate(300).totalBytes / 2 ** 20 / 500).toBeCloseTo(1, 0.6);
    // At least the images after both convolutions must be held at once.
    expect(large.arenaBytes).toBeGreaterThan(64 * 4 * (32 * 676 + 64 * 576));
    // What is recomputed, or comes in parts, is not held.
    expect(estimate(256, alone, { microBatches: 4 }).totalBytes).toBeLessThan(0.6 * estimate(256).totalBytes);
    expect(compileTrainStep(model, options).state.every(({ initial }) => initial.length > 0)).toBe(true);
    expect(summarize(model).parameterCount).toBe(model.summary.parameterCount);
  });

  it('knows threads that share a batch, and several steps in one go', () => {
    const shared = estimate(64, { threads: 2, stepsAtOnce: 1 });
    // Each hands over gradients, as many as there are parameters.
    expect(shared.stateBytes).toBe(2 * stateBytes + 3 * 4 * model.summary.parameterCount);
    // Half a batch each, beside an update of its own.
    expect(shared.arenaBytes).toBeGreaterThan(2 * 32 * 4 * (32 * 676 + 64 * 576));
    expect(shared.totalBytes).toBeGreaterThan(estimate(64).totalBytes);
    const inGraph = { optimizer: { kind: 'sgd', momentum: 0.9 } };
    const many = estimate(64, { threads: 1, stepsAtOnce: 8 }, inGraph);
    // What a loop carries lies in the arena, once as it was and once as it becomes.
    expect(many.arenaBytes).toBeGreaterThan(2 * estimate(64, alone, inGraph).arenaBytes);
    expect(many.inputBytes).toBeGreaterThanOrEqual(8 * 64 * 4 * 784);
  });

  it('finds the largest batch that fits', () => {
    for (const execution of [alone, { threads: 2, stepsAtOnce: 1 }]) {
      const bytes = estimate(64, execution).totalBytes;
      const fitting = largestBatchThatFits(model, options, bytes, execution);
      expect(fitting).toBeGreaterThanOrEqual(64);
      expect(fitting).toBeLessThan(96);
      expect(estimate(fitting, execution).totalBytes).toBeLessThanOrEqual(bytes);
      expect(largestBatchThatFits(model, options, bytes, execution, 20)).toBe(20);
      expect(largestBatchThatFits(model, options, 2 ** 20, execution)).toBe(0);
    }
  });
});
