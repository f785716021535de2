import fc from 'fast-check';
import { expect, it } from 'vitest';
import { assemble } from '../../compile/assemble.ts';
import { compileForward } from '../../compile/forward.ts';
import type { CompilableModel } from '../../compile/model.ts';
import { STANDARD } from '../../lowering/target.ts';
import { describeGraph, feedOf, grow, growthPlans, moves } from '../../random-graph.test-support.ts';
import { type Feed, numbers, openSession } from '../../run-onnx.test-support.ts';
import { decodeModel } from '../decode.ts';
import { encodeModel } from '../encode.ts';
import { ImportedModule } from './imported-module.ts';

/** What files of people are made of: operators whose lowering can be read again. */
const IMPORTABLE = [
  ...['Relu', 'Sigmoid', 'Tanh', 'Exp', 'Neg', 'Abs', 'Gelu', 'Silu', 'Erf', 'Sqrt', 'Log', 'HardSwish', 'HardSigmoid'],
  ...['LeakyRelu', 'Clip', 'Add', 'Sub', 'Mul', 'Div', 'Pow', 'ReduceSum', 'ReduceMean', 'Softmax', 'Reshape'],
  ...['Unsqueeze', 'Transpose', 'Concat', 'Slice', 'Gemm', 'MatMul', 'Conv', 'MaxPool', 'AveragePool'],
  ...['GlobalAveragePool', 'LayerNorm', 'BatchNormEvaluation'],
];
const SEED = 20_261_129;

const answerOf = async (onnx: Uint8Array, feed: Feed): Promise<Float32Array> => {
  const session = await openSession(onnx, 1);
  const result = await session.run(
    Object.fromEntries(session.inputNames.map((name) => [name, feed[name] as Feed[string]])),
  );
  await session.release();
  return numbers(result.output);
};

function imported(
  onnx: Uint8Array,
  inputShape: readonly number[],
): { readonly onnx: Uint8Array; readonly weights: number } {
  const module = new ImportedModule(decodeModel(onnx));
  const model: CompilableModel = { module, inputShape };
  const exported = compileForward(model, { parameters: module.values, target: STANDARD });
  return { onnx: exported.onnx, weights: Object.keys(module.values).length };
}

const structureOf = (onnx: Uint8Array) =>
  decodeModel(onnx).graph.nodes.map(({ operator, domain, attributes, inputs }) => ({
    operator,
    domain,
    attributes,
    inputs: inputs.length,
  }));

it('a random graph that is exported and imported computes the same, and its second trip changes nothing', async () => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(growthPlans(8), async (plan) => {
      const grown = grow(plan, IMPORTABLE);
      const y = grown.made.at(-1);
      if (y === undefined) return;
      for (const name of grown.taken) seen.add(name);
      const first = assemble(grown.graph, [{ name: 'output', tensor: y }], STANDARD, 'random').onnx;
      const feed = feedOf(grown);
      const expected = await answerOf(first, feed);
      const second = imported(first, plan.shape);
      const found = await answerOf(second.onnx, feed);
      expect(found.length, describeGraph(grown)).toBe(expected.length);
      expected.forEach((value, place) => {
        // Where a root is taken of a negative number, both say so.
        const isSame =
          Object.is(found[place], value) || Math.abs((found[place] ?? 0) - value) <= 1e-5 * (1 + Math.abs(value));
        expect(isSame, `${found[place]} for ${value} of\n${describeGraph(grown)}`).toBe(true);
      });
      const third = imported(second.onnx, plan.shape);
      expect(third.weights).toBe(second.weights);
      expect(structureOf(third.onnx), describeGraph(grown)).toEqual(structureOf(second.onnx));
      expect(await answerOf(third.onnx, feed)).toEqual(found);
    }),
    { seed: SEED, numRuns: 300 },
  );
  expect(IMPORTABLE.filter((name) => !seen.has(name))).toEqual([]);
});

it('a random graph of any operators is read back exactly as it was written', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(growthPlans(10), (plan) => {
      const grown = grow(plan);
      for (const name of grown.taken) seen.add(name);
      const outputs = grown.made.map((tensor, index) => ({ name: `t${index}`, tensor }));
      const { onnx } = assemble(grown.graph, outputs, STANDARD, 'random');
      expect(encodeModel(decodeModel(onnx)), describeGraph(grown)).toEqual(onnx);
    }),
    { seed: SEED, numRuns: 300 },
  );
  expect(Object.keys(moves).filter((name) => !seen.has(name))).toEqual([]);
});
