import { describe, expect, it } from 'vitest';
import { compileExplanation, compileForward, compileGradients, compileTrainStep, STANDARD } from '../graph/index.ts';
import {
  classIds,
  floats,
  numbers,
  openSession,
  relativeError,
  runOnce,
  StepRunner,
} from '../graph/run-onnx.test-support.ts';
import type { ExplanationGolden, LayerGolden, TrajectoryGolden } from './golden.test-support.ts';
import { goldenInput, goldenModel, goldenParameters, goldenTarget, readGolden, unpack } from './golden.test-support.ts';
import { labelOf, localTargets } from './targets.test-support.ts';

const TOLERANCE = 1e-5;
const layers = readGolden<readonly LayerGolden[]>('layers.json');
const trajectories = readGolden<readonly TrajectoryGolden[]>('trajectories.json');
const targets = await localTargets();

/** Constant regions make exact ties in pooling windows. */
function inputOf(golden: LayerGolden) {
  const x = goldenInput(golden, 1);
  if (!golden.flat) return x;
  const [, height = 0, width = 0] = golden.shape;
  const data = Float32Array.from(numbers(x), (value, index) =>
    value > 0 || Math.floor(index / width) % height < 4 ? 1 : 0,
  );
  return floats(data, [...x.dims]);
}

const feedOf = (parameters: Readonly<Record<string, Float32Array>>, golden: LayerGolden) => {
  const shapes = new Map(
    [...goldenModel(golden).module.namedParameters(), ...goldenModel(golden).module.namedBuffers()].map(
      ([name, { shape }]) => [name, shape],
    ),
  );
  return Object.fromEntries(
    Object.entries(parameters).map(([name, values]) => [name, floats(values, shapes.get(name) ?? [])]),
  );
};

describe.each(targets.map((target) => [labelOf(target), target] as const))(
  'against PyTorch, lowered for %s',
  (_, target) => {
    it.each(layers.map((golden) => [golden.name, golden] as const))(
      '%s: output and gradients',
      async (_name, golden) => {
        const model = goldenModel(golden);
        const parameters = goldenParameters(golden);
        const graph = compileGradients(model, { loss: golden.loss, withInputGradient: true, target });
        const expected = unpack(golden.output);
        const result = await runOnce(graph, {
          ...feedOf(parameters, golden),
          x: inputOf(golden),
          y: goldenTarget(golden, expected.length / golden.batch, 2),
        });
        expect(relativeError(numbers(result.output), expected)).toBeLessThan(TOLERANCE);
        expect(numbers(result.loss)[0]).toBeCloseTo(golden.lossValue, 5);
        // A bias before batch norm has a zero gradient in exact arithmetic: errors are judged against the whole gradient.
        const all = Object.values(golden.gradients).flatMap((text) => [...unpack(text)]);
        const total = Math.hypot(...all) || 1;
        for (const [name, text] of Object.entries(golden.gradients)) {
          const [actual, wanted] = [numbers(result[`gradient.${name}`]), unpack(text)];
          const norm = Math.hypot(...wanted);
          const scale = norm < total * 1e-6 ? total : norm;
          const error = (relativeError(actual, wanted) * norm) / scale;
          expect(error, name).toBeLessThan(TOLERANCE);
        }
        expect(relativeError(numbers(result['gradient.x']), unpack(golden.inputGradient))).toBeLessThan(TOLERANCE);
      },
    );

    it.each(
      layers.filter((golden) => Object.keys(golden.buffers).length > 0).map((golden) => [golden.name, golden] as const),
    )('%s: running statistics, then evaluation with them', async (_name, golden) => {
      const model = goldenModel(golden);
      const parameters = goldenParameters(golden);
      const step = compileTrainStep(model, { loss: golden.loss, optimizer: { kind: 'sgd' }, parameters, target });
      const runner = new StepRunner(await openSession(step.onnx), step);
      await runner.run(
        { x: inputOf(golden), y: goldenTarget(golden, unpack(golden.output).length / golden.batch, 2) },
        0,
      );
      for (const [name, text] of Object.entries(golden.buffers)) {
        expect(relativeError(runner.state(name), unpack(text)), name).toBeLessThan(TOLERANCE);
      }
      const values = Object.fromEntries(Object.keys(parameters).map((name) => [name, runner.state(name)]));
      const forward = compileForward(model, { parameters: values, target });
      const result = await runOnce(forward, { x: inputOf(golden) });
      expect(relativeError(numbers(result.output), unpack(golden.evaluation))).toBeLessThan(TOLERANCE);
    });

    it.each(trajectories.map((golden) => [`${golden.name}, ${golden.optimizer}`, golden] as const))(
      '%s: two hundred steps',
      async (_name, golden) => {
        const step = compileTrainStep(goldenModel(golden), {
          loss: golden.loss,
          optimizer: golden.spec,
          parameters: goldenParameters(golden),
          target,
          ...(golden.clipNorm === null ? {} : { clipNorm: golden.clipNorm }),
        });
        const runner = new StepRunner(await openSession(step.onnx), step);
        for (const [index, expected] of golden.losses.entries()) {
          const figures = await runner.run(
            { x: goldenInput(golden, 1000 + (index % 8)), y: goldenTarget(golden, 6, 0) },
            golden.rate,
          );
          expect(Math.abs(figures.loss - expected) / expected, `loss of step ${index + 1}`).toBeLessThan(1e-3);
          const norm = golden.norms[index] ?? 0;
          // Later on, a unit that begins or ceases to answer one sample moves the norm by more, and the loss hardly.
          const isEarly = index < 50;
          expect(Math.abs((figures.gradientNorm ?? 0) - norm) / norm, `norm of step ${index + 1}`).toBeLessThan(
            isEarly ? 1e-2 : 1e-1,
          );
        }
      },
    );
  },
);

