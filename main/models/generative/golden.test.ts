import { describe, expect, it } from 'vitest';
import { compileForward, compileGradients, compileTrainStep } from '../../graph/index.ts';
import {
  classIds,
  floats,
  numbers,
  openSession,
  relativeError,
  runOnce,
  StepRunner,
  tensor,
} from '../../graph/run-onnx.test-support.ts';
import { buildModel, type Model } from '../build-model.ts';
import { fill, readGolden, unpack } from '../golden.test-support.ts';
import { labelOf, localTargets } from '../targets.test-support.ts';
import { weightsOf } from '../vision/golden.test-support.ts';
import type { GenerativeSpec } from './specification.ts';

interface GoldenCase {
  readonly name: string;
  readonly spec: GenerativeSpec;
  readonly rate: number;
  /** The parts of the loss: reconstruction and divergence, discriminator and generator, or the error alone. */
  readonly parts: readonly number[];
  readonly output: string;
  readonly gradients: Readonly<Record<string, string>>;
  readonly inputGradient: string;
  readonly evaluation: string;
  /** The parts at each of two hundred steps. */
  readonly trajectory: readonly (readonly number[])[];
}

const TOLERANCE = 1e-5;
const golden = readGolden<{
  readonly seed: number;
  readonly labels: readonly number[];
  readonly cases: readonly GoldenCase[];
}>('drawing.json');
const CLASSES = 3;
const SIDE = 8;
const BATCH = golden.labels.length;
const targets = await localTargets();
const cases = golden.cases.map((entry) => [entry.name, entry] as const);

const modelOf = ({ spec }: GoldenCase): Model => {
  const image = { kind: 'image', channels: 1, height: SIDE, width: SIDE } as const;
  return buildModel(spec, image, spec.conditional ? { ...image, classes: CLASSES } : image);
};

/** The twin of `build` in drawing.py. */
function startOf(model: Model): Record<string, Float32Array> {
  const values = weightsOf(model);
  const norms = model.module.namedBuffers().filter(([name]) => name.endsWith('.u'));
  norms
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .forEach(([name, { shape }], place) => {
      values[name] = fill(shape[0] ?? 0, 500 + place);
    });
  return values;
}

const dataOf = (stream: number) => ({
  x: floats(fill(BATCH * SIDE * SIDE, stream).map(Math.abs), [BATCH, 1, SIDE, SIDE]),
  label: classIds(golden.labels),
});

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

describe.each(targets.map((target) => [labelOf(target), target] as const))(
  'models that draw, against PyTorch with the same noise, lowered for %s',
  (_, target) => {
    it.each(cases)('%s: output, loss and gradients', async (_name, entry) => {
      const model = modelOf(entry);
      const start = startOf(model);
      const shapes = new Map([...model.module.namedParameters(), ...model.module.namedBuffers()]);
      const graph = compileGradients(model, { loss: { kind: 'module' }, withInputGradient: true, target });
      const result = await runOnce(graph, {
        ...Object.fromEntries(
          Object.entries(start).map(([name, values]) => [name, floats(values, shapes.get(name)?.shape ?? [])]),
        ),
        ...dataOf(1),
        seed: tensor('int32', Int32Array.of(golden.seed), []),
        step: tensor('int32', Int32Array.of(1), []),
      });
      expect(relativeError(numbers(result.output), unpack(entry.output))).toBeLessThan(TOLERANCE);
      const loss = sum(entry.parts);
      expect(Math.abs((numbers(result.loss)[0] ?? 0) / loss - 1)).toBeLessThan(TOLERANCE);
      const names = Object.keys(start).filter((name) => shapes.get(name) && `gradient.${name}` in result);
      expect(names.sort()).toEqual(Object.keys(entry.gradients).sort());
      const norms = Object.values(entry.gradients).map((text) => Math.hypot(...unpack(text)));
      // A bias before a norm has a zero gradient in exact arithmetic: such errors are judged against the whole gradient.
      const smallest = Math.hypot(...norms) * 1e-2;
      for (const [name, text] of Object.entries(entry.gradients)) {
        const wanted = unpack(text);
        const difference = numbers(result[`gradient.${name}`]).map((value, index) => value - (wanted[index] ?? 0));
        const error = Math.hypot(...difference) / Math.max(Math.hypot(...wanted), smallest);
        expect(error, name).toBeLessThan(TOLERANCE);
      }
      expect(relativeError(numbers(result['gradient.x']), unpack(entry.inputGradient))).toBeLessThan(TOLERANCE);
    });

    it.each(cases)('%s: evaluation', async (_name, entry) => {
      const model = modelOf(entry);
      const result = await runOnce(compileForward(model, { parameters: startOf(model), target }), dataOf(1));
      expect(relativeError(numbers(result.output), unpack(entry.evaluation))).toBeLessThan(TOLERANCE);
    });

    it.each(cases)('%s: two hundred steps of AdamW', async (_name, entry) => {
      const model = modelOf(entry);
      const step = compileTrainStep(model, {
        loss: { kind: 'module' },
        optimizer: { kind: 'adamw', weightDecay: 0.01 },
        parameters: startOf(model),
        target,
      });
      const runner = new StepRunner(await openSession(step.onnx), step);
      expect(entry.trajectory.length).toBe(200);
      for (const [index, parts] of entry.trajectory.entries()) {
        const { loss, all } = await runner.run(dataOf(1000 + (index % 4)), entry.rate, golden.seed);
        // A player's own loss, or the sum of both, may pass through zero: it is judged against the size of both.
        const scale = sum(parts.map(Math.abs));
        expect(Math.abs(loss - sum(parts)) / scale, `loss of step ${index + 1}`).toBeLessThan(1e-3);
        for (const [place, name] of step.figures.entries())
          expect(
            Math.abs((all[name] ?? Number.NaN) - (parts[place] ?? 0)) / scale,
            `${name} of step ${index + 1}`,
          ).toBeLessThan(1e-3);
      }
    });
  },
);
