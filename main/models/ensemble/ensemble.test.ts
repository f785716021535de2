import { describe, expect, it } from 'vitest';
import {
  type CompilableModel,
  compileForward,
  compileTrainStep,
  GraphError,
  initializeParameters,
  type ParameterValues,
  type PreprocessingSpec,
} from '../../graph/index.ts';
import { classIds, floats, numbers, openSession, runOnce, StepRunner } from '../../graph/run-onnx.test-support.ts';
import { buildModel } from '../build-model.ts';
import type { InputSignature, OutputSignature } from '../specification.ts';
import { inUnitsOfTarget, type TargetScale } from '../target-scale.ts';
import { commonPreprocessing } from './common-preprocessing.ts';
import type { EnsembleMember, EnsembleSpec } from './specification.ts';

const input = { kind: 'table', features: 3 } as const;
const output = { kind: 'classification', classes: 4 } as const;
const standardised = {
  kind: 'table',
  columns: [0, 1, 2].map((mean) => ({ kind: 'numeric', mean, deviation: mean + 1 }) as const),
} as const;
const x = floats(
  Float32Array.from({ length: 60 }, (_, index) => Math.sin(index * 2.3)),
  [20, 3],
);
const build = (hidden: readonly number[], of: InputSignature = input, to: OutputSignature = output) =>
  buildModel({ kind: 'mlp', hidden, normalization: 'layer', dropout: 0.5 }, of, to);

/** Members that all take the same. */
function alike(hidden: readonly (readonly number[])[], to: OutputSignature = output): EnsembleMember[] {
  return hidden.map((sizes, index) => {
    const model = build(sizes, input, to);
    const parameters = initializeParameters(model.module, index + 1);
    return { model, parameters, preprocessing: standardised, places: [0, 1, 2], targetScale: null };
  });
}

const specOf = (members: readonly EnsembleMember[], more: Partial<EnsembleSpec> = {}): EnsembleSpec => ({
  ...({ kind: 'ensemble', combine: 'average', members, preprocessing: standardised, targetScale: null } as const),
  ...more,
});
const probabilitiesOf = async (model: CompilableModel, parameters: ParameterValues) =>
  numbers((await runOnce(compileForward(model, { parameters, softmax: true }), { x })).probabilities);
const answersOf = (members: readonly EnsembleMember[]) =>
  Promise.all(members.map(({ model, parameters }) => probabilitiesOf(model, parameters)));

