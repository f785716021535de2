import { expect, it } from 'vitest';
import { ReLU } from '../layers/activation.ts';
import { Sequential } from '../layers/container.ts';
import { Linear } from '../layers/linear.ts';
import { floats, numbers, runOnce } from '../run-onnx.test-support.ts';
import { compileLayerStatistics } from './layer-statistics.ts';

const model = {
  module: new Sequential([new Linear(1, 2, { bias: false }), new ReLU(), new Linear(2, 1, { bias: false })]),
  inputShape: [1],
};
const weights = { 'layers.0.weight': floats([2, -1], [2, 1]), 'layers.2.weight': floats([3, 5], [1, 2]) };

it('tells activations, dead units and gradients of each layer', async () => {
  const graph = compileLayerStatistics(model, { loss: { kind: 'mse' } });
  expect(graph.layers).toEqual(['layers.0', 'layers.1', 'layers.2']);
  expect(graph.trained).toEqual(['layers.0', 'layers.2']);
  const result = await runOnce(graph, { x: floats([1, 2], [2, 1]), y: floats([0, 0], [2, 1]), ...weights });
  // Outputs: 2, -1, 4, -2; then 2, 0, 4, 0; then 6, 12.
  expect([...numbers(result.activationMean)]).toEqual([0.75, 1.5, 9]);
  expect(numbers(result.activationDeviation)[2]).toBeCloseTo(3, 5);
  expect([...numbers(result.deadUnits)]).toEqual([0, 0.5, 0]);
  // d loss / d output = 2·output / 2 = 6, 12; so the second weights get 6·2 + 12·4 = 60 and 0.
  expect(numbers(result.outputGradientNorm)[2]).toBeCloseTo(Math.hypot(6, 12), 4);
  expect(numbers(result.gradientNorm)[1]).toBeCloseTo(60, 4);
  // The first weights: 3·(6·1 + 12·2) = 90, and nothing through the dead unit.
  expect(numbers(result.gradientNorm)[0]).toBeCloseTo(90, 4);
});

it('keeps what is not finite visible', async () => {
  const graph = compileLayerStatistics(model, { loss: { kind: 'mse' } });
  const result = await runOnce(graph, {
    x: floats([1, 2], [2, 1]),
    y: floats([0, 0], [2, 1]),
    ...weights,
    'layers.2.weight': floats([Number.POSITIVE_INFINITY, 5], [1, 2]),
  });
  expect([...numbers(result.activationMean)].map(Number.isFinite)).toEqual([true, true, false]);
});
