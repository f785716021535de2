import { describe, expect, it } from 'vitest';
import { assemble } from '../compile/assemble.ts';
import { createGraph } from '../compile/model.ts';
import { STANDARD } from '../lowering/target.ts';
import { floats, numbers, openSession, relativeError, tensor } from '../run-onnx.test-support.ts';

/** Few words occur often and most never, as in a text. */
function text(count: number, vocabulary: number): number[] {
  let state = 7;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.min(vocabulary - 1, Math.floor(vocabulary ** (state / 2 ** 32)) - 1);
  });
}

async function gradientOf(vocabulary: number, width: number, padding: number) {
  const graph = createGraph();
  const inputs = [graph.input('ids', 'int64', ['n']), graph.input('g', 'float32', ['n', width])];
  const table = graph.apply('EmbeddingGradient', inputs, { vocabulary, padding });
  const { onnx } = assemble(graph, [{ name: 'table', tensor: table }], STANDARD, 'embedding');
  const session = await openSession(onnx);
  return async (ids: readonly number[], g: Float32Array): Promise<Float32Array> => {
    const values = BigInt64Array.from(ids, (id) => BigInt(id));
    const feed = { ids: tensor('int64', values, [ids.length]), g: floats(g, [ids.length, width]) };
    return numbers((await session.run(feed)).table).slice();
  };
}

describe('the gradient of an embedding', () => {
  it.each([
    [1, 5],
    [63, 9],
    [64, 2],
    [65, 300],
    [1000, 1],
    [3001, 500],
  ])('sums %i rows into a table of %i', async (count, vocabulary) => {
    const [width, ids] = [3, text(count, vocabulary)];
    const g = Float32Array.from({ length: count * width }, (_, index) => Math.sin(index * index));
    const expected = new Float64Array(vocabulary * width);
    ids.forEach((id, row) => {
      for (let column = 0; column < width; column++) {
        expected[id * width + column] = (expected[id * width + column] ?? 0) + (g[row * width + column] ?? 0);
      }
    });
    const run = await gradientOf(vocabulary, width, -1);
    expect(relativeError(await run(ids, g), expected)).toBeLessThan(1e-5);
  });

  it('is the same to the bit each time, with many repeated ids', async () => {
    const [count, vocabulary, width] = [4096, 1000, 32];
    const run = await gradientOf(vocabulary, width, -1);
    const ids = text(count, vocabulary);
    const g = Float32Array.from({ length: count * width }, (_, index) => Math.sin(index * index));
    const first = await run(ids, g);
    for (let time = 0; time < 30; time++) expect(await run(ids, g)).toEqual(first);
  });

  it('leaves the row of the padding alone', async () => {
    const run = await gradientOf(3, 2, 0);
    const table = await run(
      [0, 1, 0, 2, 1],
      Float32Array.from({ length: 10 }, (_, index) => index),
    );
    expect([...table]).toEqual([0, 0, 10, 12, 6, 7]);
  });
});
