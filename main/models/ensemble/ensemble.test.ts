import { describe, expect, it } from 'vitest';
import {
  compileForward,
  compileTrainStep,
  decodeModel,
  GraphError,
  initializeParameters,
  type ParameterValues,
} from '../../graph/index.ts';
import { classIds, floats, numbers, openSession, runOnce, StepRunner } from '../../graph/run-onnx.test-support.ts';
import { buildModel } from '../build-model.ts';
import { ensembleOf, ensembleParameters } from './ensemble.ts';

const input = { kind: 'table', features: 3 } as const;
const output = { kind: 'classification', classes: 4 } as const;
const build = (hidden: readonly number[]) => buildModel({ kind: 'mlp', hidden }, input, output);
const x = floats(
  Float32Array.from({ length: 60 }, (_, index) => Math.sin(index * 2.3)),
  [20, 3],
);
const members = [build([8]), build([16, 8]), build([])];
const weights = members.map(({ module }, index) => initializeParameters(module, index + 1));

const probabilitiesOf = async (model: (typeof members)[number], parameters: ParameterValues) =>
  numbers((await runOnce(compileForward(model, { parameters, softmax: true }), { x })).probabilities);

describe('an ensemble', () => {
  it('is one graph that gives the mean of the probabilities of its members', async () => {
    const ensemble = ensembleOf(members, 'average');
    const graph = compileForward(ensemble, { parameters: ensembleParameters(ensemble, weights), softmax: true });
    expect(graph.inputs.map(({ name }) => name)).toEqual(['x']);
    expect(decodeModel(graph.onnx).graph.nodes.length).toBeGreaterThan(5);
    const together = numbers((await runOnce(graph, { x })).probabilities);
    const alone = await Promise.all(members.map((model, index) => probabilitiesOf(model, weights[index] ?? {})));
    together.forEach((value, index) => {
      const mean = alone.reduce((sum, values) => sum + (values[index] ?? 0), 0) / alone.length;
      expect(value).toBeCloseTo(mean, 5);
    });
  });

  it('stacks: learns from what its members say, and leaves them as they are', async () => {
    const ensemble = ensembleOf(members, 'stacking');
    const parameters = ensembleParameters(ensemble, weights);
    const { parameterGroups } = ensemble;
    const loss = { kind: 'cross_entropy' } as const;
    const step = compileTrainStep(ensemble, { loss, optimizer: { kind: 'adamw' }, parameters, parameterGroups });
    const runner = new StepRunner(await openSession(step.onnx), step);
    // The class is what the second member thinks: there is a combination that says so.
    const second = await probabilitiesOf(build([16, 8]), weights[1] ?? {});
    const y = classIds(
      Array.from({ length: 20 }, (_, row) => {
        const own = second.slice(row * 4, row * 4 + 4);
        return own.indexOf(Math.max(...own));
      }),
    );
    const losses: number[] = [];
    for (let index = 0; index < 80; index++) losses.push((await runner.run({ x, y }, 0.1)).loss);
    expect(losses.at(-1)).toBeLessThan((losses[0] ?? 0) * 0.6);
    const trained = step.state.filter(({ kind }) => kind === 'optimizer').map(({ name }) => name);
    expect(trained.every((name) => name.includes('combine.'))).toBe(true);
  });

  it('refuses members that do not fit each other', () => {
    const other = buildModel({ kind: 'mlp', hidden: [] }, { kind: 'table', features: 5 }, output);
    expect(() => ensembleOf([build([]), other], 'average')).toThrow(GraphError);
    expect(() => ensembleOf([build([])], 'average')).toThrow('two models');
    const ensemble = ensembleOf(members, 'average');
    expect(() => ensembleParameters(ensemble, [{ nothing: new Float32Array() }])).toThrow('no parameter nothing');
  });
});

describe('a mixture of experts', () => {
  const spec = { kind: 'mixture_of_experts', experts: 4, hidden: [8] } as const;

  it.each([1, 2, 4])('with %d at a time learns, reports its balance and gates that add up to one', async (topK) => {
    const model = buildModel({ ...spec, topK }, input, output);
    const step = compileTrainStep(model, { loss: { kind: 'cross_entropy' }, optimizer: { kind: 'adamw' } });
    expect(step.figures).toEqual(['correct', 'balance']);
    const runner = new StepRunner(await openSession(step.onnx), step);
    const y = classIds(Array.from({ length: 20 }, (_, row) => row % 4));
    const losses: number[] = [];
    for (let index = 0; index < 120; index++) losses.push((await runner.run({ x, y }, 0.03)).loss);
    expect(losses.at(-1)).toBeLessThan((losses[0] ?? 0) * 0.7);
    const names = step.state.filter(({ kind }) => kind === 'parameter').map(({ name }) => name);
    const parameters = Object.fromEntries(names.map((name) => [name, runner.state(name)]));
    const gates = numbers((await runOnce(compileForward(model, { parameters }), { x })).gates);
    for (let row = 0; row < 20; row++) {
      const own = [...gates.slice(row * 4, row * 4 + 4)];
      expect(own.filter((value) => value > 0).length).toBeLessThanOrEqual(topK);
      expect(own.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
    }
  });

  it('keeps its experts busy: the balance falls towards one', async () => {
    const model = buildModel({ ...spec, topK: 1, balance: 1 }, input, output);
    const step = compileTrainStep(model, { loss: { kind: 'cross_entropy' }, optimizer: { kind: 'adamw' } });
    const runner = new StepRunner(await openSession(step.onnx), step);
    const y = classIds(new Array<number>(20).fill(0));
    const balances: number[] = [];
    for (let index = 0; index < 60; index++) balances.push((await runner.run({ x, y }, 0.03)).all.balance ?? 0);
    expect(balances.at(-1)).toBeLessThan(balances[0] ?? 0);
    expect(balances.at(-1)).toBeLessThan(1.1);
  });

  it('refuses more experts at a time than there are', () => {
    expect(() => buildModel({ ...spec, topK: 5 }, input, output)).toThrow(GraphError);
  });
});
