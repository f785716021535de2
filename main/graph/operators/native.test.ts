import { describe, expect, it } from 'vitest';
import { NATIVE_DOMAIN } from '../lowering/lowering.ts';
import { STANDARD, type Target } from '../lowering/target.ts';
import { hasNative, numbers, openSession, relativeError, tensor } from '../run-onnx.test-support.ts';
import { compileOperatorCase } from '../self-test/compile-case.ts';
import { caseName, ids, like, type OperatorCase, window } from '../self-test/operator-case.ts';

/** Of so many edges, the ends among so many nodes; some nodes have none, some many. */
const ends = (count: number, nodes: number) =>
  ids(Array.from({ length: count }, (_, edge) => Math.floor(nodes * ((edge * 0.618034) % 1) ** 2)));

/** Sizes that fill vectors, leave rests, and divide work among threads: the cases of the self-test are smaller. */
const cases: readonly OperatorCase[] = [
  { operator: 'Gelu', inputs: [[3, 5, 37]], range: [-6, 6] },
  { operator: 'Gelu', label: 'several pieces', inputs: [[40_003]], range: [-6, 6] },
  { operator: 'Relu', inputs: [[7, 83]] },
  { operator: 'Softmax', inputs: [[3, 4, 70, 45]], attributes: { axis: 3 } },
  { operator: 'Softmax', label: 'axis 1', inputs: [[3, 40, 7]], attributes: { axis: 1 } },
  { operator: 'LayerNorm', inputs: [[2, 75, 37], [37], [37]], attributes: { axis: 2, epsilon: 1e-5 } },
  {
    operator: 'LayerNorm',
    label: 'two axes',
    inputs: [
      [130, 4, 16],
      [4, 16],
      [4, 16],
    ],
    attributes: { axis: 1, epsilon: 1e-5 },
  },
  { operator: 'BatchNormTrain', inputs: [[9, 48, 7, 5], [48], [48]], attributes: { epsilon: 1e-5 } },
  { operator: 'BatchNormTrain', label: 'no blocks', inputs: [[5, 3, 9, 7], [3], [3]], attributes: { epsilon: 1e-5 } },
  { operator: 'BatchNormTrain', label: 'rows', inputs: [[37, 43], [43], [43]], attributes: { epsilon: 1e-5 } },
  { operator: 'ReduceSum', inputs: [[1100, 37]], attributes: { axes: [0], keep: false } },
  { operator: 'ReduceSum', label: 'two axes', inputs: [[6, 7, 129]], attributes: { axes: [0, 1], keep: false } },
  { operator: 'NeighborSum', inputs: [[700, 37], ends(5000, 700), ends(5000, 690)] },
  { operator: 'ScatterAddRows', inputs: [[3000, 19], ends(3000, 900), like(900, 1)] },
  { operator: 'ScatterAddRows', label: 'rank 3', inputs: [[300, 2, 17], ends(300, 7), like(9)] },
  { operator: 'SplitHeads', inputs: [[3, 7, 60]], attributes: { parts: 3, heads: 4 } },
  {
    operator: 'JoinHeads',
    inputs: [
      [3, 4, 7, 5],
      [3, 4, 7, 5],
    ],
  },
  { operator: 'Conv', inputs: [[5, 32, 9, 7], [48, 32, 3, 3], [48]], attributes: { ...window(3, 1, 1), groups: 1 } },
  {
    operator: 'Conv',
    label: 'stride',
    inputs: [[3, 16, 11, 8], [32, 16, 3, 3], [32]],
    attributes: { ...window(3, 2, 1), groups: 1 },
  },
  {
    operator: 'Conv',
    label: 'pixels',
    inputs: [[4, 32, 6, 6], [16, 32, 1, 1], [16]],
    attributes: { ...window(1), groups: 1 },
  },
  {
    operator: 'Conv',
    label: 'pixels at stride',
    inputs: [[4, 32, 7, 7], [16, 32, 1, 1], [16]],
    attributes: { ...window(1, 2), groups: 1 },
  },
  {
    operator: 'Conv',
    label: 'large kernel',
    inputs: [[2, 16, 5, 5], [16, 16, 7, 7], [16]],
    attributes: { ...window(7, 1, 3), groups: 1 },
  },
  ...[1, 2, 3, 4, 5].map((channels) => ({
    operator: 'Conv',
    label: `pictures of ${channels} channels`,
    inputs: [[3, channels, 10, 9], [32, channels, 3, 3], [32]],
    attributes: { ...window(3, 1, 1), groups: 1 },
  })),
];

const blocked = { provider: 'cpu', blockSize: 16 } as const;
const ways: readonly (readonly [string, Target])[] = [
  ['row-major', { provider: 'cpu', native: true }],
  ['in blocks of 16', { ...blocked, native: true }],
];

/** Everything that the case computes, its gradients included, where operators that came by fusion are in. */
async function results(each: OperatorCase, target: Target, threads: number) {
  const { onnx, feeds } = compileOperatorCase(each, target);
  const session = await openSession(onnx, threads);
  const all = new Map(feeds.map(({ name, dtype, data, shape }) => [name, tensor(dtype, data as Float32Array, shape)]));
  const found = await session.run(
    Object.fromEntries(session.inputNames.flatMap((name) => (all.has(name) ? [[name, all.get(name)]] : [])) as never),
  );
  await session.release();
  return { found, isNative: Buffer.from(onnx).includes(NATIVE_DOMAIN) };
}

describe.runIf(hasNative)('operators of the addon', () => {
  describe.each(ways)('%s', (_, target) => {
    it.each(cases.map((each) => [caseName(each), each] as const))('%s agrees with its twin', async (_name, each) => {
      const [expected, actual, threaded] = [
        await results(each, STANDARD, 1),
        await results(each, target, 1),
        await results(each, target, 2),
      ];
      for (const [name, value] of Object.entries(expected.found)) {
        expect(relativeError(numbers(actual.found[name]), numbers(value)), name).toBeLessThan(4e-6);
        expect([...numbers(threaded.found[name])], `${name} on two threads`).toEqual([...numbers(actual.found[name])]);
      }
    });
  });

  it('refuse edges to nodes that are not there', async () => {
    for (const [from, to] of [
      [0n, 700n],
      [-1n, 0n],
      [700n, 0n],
    ] as const) {
      const { onnx } = compileOperatorCase(
        { operator: 'NeighborSum', inputs: [[700, 3], ends(2, 700), ends(2, 700)] },
        { provider: 'cpu', native: true },
      );
      const session = await openSession(onnx, 1);
      const feeds = Object.fromEntries(
        session.inputNames.map((name, place) => [
          name,
          place === 0
            ? tensor('float32', new Float32Array(2100), [700, 3])
            : tensor('int64', BigInt64Array.of(1n, place === 1 ? from : to), [2]),
        ]),
      );
      await expect(session.run(feeds as never)).rejects.toThrow('node that is not there');
      await session.release();
    }
  });

  it('are what the cases are lowered to', async () => {
    const native = await Promise.all(cases.map((each) => results(each, { ...blocked, native: true }, 1)));
    expect(cases.filter((_, index) => !native[index]?.isNative).map(caseName)).toEqual([
      'Softmax (axis 1)',
      'Conv (pictures of 5 channels)',
    ]);
  });
});
