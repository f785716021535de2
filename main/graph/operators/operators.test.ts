import type * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { STANDARD } from '../lowering/target.ts';
import { numbers, openSession, tensor } from '../run-onnx.test-support.ts';
import { compileOperatorCase } from '../self-test/compile-case.ts';
import { differentiableCases } from '../self-test/differentiable-cases.ts';
import { compileOperatorCases, operatorCases } from '../self-test/index.ts';
import { caseName, noise, type OperatorCase } from '../self-test/operator-case.ts';
import { operators } from './index.ts';

describe('the operator table', () => {
  it.each(differentiableCases.map((each) => [caseName(each), each] as const))(
    '%s: gradient agrees with finite differences',
    async (_, each) => {
      const { values, loss, gradient, wanted } = await prepare(each);
      const step = 4e-3;
      for (const index of wanted) {
        const value = values[index] as Float32Array;
        const direction = noise(value.length, 50 + index, [-1, 1]);
        const shifted = (sign: number): Float32Array =>
          value.map((entry, at) => entry + sign * step * (direction[at] ?? 0));
        const [above, below] = [await loss(index, shifted(1)), await loss(index, shifted(-1))];
        const slope = (above - below) / (2 * step);
        const analytic = gradient(index).reduce((sum, entry, at) => sum + entry * (direction[at] ?? 0), 0);
        const size = Math.max(Math.abs(slope), Math.abs(analytic), 0.1);
        expect(Math.abs(slope - analytic) / size, `input ${index}`).toBeLessThan(5e-3);
      }
    },
  );

  it('has a case for every operator with a gradient rule', () => {
    const differentiable = Object.entries(operators).filter(([, row]) => typeof row.gradient === 'function');
    const tried = new Set(differentiableCases.map(({ operator }) => operator));
    expect(differentiable.map(([name]) => name).filter((name) => !tried.has(name))).toEqual([]);
  });

  it('has cases that reach every operator, each under a name of its own', () => {
    const reached = new Set(
      compileOperatorCases(STANDARD).flatMap(({ outputs }) => outputs.flatMap((output) => [...output.operators])),
    );
    expect(Object.keys(operators).filter((name) => !reached.has(name))).toEqual([]);
    expect(new Set(operatorCases.map(caseName)).size).toBe(operatorCases.length);
  });
});

async function prepare(each: OperatorCase) {
  const { onnx, feeds, wanted } = compileOperatorCase(each, STANDARD);
  const session = await openSession(onnx);
  const feed: Record<string, ort.Tensor> = {};
  for (const { name, dtype, data, shape } of feeds) feed[name] = tensor(dtype, data as Float32Array, shape);
  const run = (changed: Record<string, ort.Tensor> = {}) => {
    const all = { ...feed, ...changed };
    return session.run(Object.fromEntries(session.inputNames.map((name) => [name, all[name] as ort.Tensor])));
  };
  const first = await run();
  const values = Object.fromEntries(wanted.map((index) => [index, numbers(feed[`in${index}`])]));
  return {
    values,
    wanted,
    loss: async (index: number, value: Float32Array) => {
      const shape = feed[`in${index}`]?.dims ?? [];
      return numbers((await run({ [`in${index}`]: tensor('float32', value, shape) })).loss)[0] ?? Number.NaN;
    },
    gradient: (index: number) => numbers(first[`gradient${index}`]),
  };
}