describe('explanations against PyTorch', () => {
  const golden = readGolden<ExplanationGolden>('explanation.json');
  const model = goldenModel(golden);
  const parameters = goldenParameters(golden);
  const feed = { x: goldenInput(golden, 1), classId: classIds(golden.classIds) };

  it('saliency is the input gradient', async () => {
    const graph = compileExplanation(model, { method: { kind: 'saliency' }, parameters });
    const result = await runOnce(graph, feed);
    expect(result.heatmap?.dims).toEqual([3, 10, 10]);
    expect(relativeError(numbers(result.heatmap), unpack(golden.saliency))).toBeLessThan(TOLERANCE);
    expect(relativeError(numbers(result.output), unpack(golden.output))).toBeLessThan(TOLERANCE);
  });

  it('Grad-CAM reads the last convolution', async () => {
    const graph = compileExplanation(model, { method: { kind: 'grad_cam' }, parameters });
    const result = await runOnce(graph, feed);
    expect(relativeError(numbers(result.heatmap), unpack(golden.gradCam))).toBeLessThan(TOLERANCE);
    const named = compileExplanation(model, { method: { kind: 'grad_cam', layer: 'layers.4' }, parameters });
    expect(numbers((await runOnce(named, feed)).heatmap)).toEqual(numbers(result.heatmap));
  });

  it('integrated gradients are complete', async () => {
    const graph = compileExplanation(model, { method: { kind: 'integrated_gradients', steps: 64 }, parameters });
    const baseline = floats(new Float32Array(200), [1, 2, 10, 10]);
    const result = await runOnce(graph, { ...feed, baseline });
    // Piecewise linear models converge as 1/steps², whatever the rule.
    expect(relativeError(numbers(result.heatmap), unpack(golden.integratedGradients))).toBeLessThan(2e-2);
    for (const gap of numbers(result.completenessGap)) expect(gap).toBeLessThan(5e-3);
  });

  it('works with weights as inputs, and for tables', async () => {
    const table = layers.find((entry) => entry.name === 'mlp silu mse') as LayerGolden;
    const graph = compileExplanation(goldenModel(table), {
      method: { kind: 'integrated_gradients' },
      target: STANDARD,
    });
    const result = await runOnce(graph, {
      ...feedOf(goldenParameters(table), table),
      x: goldenInput(table, 1),
      classId: classIds([0, 1, 2, 0, 1, 2, 0]),
      baseline: floats(new Float32Array(10), [1, 10]),
    });
    expect(result.heatmap?.dims).toEqual([7, 10]);
    for (const gap of numbers(result.completenessGap)) expect(gap).toBeLessThan(1e-5);
  });
});
