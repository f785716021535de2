import { describe, expect, it } from 'vitest';
import { assemble } from '../compile/assemble.ts';
import { createGraph } from '../compile/model.ts';
import { STANDARD } from '../lowering/target.ts';
import { floats, numbers, runOnce, tensor } from '../run-onnx.test-support.ts';

async function draw(operator: string, shape: readonly number[], step: number, stream = 0): Promise<Float32Array> {
  const graph = createGraph();
  const scalar = (name: string) => graph.input(name, 'int32', []);
  const key = graph.apply('RandomKey', [scalar('seed'), scalar('step')], { stream });
  const x = graph.input('x', 'float32', ['batch', ...shape.slice(1)]);
  const compiled = assemble(graph, [{ name: 'y', tensor: graph.apply(operator, [x, key]) }], STANDARD, 'draw');
  const count = shape.reduce((product, size) => product * size, 1);
  const integer = (value: number) => tensor('int32', Int32Array.of(value), []);
  const feed = { x: floats(new Float32Array(count), shape), seed: integer(7), step: integer(step) };
  const { y } = await runOnce(compiled, feed);
  expect(y?.dims).toEqual(shape);
  return numbers(y).slice();
}

const mean = (values: ArrayLike<number>, power = 1): number =>
  Array.from(values).reduce((sum, value) => sum + value ** power, 0) / values.length;

describe('random numbers in a graph', () => {
  it('are standard normal, for odd counts too', async () => {
    const values = await draw('RandomNormal', [333, 301], 1);
    const count = values.length;
    // Four standard errors of the first four moments of a standard normal sample.
    for (const [power, expected, variance] of [
      [1, 0, 1],
      [2, 1, 2],
      [3, 0, 15],
      [4, 3, 96],
    ] as const) {
      expect(Math.abs(mean(values, power) - expected), `moment ${power}`).toBeLessThan(4 * Math.sqrt(variance / count));
    }
    // Both halves of a pair are independent: their correlation is within four standard errors of zero.
    const half = Math.ceil(count / 2);
    const products = Array.from(
      { length: count - half },
      (_, index) => (values[index] ?? 0) * (values[index + half] ?? 0),
    );
    expect(Math.abs(mean(products))).toBeLessThan(4 / Math.sqrt(products.length));
    expect(new Set(values).size).toBeGreaterThan(count * 0.99);
  });

  it('depend on key and place alone', async () => {
    const whole = await draw('RandomUniform', [40, 4], 3);
    expect((await draw('RandomUniform', [20, 4], 3)).slice()).toEqual(whole.slice(0, 80));
    expect(await draw('RandomUniform', [40, 4], 3)).toEqual(whole);
    expect(await draw('RandomUniform', [40, 4], 4)).not.toEqual(whole);
    expect(await draw('RandomUniform', [40, 4], 3, 1)).not.toEqual(whole);
    expect(await draw('RandomNormal', [40, 4], 3)).toEqual(await draw('RandomNormal', [40, 4], 3));
  });

  it('are uniform between zero and one, both left out', async () => {
    const values = await draw('RandomUniform', [1000, 100], 1);
    expect(Math.min(...values.slice(0, 50_000))).toBeGreaterThan(0);
    expect(Math.max(...values.slice(0, 50_000))).toBeLessThan(1);
    const bins = new Float64Array(100);
    for (const value of values) bins[Math.floor(value * 100)] = (bins[Math.floor(value * 100)] ?? 0) + 1;
    const chiSquared = bins.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    // 99 degrees of freedom: beyond 160 once in ten thousand.
    expect(chiSquared).toBeLessThan(160);
  });
});
