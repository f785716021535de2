import { expect, it } from 'vitest';
import { compileForward, compileTrainStep, GraphError, initializeParameters } from '../../graph/index.ts';
import { classIds, floats, numbers, openSession, runOnce, StepRunner } from '../../graph/run-onnx.test-support.ts';
import { buildModel } from '../build-model.ts';

const spec = { kind: 'convolutional_transformer', channels: [8], width: 16, heads: 2, layers: 1 } as const;
const input = { kind: 'image', channels: 1, height: 9, width: 8 } as const;
const output = { kind: 'classification', classes: 2 } as const;

/** Two dots, near to each other (1) or far apart (0), anywhere: what no single window sees. */
const images = Float32Array.from({ length: 32 * 72 }, (_, index) => {
  const [image, row, column] = [Math.floor(index / 72), Math.floor(index / 8) % 9, index % 8];
  const first = image % 4;
  const second = first + (image % 2 === 0 ? 5 : 1);
  return (row === first && column === (image >> 2) % 7) || (row === second && column === (image >> 2) % 7) ? 1 : 0;
});

it('learns how far apart things are', async () => {
  const model = buildModel(spec, input, output);
  const step = compileTrainStep(model, { loss: { kind: 'cross_entropy' }, optimizer: { kind: 'adamw' } });
  const runner = new StepRunner(await openSession(step.onnx), step);
  const x = floats(images, [32, 1, 9, 8]);
  const y = classIds(Array.from({ length: 32 }, (_, image) => image % 2));
  let right = 0;
  for (let index = 0; index < 120; index++) right = (await runner.run({ x, y }, 5e-3)).metric;
  expect(right).toBeGreaterThanOrEqual(30);
  const forward = compileForward(model, { parameters: initializeParameters(model.module, 0) });
  expect((await runOnce(forward, { x })).output?.dims).toEqual([32, 2]);
  expect(numbers((await runOnce(forward, { x })).output).every(Number.isFinite)).toBe(true);
});

it('refuses what is no image', () => {
  expect(() => buildModel(spec, { kind: 'table', features: 3 }, output)).toThrow(GraphError);
});
