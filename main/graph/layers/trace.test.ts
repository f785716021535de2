import { expect, it } from 'vitest';
import { compileForward } from '../compile/forward.ts';
import { compileGradients } from '../compile/gradients-graph.ts';
import { compileTrainStep } from '../compile/train-step.ts';
import { multiply, reduceMean, subtract } from '../expression.ts';
import { floats, numbers, openSession, runOnce, StepRunner } from '../run-onnx.test-support.ts';
import type { Tensor } from '../tensor.ts';
import { Linear } from './linear.ts';
import { Module } from './module.ts';
import type { Trace } from './trace.ts';

/** Two players of one parameter each: `maker` wants `judge`·`maker`·x to be one, `judge` wants it to be zero. */
class Pair extends Module {
  readonly kind = 'Pair';
  readonly maker = new Linear(1, 1, { bias: false });
  readonly judge = new Linear(1, 1, { bias: false });

  forward(x: Tensor, trace: Trace): Tensor {
    const made = trace.run('maker', this.maker, x);
    const judged = trace.frozen(() => trace.run('judge', this.judge, made));
    const error = subtract(judged, trace.input('goal'));
    trace.addLoss(reduceMean(multiply(error, error), [0, 1]), 'makerLoss');
    const stopped = trace.frozen(() => trace.run('maker', this.maker, x));
    const score = trace.run('judge', this.judge, stopped);
    trace.addLoss(reduceMean(multiply(score, score), [0, 1]), 'judgeLoss');
    trace.emit('made', made);
    return judged;
  }
}

const model = {
  module: new Pair(),
  inputShape: [1],
  moreInputs: [{ name: 'goal', dtype: 'float32', shape: ['batch', 1] }],
} as const;
const weights = { 'maker.weight': Float32Array.of(2), 'judge.weight': Float32Array.of(3) };
const x = floats([1, 2], [2, 1]);
const goal = floats([1, 1], [2, 1]);

it('reads further inputs, sums the losses of modules and keeps each player’s gradient from the other', async () => {
  const graph = compileGradients(model, { loss: { kind: 'module' } });
  expect(graph.inputs.map(({ name }) => name)).toEqual(expect.arrayContaining(['x', 'goal']));
  const result = await runOnce(graph, {
    x,
    goal,
    'maker.weight': floats([2], [1, 1]),
    'judge.weight': floats([3], [1, 1]),
  });
  // Judged 6 and 12 against 1: mean of 25 and 121; scores 6 and 12: mean of 36 and 144.
  expect(numbers(result.loss)[0]).toBeCloseTo(73 + 90, 4);
  // d/dmaker of the first alone: mean of 2·5·3·1 and 2·11·3·2.
  expect(numbers(result['gradient.maker.weight'])[0]).toBeCloseTo((30 + 132) / 2, 4);
  // d/djudge of the second alone: mean of 2·6·2 and 2·12·4.
  expect(numbers(result['gradient.judge.weight'])[0]).toBeCloseTo((24 + 96) / 2, 4);
});

it('reports named losses as figures of a step, several steps in one run as well', async () => {
  const options = { loss: { kind: 'module' }, optimizer: { kind: 'sgd' }, parameters: weights } as const;
  const step = compileTrainStep(model, options);
  expect(step.figures).toEqual(['makerLoss', 'judgeLoss']);
  const runner = new StepRunner(await openSession(step.onnx), step);
  const { all } = await runner.run({ x, goal }, 0.001);
  expect(all.makerLoss).toBeCloseTo(73, 4);
  expect(all.judgeLoss).toBeCloseTo(90, 4);
  expect(runner.state('maker.weight')[0]).toBeCloseTo(2 - 0.081, 5);
  expect(runner.state('judge.weight')[0]).toBeCloseTo(3 - 0.06, 5);
  const many = compileTrainStep(model, { ...options, manySteps: true });
  expect(many.inputs.find(({ name }) => name === 'goal')?.shape).toEqual(['steps', 'batch', 1]);
});

it('gives what modules emit as further outputs of a forward graph, and loses nothing to the losses there', async () => {
  const graph = compileForward(model, { parameters: weights });
  const result = await runOnce(graph, { x });
  expect([...numbers(result.made)]).toEqual([2, 4]);
  expect([...numbers(result.output)]).toEqual([6, 12]);
});

it('says which input or loss is missing', () => {
  const blind = { module: model.module, inputShape: [1] };
  expect(() => compileForward(blind)).toThrow('The model has no input named goal.');
  const silent = { module: new Linear(1, 1), inputShape: [1] };
  expect(() => compileGradients(silent, { loss: { kind: 'module' } })).toThrow('adds no loss');
});
