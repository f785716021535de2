import { expect, it } from 'vitest';
import { compileGradients, GELU, initializeParameters, Linear, Sequential } from '../index.ts';
import { decodeModel } from '../onnx/decode.ts';
import { classIds, floats, hasNative, numbers, relativeError, runOnce } from '../run-onnx.test-support.ts';
import { noise } from '../self-test/operator-case.ts';

const module = new Sequential([new Linear(5, 40), new GELU(), new Linear(40, 3)]);
const compiled = (native: boolean) =>
  compileGradients(
    { module, inputShape: [5] },
    { loss: { kind: 'cross_entropy' }, target: { provider: 'cpu', ...(native ? { native } : {}) } },
  );

it('takes the bias of a product that one operator reads, and leaves that of the last layer', () => {
  const { nodes } = decodeModel(compiled(true).onnx).graph;
  const count = (operator: string): readonly number[] =>
    nodes.filter((node) => node.operator === operator).map(({ inputs }) => inputs.length);
  expect(count('Gelu')).toEqual([2]);
  expect(count('GeluGradient')).toEqual([3]);
  expect(count('Gemm').filter((inputs) => inputs === 3)).toHaveLength(1);
});

it.runIf(hasNative)('changes no gradient', async () => {
  const feed: Record<string, ReturnType<typeof floats>> = {
    x: floats(noise(30, 1, [-2, 2]), [6, 5]),
    y: classIds([0, 1, 2, 2, 1, 0]),
  };
  const initial = initializeParameters(module, 3);
  for (const [name, { shape }] of module.namedParameters())
    feed[name] = floats(name.endsWith('bias') ? noise(shape[0] as number, 7, [-1, 1]) : (initial[name] ?? []), shape);
  const [expected, moved] = [await runOnce(compiled(false), feed), await runOnce(compiled(true), feed)];
  for (const [name, value] of Object.entries(expected))
    expect(relativeError(numbers(moved[name]), numbers(value)), name).toBeLessThan(2e-6);
});