describe('an ensemble', () => {
  it('is one graph that gives the weighted mean of the probabilities of its members', async () => {
    const members = alike([[8], [16, 8], []]);
    const ensemble = buildModel(specOf(members, { weights: [2, 1, 1] }), input, output);
    const graph = compileForward(ensemble, { parameters: ensemble.parameters ?? {}, softmax: true });
    expect(graph.inputs.map(({ name }) => name)).toEqual(['x']);
    expect(graph.outputs.map(({ name }) => name)).toEqual(['output', 'probabilities']);
    const together = numbers((await runOnce(graph, { x })).probabilities);
    const [first = [], second = [], third = []] = await answersOf(members);
    together.forEach((value, index) => {
      expect(value).toBeCloseTo((first[index] ?? 0) / 2 + (second[index] ?? 0) / 4 + (third[index] ?? 0) / 4, 5);
    });
  });

  it('reads one raw input that members of other columns and scales prepare in their own ways', async () => {
    const one = {
      kind: 'table',
      columns: [
        { kind: 'numeric', mean: 3, deviation: 2 },
        { kind: 'category', categories: 2 },
      ],
    } as const;
    const other = {
      kind: 'table',
      columns: [
        { kind: 'index', name: 'b', rows: [1, 2] },
        { kind: 'numeric', mean: 0, deviation: 5 },
      ],
    } as const;
    const preprocessing = commonPreprocessing<PreprocessingSpec>([
      { preprocessing: one, columns: [{ name: 'a' }, { name: 'b' }] },
      { preprocessing: other, columns: [{ name: 'b' }, { name: 'c' }] },
    ]);
    expect(preprocessing).toEqual({ kind: 'table', columns: ['a', 'b', 'c'].map((name) => ({ kind: 'raw', name })) });
    const category = { kind: 'category', name: 'b', rows: 3 } as const;
    const embedded = { kind: 'table', features: 2, columns: [category, { kind: 'number' }] } as const;
    const members: EnsembleMember[] = [
      { model: build([4]), preprocessing: one, places: [0, 1] },
      {
        model: buildModel({ kind: 'embedding_mlp', hidden: [4] }, embedded, output),
        preprocessing: other,
        places: [1, 2],
      },
    ].map((member, index) => {
      const parameters = initializeParameters(member.model.module, index);
      return { ...member, parameters, targetScale: null };
    });
    const ensemble = buildModel(specOf(members, { preprocessing }), input, output);
    const rows = [
      [1, 0, 4],
      [Number.NaN, 1, 0],
      [2, 7, Number.NaN],
    ];
    const answer = async (
      model: CompilableModel,
      { preprocessing: spec, parameters, places }: Pick<EnsembleMember, 'preprocessing' | 'parameters' | 'places'>,
    ) => {
      const values = rows.flatMap((row) => places.map((place) => row[place] ?? 0));
      const graph = compileForward(model, { parameters, preprocessing: spec, softmax: true });
      return numbers((await runOnce(graph, { table: floats(values, [3, places.length]) })).probabilities);
    };
    const together = await answer(ensemble, {
      preprocessing,
      parameters: ensemble.parameters ?? {},
      places: [0, 1, 2],
    });
    const [left, right] = await Promise.all(members.map((member) => answer(member.model, member)));
    together.forEach((value, index) => {
      expect(value).toBeCloseTo(((left?.[index] ?? 0) + (right?.[index] ?? 0)) / 2, 5);
    });
  });

  it('begins at the picture itself where one member shrinks it', () => {
    const base = { kind: 'image', layout: 'nhwc', channels: 1, height: 28, width: 28, sourceChannels: 3 } as const;
    const picture = { ...base, mean: [0.1], deviation: [0.3] };
    const whole = { preprocessing: { ...picture, resize: false }, columns: [] };
    const small = { preprocessing: { ...picture, height: 14, width: 14, resize: true }, columns: [] };
    const middle = { preprocessing: { ...small.preprocessing, height: 20 }, columns: [] };
    expect(commonPreprocessing<PreprocessingSpec>([small, whole])).toMatchObject({
      ...{ height: 28, width: 28, channels: 3, resize: false },
      ...{ mean: [0, 0, 0], deviation: [1, 1, 1] },
    });
    expect(() => commonPreprocessing<PreprocessingSpec>([small, middle])).toThrow('different sizes');
    expect(commonPreprocessing<PreprocessingSpec>([small, small])).toBe(small.preprocessing);
  });

  it('brings the numbers of a regression into one unit', async () => {
    const scales = [
      { mean: 100, deviation: 10 },
      { mean: 80, deviation: 40 },
    ] as const;
    const number = { kind: 'regression', outputs: 1 } as const;
    const members = alike([[4], [6]], number).map((member, index) => ({
      ...member,
      targetScale: scales[index] ?? null,
    }));
    const ensemble = buildModel(specOf(members, { targetScale: scales[0] }), input, number);
    const inUnits = async (model: CompilableModel, parameters: ParameterValues, scale: TargetScale) =>
      numbers((await runOnce(compileForward(inUnitsOfTarget(model, scale), { parameters }), { x })).output);
    const together = await inUnits(ensemble, ensemble.parameters ?? {}, scales[0]);
    const [left, right] = await Promise.all(
      members.map(({ model, parameters }, index) => inUnits(model, parameters, scales[index] ?? scales[0])),
    );
    together.forEach((value, row) => {
      expect(value).toBeCloseTo(((left?.[row] ?? 0) + (right?.[row] ?? 0)) / 2, 3);
    });
  });

  it('stacks: begins as a mean, learns from what its members say, and leaves them as they are', async () => {
    const members = alike([[8], [16, 8], []]);
    const ensemble = buildModel(specOf(members, { combine: 'stacking' }), input, output);
    const { parameters = {}, parameterGroups = [] } = ensemble;
    const alone = await answersOf(members);
    const start = await probabilitiesOf(ensemble, parameters);
    const logarithms = [0, 1, 2, 3].map(
      (at) => alone.reduce((sum, said) => sum + Math.log((said[at] ?? 0) + 1e-6), 0) / 3,
    );
    const total = logarithms.reduce((sum, value) => sum + Math.exp(value), 0);
    for (let at = 0; at < 4; at++) expect(start[at]).toBeCloseTo(Math.exp(logarithms[at] ?? 0) / total, 4);
    const loss = { kind: 'cross_entropy' } as const;
    const step = compileTrainStep(ensemble, { loss, optimizer: { kind: 'adamw' }, parameters, parameterGroups });
    const runner = new StepRunner(await openSession(step.onnx), step);
    // The class is what the second member thinks: there is a combination that says so.
    const y = classIds(
      Array.from({ length: 20 }, (_, row) => {
        const own = [...(alone[1] ?? []).slice(row * 4, row * 4 + 4)];
        return own.indexOf(Math.max(...own));
      }),
    );
    const losses: number[] = [];
    for (let index = 0; index < 80; index++) losses.push((await runner.run({ x, y }, 0.1)).loss);
    expect(losses.at(-1)).toBeLessThan((losses[0] ?? 0) * 0.6);
    const trained = step.state.filter(({ kind }) => kind === 'optimizer').map(({ name }) => name);
    expect(trained.every((name) => name.includes('combine.'))).toBe(true);
    for (const [name, value] of Object.entries(parameters))
      if (name.startsWith('members.')) expect(runner.state(name), name).toEqual(value);
  });

  it('keeps the running statistics of its members, and evaluates with them while it learns', async () => {
    const picture = { kind: 'image', channels: 1, height: 4, width: 4 } as const;
    const preprocessing = { ...picture, layout: 'nhwc', mean: [0], deviation: [1] } as const;
    const members: EnsembleMember[] = [1, 2].map((seed) => {
      const model = buildModel({ kind: 'cnn', channels: [3], hidden: [], normalization: 'batch' }, picture, output);
      return {
        model,
        parameters: initializeParameters(model.module, seed),
        preprocessing,
        places: [],
        targetScale: null,
      };
    });
    const ensemble = buildModel(specOf(members, { combine: 'stacking', preprocessing }), picture, output);
    const { parameters = {}, parameterGroups = [] } = ensemble;
    const loss = { kind: 'cross_entropy' } as const;
    const step = compileTrainStep(ensemble, { loss, optimizer: { kind: 'sgd' }, parameters, parameterGroups });
    const runner = new StepRunner(await openSession(step.onnx), step);
    const pictures = floats(
      Float32Array.from({ length: 96 }, (_, index) => 5 + Math.sin(index * 1.7)),
      [6, 1, 4, 4],
    );
    const y = [0, 1, 2, 3, 0, 1];
    const said = await runner.run({ x: pictures, y: classIds(y) }, 0);
    const statistics = Object.keys(parameters).filter((name) => name.includes('running'));
    expect(statistics.length).toBeGreaterThan(0);
    for (const name of statistics) expect(runner.state(name), name).toEqual(parameters[name]);
    const graph = compileForward(ensemble, { parameters, softmax: true });
    const probabilities = numbers((await runOnce(graph, { x: pictures })).probabilities);
    const evaluated = y.reduce((sum, label, row) => sum - Math.log(probabilities[row * 4 + label] ?? 0), 0) / y.length;
    expect(said.loss).toBeCloseTo(evaluated, 4);
  });

  it('refuses what cannot be combined', () => {
    expect(() => buildModel(specOf(alike([[4]])), input, output)).toThrow('two members');
    expect(() => buildModel(specOf(alike([[4], [4]]), { weights: [1] }), input, output)).toThrow('1 weights cannot');
    const forecast = { kind: 'forecast', horizon: 2, series: 1 } as const;
    const stacked = specOf(alike([[4], [4]]), { combine: 'stacking' });
    expect(() => buildModel(stacked, input, forecast)).toThrow('not stacked');
    expect(() => buildModel(specOf(alike([[4], [4]])), input, { kind: 'detection', classes: 2 })).toThrow('detection');
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
