import { describe, expect, it } from 'vitest';
import { assemble } from '../compile/assemble.ts';
import { createGraph } from '../compile/model.ts';
import { GraphError } from '../graph-error.ts';
import { STANDARD } from '../lowering/target.ts';
import { floats, numbers, openSession, runOnce, tensor } from '../run-onnx.test-support.ts';

const integers = (values: readonly number[], shape: readonly number[]) =>
  tensor('int64', BigInt64Array.from(values, BigInt), shape);

describe.each([STANDARD, { provider: 'cpu' } as const])('sums over edges for $provider', (target) => {
  it('are the same to the bit every time, however often an index repeats', async () => {
    const graph = createGraph();
    const x = graph.input('x', 'float32', ['batch', 16]);
    const ids = graph.input('ids', 'int64', ['batch']);
    const sums = graph.apply('ScatterAddRows', [x, ids], { rows: 'groups' });
    const compiled = assemble(graph, [{ name: 'sums', tensor: sums }], target, 'sums');
    const session = await openSession(compiled.onnx, 2);
    const count = 20_000;
    const places = Array.from({ length: count }, (_, index) => (index * index) % 7);
    const values = Float32Array.from({ length: count * 16 }, (_, index) => Math.sin(index * 1.7));
    const feed = { x: floats(values, [count, 16]), ids: integers(places, [count]) };
    const first = numbers((await session.run(feed)).sums).slice();
    for (let run = 0; run < 20; run++) expect(numbers((await session.run(feed)).sums)).toEqual(first);
    const expected = new Float64Array(7 * 16);
    values.forEach((value, index) => {
      const place = (places[Math.floor(index / 16)] ?? 0) * 16 + (index % 16);
      expected[place] = (expected[place] ?? 0) + value;
    });
    expect(first.length).toBe(expected.length - 2 * 16);
    first.forEach((value, index) => {
      expect(Math.abs(value - (expected[index] ?? 0))).toBeLessThan(0.05);
    });
    await session.release();
  });

  it('count ids, keep nodes without edges, and join a loop to each node', async () => {
    const graph = createGraph();
    const x = graph.input('x', 'float32', ['batch', 2]);
    const edges = graph.input('edges', 'int64', [2, 'edges']);
    const joined = graph.apply('WithSelfLoops', [edges, x]);
    const to = graph.apply('Reshape', [graph.apply('Slice', [edges], { axis: 0, start: 1, size: 1 })], {
      shape: ['edges'],
    });
    const from = graph.apply('Reshape', [graph.apply('Slice', [edges], { axis: 0, start: 0, size: 1 })], {
      shape: ['edges'],
    });
    const outputs = {
      joined,
      degree: graph.apply('CountIds', [to, x]),
      sums: graph.apply('NeighborSum', [x, from, to]),
      weights: graph.apply('SegmentSoftmax', [graph.apply('GatherRows', [x, from]), to, x]),
    };
    const named = Object.entries(outputs).map(([name, entry]) => ({ name, tensor: entry }));
    const result = await runOnce(assemble(graph, named, target, 'edges'), {
      x: floats([1, 2, 3, 4, 5, 6], [3, 2]),
      edges: integers([0, 2, 1, 1, 1, 0], [2, 3]),
    });
    expect(Array.from(result.joined?.data ?? [], Number)).toEqual([0, 2, 1, 0, 1, 2, 1, 1, 0, 0, 1, 2]);
    expect([...numbers(result.degree)]).toEqual([1, 2, 0]);
    expect([...numbers(result.sums)]).toEqual([3, 4, 6, 8, 0, 0]);
    const [low, high] = [1 / (1 + Math.exp(4)), 1 / (1 + Math.exp(-4))];
    [low, low, high, high, 1, 1].forEach((weight, index) => {
      expect(numbers(result.weights)[index]).toBeCloseTo(weight, 6);
    });
  });
});

it('refuses indices that name other rows', () => {
  const graph = createGraph();
  const x = graph.input('x', 'float32', [4, 2]);
  const ids = graph.input('ids', 'int64', [3]);
  expect(() => graph.apply('ScatterAddRows', [x, ids, x])).toThrow(GraphError);
  expect(() => graph.apply('ScatterAddRows', [x, graph.input('more', 'int64', [4])])).toThrow('as many rows');
  expect(() => graph.apply('WithSelfLoops', [ids, x])).toThrow('[2, number]');
});
