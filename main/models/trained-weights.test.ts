import { expect, it } from 'vitest';
import { buildModel } from './build-model.ts';
import { trainedWeights } from './trained-weights.ts';

it('takes averages where they are kept, all else as it is, and nothing but parameters and buffers', () => {
  const { module } = buildModel(
    { kind: 'sequential', layers: [{ kind: 'batch_norm' }] },
    { kind: 'image', channels: 1, height: 1, width: 1 },
    { kind: 'regression', outputs: 1 },
  );
  const names = [...module.namedParameters(), ...module.namedBuffers()].map(([name]) => name);
  const [averaged, plain] = [names[0], names[1]];
  const state = new Map([
    ...names.map((name, index) => [name, Float32Array.of(index)] as const),
    [`average.${averaged}`, Float32Array.of(-1)] as const,
    [`momentum.${plain}`, Float32Array.of(-2)] as const,
  ]);
  const weights = trainedWeights(module, state);
  expect(Object.keys(weights)).toEqual(names);
  expect(weights[averaged]).toEqual(Float32Array.of(-1));
  expect(weights[plain]).toEqual(Float32Array.of(1));
  expect(trainedWeights(module, new Map())).toEqual({});
});
