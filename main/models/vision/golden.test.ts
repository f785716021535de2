import { describe, expect, it } from 'vitest';
import { compileGradients, compileTrainStep } from '../../graph/index.ts';
import { floats, numbers, openSession, relativeError, runOnce, StepRunner } from '../../graph/run-onnx.test-support.ts';
import { fill, readGolden, unpack } from '../golden.test-support.ts';
import { labelOf, localTargets } from '../targets.test-support.ts';
import type { VisionGolden } from './golden.test-support.ts';
import { imagesOf, modelOf, targetsOf, weightsOf } from './golden.test-support.ts';

const TOLERANCE = 1e-5;
const golden = readGolden<{ readonly layers: readonly VisionGolden[]; readonly models: readonly VisionGolden[] }>(
  'vision.json',
);
const named = (entries: readonly VisionGolden[]) => entries.map((entry) => [entry.name, entry] as const);
const targets = await localTargets();

describe.each(targets.map((target) => [labelOf(target), target] as const))(
  'image models against PyTorch, lowered for %s',
  (_, target) => {
    it.each(named([...golden.layers, ...golden.models]))('%s: output and gradients', async (_name, entry) => {
      const model = modelOf(entry);
      const weights = weightsOf(model);
      const shapes = new Map([...model.module.namedParameters(), ...model.module.namedBuffers()]);
      const graph = compileGradients(model, { loss: entry.loss, withInputGradient: true, target });
      const result = await runOnce(graph, {
        ...Object.fromEntries(
          Object.entries(weights).map(([name, values]) => [name, floats(values, shapes.get(name)?.shape ?? [])]),
        ),
        x: imagesOf(entry, 1),
        y: targetsOf(entry, 2),
      });
      expect(relativeError(numbers(result.output).subarray(0, 800), unpack(entry.outputValue))).toBeLessThan(TOLERANCE);
      expect(Math.abs((numbers(result.loss)[0] ?? 0) / entry.lossValue - 1)).toBeLessThan(TOLERANCE);
      const known = [...Object.keys(entry.gradients), ...Object.keys(entry.projections)].sort();
      expect(known).toEqual(
        model.module
          .namedParameters()
          .map(([name]) => name)
          .sort(),
      );
      // A bias before a norm has a zero gradient in exact arithmetic: such errors are judged against the whole gradient.
      const norms = [
        ...Object.values(entry.gradients).map((text) => Math.hypot(...unpack(text))),
        ...Object.values(entry.projections).map(([, , , norm]) => norm),
      ];
      const smallest = Math.hypot(...norms) * 1e-2;
      for (const [name, text] of Object.entries(entry.gradients)) {
        const wanted = unpack(text);
        const difference = numbers(result[`gradient.${name}`]).map((value, index) => value - (wanted[index] ?? 0));
        const error = Math.hypot(...difference) / Math.max(Math.hypot(...wanted), smallest);
        expect(error, name).toBeLessThan(TOLERANCE);
      }
      for (const [name, [...sums]] of Object.entries(entry.projections)) {
        const norm = sums.pop() ?? 0;
        const actual = numbers(result[`gradient.${name}`]);
        sums.forEach((wanted, index) => {
          const direction = fill(actual.length, 900 + index);
          const sum = actual.reduce((total, value, place) => total + value * (direction[place] ?? 0), 0);
          // The error of a projection is at most that of the gradient times the direction's length; here it is random.
          expect(Math.abs(sum - wanted) / Math.max(norm, smallest), name).toBeLessThan(3 * TOLERANCE);
        });
      }
      const inputGradient = numbers(result['gradient.x']).subarray(0, 800);
      expect(relativeError(inputGradient, unpack(entry.inputGradient))).toBeLessThan(TOLERANCE);
    });
  },
);

describe.each(
  targets
    .filter(({ provider }) => provider === 'cpu')
    .slice(-1)
    .map((target) => [labelOf(target), target] as const),
)('two hundred steps of AdamW against PyTorch, lowered for %s', (_, target) => {
  it.each(named(golden.models.filter(({ losses }) => losses)))('%s', async (_name, entry) => {
    const model = modelOf(entry);
    const step = compileTrainStep(model, {
      loss: entry.loss,
      optimizer: { kind: 'adamw', weightDecay: 0.01 },
      parameters: weightsOf(model),
      target,
    });
    const runner = new StepRunner(await openSession(step.onnx), step);
    const errors: number[] = [];
    for (const [index, expected] of (entry.losses ?? []).entries()) {
      const data = { x: imagesOf(entry, 1000 + (index % 4)), y: targetsOf(entry, 2000 + (index % 4)) };
      const { loss } = await runner.run(data, entry.rate ?? 0);
      errors.push(Math.abs(loss - expected) / expected);
    }
    expect(Math.max(...errors), `the largest error is at step ${errors.indexOf(Math.max(...errors)) + 1}`).toBeLessThan(
      1e-3,
    );
  });
});
