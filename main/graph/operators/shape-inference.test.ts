import fc from 'fast-check';
import { expect, it } from 'vitest';
import { assemble } from '../compile/assemble.ts';
import { add, multiply, reduceSum } from '../expression.ts';
import { GraphError } from '../graph-error.ts';
import { STANDARD } from '../lowering/target.ts';
import { decodeModel } from '../onnx/decode.ts';
import { gradients } from '../passes/gradients.ts';
import {
  describeGraph,
  feedOf,
  type GrownGraph,
  grow,
  growthPlans,
  moves,
  runSizes,
} from '../random-graph.test-support.ts';
import { openSession, tensor } from '../run-onnx.test-support.ts';
import { compileOperatorCase } from '../self-test/compile-case.ts';
import { operatorCases } from '../self-test/index.ts';
import { caseName } from '../self-test/operator-case.ts';
import { operators } from './index.ts';

/** Appends the gradient by the input of all that was made together; false where an operator on the way has no rule. */
function differentiate({ made, x }: GrownGraph): boolean {
  const loss = made
    .filter(({ dtype }) => dtype === 'float32')
    .map((y) =>
      reduceSum(
        multiply(y, y),
        y.shape.map((_, axis) => axis),
      ),
    )
    .reduce(add, x.graph.scalar(0));
  try {
    gradients(operators, loss, [x]);
    return true;
  } catch (error) {
    if (error instanceof GraphError && error.reason === 'not-differentiable') return false;
    throw error;
  }
}

it('shapes and types inferred for random graphs and their gradients are those that ONNX Runtime computes', async () => {
  const [seen, reached] = [new Set<string>(), new Set<string>()];
  let differentiated = 0;
  const runs = 400;
  await fc.assert(
    fc.asyncProperty(growthPlans(10), async (plan) => {
      const grown = grow(plan);
      if (differentiate(grown)) differentiated++;
      for (const name of grown.taken) seen.add(name);
      const tensors = grown.graph.nodes.flatMap((node) => node.outputs);
      const outputs = tensors.map((tensor, index) => ({ name: `t${index}`, tensor }));
      const compiled = assemble(grown.graph, outputs, STANDARD, 'random');
      const session = await openSession(compiled.onnx, 1);
      const feed = feedOf(grown);
      const result = await session.run(
        Object.fromEntries(session.inputNames.map((name) => [name, feed[name as keyof typeof feed]])),
      );
      for (const {
        name,
        tensor: { dtype, shape, producer, id },
      } of outputs) {
        const place = producer?.outputs.findIndex((output) => output.id === id);
        const inferred = { dtype, dims: runSizes(shape) };
        const found = { dtype: result[name]?.type, dims: result[name]?.dims };
        expect(found, `output ${place} of ${producer?.operator} in\n${describeGraph(grown)}`).toEqual(inferred);
        reached.add(producer?.operator ?? '');
      }
      await session.release();
    }),
    { seed: 20_261_129, numRuns: runs },
  );
  expect(Object.keys(moves).filter((name) => !seen.has(name))).toEqual([]);
  expect(differentiated).toBeGreaterThan(runs / 2);
  // Gradients bring in operators that no move applies.
  expect(reached.size).toBeGreaterThan(Object.keys(moves).length + 12);
});

it.each(operatorCases.map((each) => [caseName(each), each] as const))(
  '%s: the shapes that its graph declares are those that ONNX Runtime computes',
  async (_, each) => {
    const { onnx, feeds } = compileOperatorCase(each, STANDARD);
    const session = await openSession(onnx, 1);
    const feed = Object.fromEntries(
      feeds
        .filter(({ name }) => session.inputNames.includes(name))
        .map(({ name, dtype, data, shape }) => [name, tensor(dtype, data as Float32Array, shape)]),
    );
    const result = await session.run(feed);
    for (const { name, shape, dtype } of decodeModel(onnx).graph.outputs) {
      expect(result[name]?.type, name).toBe(dtype);
      // A size that only the numbers say has a name.
      const sizes = shape.map((size, axis) => (typeof size === 'number' ? size : result[name]?.dims[axis]));
      expect(result[name]?.dims, name).toEqual(sizes);
    }
    await session.release();
  },
);
