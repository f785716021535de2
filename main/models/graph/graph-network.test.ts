import { describe, expect, it } from 'vitest';
import { compileForward, compileTrainStep, GraphError, initializeParameters } from '../../graph/index.ts';
import {
  classIds,
  floats,
  numbers,
  openSession,
  runOnce,
  StepRunner,
  tensor,
} from '../../graph/run-onnx.test-support.ts';
import { buildModel } from '../build-model.ts';

const convolutions = ['gcn', 'sage', 'gat'] as const;
const input = { kind: 'graph', features: 4 } as const;
const output = { kind: 'classification', classes: 2 } as const;

const ids = (values: readonly number[], shape: readonly number[]) =>
  tensor('int64', BigInt64Array.from(values, BigInt), shape);

/** Both directions of each pair. */
const edgesOf = (pairs: readonly (readonly [number, number])[]) => {
  const both = [...pairs, ...pairs.map(([a, b]) => [b, a] as const)];
  return ids([...both.map(([a]) => a), ...both.map(([, b]) => b)], [2, both.length]);
};

/** Two rings of ten nodes, joined by one edge; a node's features say faintly which ring it is in. */
const rings = (() => {
  const ring = (start: number) => Array.from({ length: 10 }, (_, i) => [start + i, start + ((i + 1) % 10)] as const);
  const x = Float32Array.from({ length: 80 }, (_, index) => Math.sin(index * 1.3) / 2 + (index < 40 ? 0.4 : -0.4));
  return {
    x: floats(x, [20, 4]),
    edges: edgesOf([...ring(0), ...ring(10), [0, 10]]),
    y: Array.from({ length: 20 }, (_, node) => (node < 10 ? 0 : 1)),
  };
})();

describe.each(convolutions)('a graph network of %s layers', (convolution) => {
  it('learns a class of nodes from the few that are labelled', async () => {
    const model = buildModel({ kind: 'graph_network', convolution, hidden: [16, 16] }, input, output);
    const loss = { kind: 'cross_entropy', sampleWeights: true } as const;
    const step = compileTrainStep(model, { loss, optimizer: { kind: 'adamw' } });
    const runner = new StepRunner(await openSession(step.onnx), step);
    const labelled = [0, 3, 6, 10, 13, 16];
    const weights = Float32Array.from({ length: 20 }, (_, node) => (labelled.includes(node) ? 1 : 0));
    const { x, edges } = rings;
    const data = { x, y: classIds(rings.y), edges, sampleWeights: floats(weights, [20]) };
    const first = await runner.run(data, 0.02);
    let last = first;
    for (let index = 0; index < 60; index++) last = await runner.run(data, 0.02);
    expect(last.loss).toBeLessThan(first.loss * 0.3);
    const names = step.state.filter(({ kind }) => kind === 'parameter').map(({ name }) => name);
    const parameters = Object.fromEntries(names.map((name) => [name, runner.state(name)]));
    const logits = numbers((await runOnce(compileForward(model, { parameters }), { x, edges })).output);
    const right = rings.y.filter(
      (label, node) => (logits[node * 2 + 1] ?? 0) > (logits[node * 2] ?? 0) === (label === 1),
    );
    expect(right.length).toBeGreaterThanOrEqual(17);
  });

  it('gives each node the same, however the nodes are numbered', async () => {
    const model = buildModel({ kind: 'graph_network', convolution, hidden: [8] }, input, output);
    const parameters = initializeParameters(model.module, 1);
    const forward = compileForward(model, { parameters });
    const order = Array.from({ length: 20 }, (_, node) => (node * 7 + 3) % 20);
    const edges = Array.from(rings.edges.data as BigInt64Array, (id) => order.indexOf(Number(id)));
    const rows = order.flatMap((node) => Array.from(numbers(rings.x).slice(node * 4, node * 4 + 4)));
    const plain = numbers((await runOnce(forward, { x: rings.x, edges: rings.edges })).output);
    const turned = numbers(
      (await runOnce(forward, { x: floats(rows, [20, 4]), edges: ids(edges, [2, edges.length / 2]) })).output,
    );
    order.forEach((node, place) => {
      expect(turned[place * 2]).toBeCloseTo(plain[node * 2] ?? Number.NaN, 5);
    });
  });

  it('scores pairs of nodes and whole graphs, as many as there are', async () => {
    const { x, edges } = rings;
    const pairs = buildModel({ kind: 'graph_network', convolution, hidden: [8], task: 'edge' }, input, output);
    const graphs = buildModel({ kind: 'graph_network', convolution, hidden: [8], task: 'graph' }, input, output);
    const forward = (model: typeof pairs) =>
      compileForward(model, { parameters: initializeParameters(model.module, 1) });
    const scores = await runOnce(forward(pairs), { x, edges, pairs: ids([0, 1, 5, 19, 4, 4], [2, 3]) });
    expect(scores.output?.dims).toEqual([3, 2]);
    const graphOf = ids(
      Array.from({ length: 20 }, (_, node) => (node < 5 ? 0 : node < 12 ? 2 : 1)),
      [20],
    );
    expect((await runOnce(forward(graphs), { x, edges, graphOf })).output?.dims).toEqual([3, 2]);
  });
});

it('runs of many steps take the graph once and end at the same weights', async () => {
  const model = buildModel({ kind: 'graph_network', convolution: 'gcn', hidden: [8] }, input, output);
  const options = { loss: { kind: 'cross_entropy' }, optimizer: { kind: 'adamw' } } as const;
  const single = compileTrainStep(model, options);
  const runner = new StepRunner(await openSession(single.onnx), single);
  const losses: number[] = [];
  for (let index = 0; index < 5; index++) {
    losses.push((await runner.run({ x: rings.x, edges: rings.edges, y: classIds(rings.y) }, 0.02)).loss);
  }
  const many = compileTrainStep(model, { ...options, manySteps: true });
  const stackedInputs = many.inputs.filter(({ shape }) => shape[0] === 'steps').map(({ name }) => name);
  expect(stackedInputs).toEqual(['learningRate']);
  const state = Object.fromEntries(many.state.map(({ name, initial, shape }) => [name, floats(initial, shape)]));
  const result = await runOnce(many, {
    ...state,
    x: rings.x,
    edges: rings.edges,
    y: classIds(rings.y),
    learningRate: floats(new Float32Array(5).fill(0.02), [5]),
    step: tensor('int32', Int32Array.of(1), []),
  });
  expect([...numbers(result.loss)]).toEqual(losses);
  for (const { name, outputName } of many.state) expect(numbers(result[outputName]), name).toEqual(runner.state(name));
});

it('refuses what does not fit', () => {
  const build =
    (spec: object, from: object = input) =>
    () =>
      buildModel(spec as never, from as never, output);
  expect(build({ kind: 'graph_network', convolution: 'gcn', hidden: [] })).toThrow(GraphError);
  expect(build({ kind: 'graph_network', convolution: 'gat', hidden: [6], heads: 4 })).toThrow('4 heads');
  const table = { kind: 'table', features: 3 };
  expect(build({ kind: 'graph_network', convolution: 'gcn', hidden: [4] }, table)).toThrow('takes a graph');
});
