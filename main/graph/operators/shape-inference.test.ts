import { expect, it } from 'vitest';
import { assemble } from '../compile/assemble.ts';
import { createGraph } from '../compile/model.ts';
import type { Shape } from '../dimension.ts';
import { BATCH, dimensionProduct, elementCount } from '../dimension.ts';
import { STANDARD } from '../lowering/target.ts';
import { floats, openSession, tensor } from '../run-onnx.test-support.ts';
import type { Tensor } from '../tensor.ts';

/** What one run of this test takes for `batch` and for `rows`. */
const SIZES: Readonly<Record<string, number>> = { batch: 3, edges: 5 };

type Pick = <T>(options: readonly T[]) => T;

/** A random application of an operator to a tensor, or undefined where it does not fit. */
type Move = (x: Tensor, pick: Pick, ids: Tensor) => Tensor | undefined;

const constant = (x: Tensor, shape: readonly number[]): Tensor =>
  x.graph.constant('float32', shape, new Float32Array(elementCount(shape)).fill(0.5));

const isImage = (x: Tensor): boolean => x.shape.length === 4 && Number(x.shape[2]) >= 3 && Number(x.shape[3]) >= 3;
const window = (pick: Pick) => {
  const pad = pick([0, 1]);
  return {
    kernel: [pick([2, 3]), 3],
    strides: [pick([1, 2]), pick([1, 2])],
    pads: [pad, pad, pad, pad],
    dilations: [1, 1],
  };
};

const moves: Readonly<Record<string, Move>> = {
  unary: (x, pick) => x.graph.apply(pick(['Relu', 'Sigmoid', 'Tanh', 'Exp', 'Neg', 'Abs', 'Gelu', 'Silu', 'Erf']), [x]),
  binary: (x, pick) => {
    const last = Number(x.shape.at(-1) ?? 1);
    const other = pick([x, constant(x, []), ...(Number.isNaN(last) ? [] : [constant(x, [last])])]);
    return x.graph.apply(pick(['Add', 'Sub', 'Mul', 'Div', 'Max', 'Min']), [x, other]);
  },
  reduce: (x, pick) => {
    if (x.shape.length < 2) return undefined;
    const axes = pick([[1], [x.shape.length - 1], [-1], x.shape.slice(1).map((_, axis) => axis + 1)]);
    return x.graph.apply(pick(['ReduceSum', 'ReduceMean', 'ReduceMax', 'ReduceMin']), [x], {
      axes,
      keep: pick([true, false]),
    });
  },
  softmax: (x) => (x.shape.length > 1 ? x.graph.apply('Softmax', [x], { axis: x.shape.length - 1 }) : undefined),
  flatten: (x) =>
    x.shape.length > 1
      ? x.graph.apply('Reshape', [x], { shape: [x.shape[0] ?? 1, dimensionProduct(x.shape.slice(1))] })
      : undefined,
  fold: (x) => {
    const [first, second, ...rest] = x.shape;
    if (first === undefined || second === undefined) return undefined;
    return x.graph.apply('Reshape', [x], { shape: [dimensionProduct([first, second]), ...rest] });
  },
  transpose: (x) => {
    if (x.shape.length < 3) return undefined;
    const [first, ...rest] = x.shape.map((_, axis) => axis);
    return x.graph.apply('Transpose', [x], { order: [first ?? 0, ...rest.reverse()] });
  },
  concat: (x) => (x.shape.length > 1 ? x.graph.apply('Concat', [x, x], { axis: 1 }) : undefined),
  slice: (x) => {
    const size = x.shape[1];
    return typeof size === 'number' && size > 1
      ? x.graph.apply('Slice', [x], { axis: 1, start: 1, size: size - 1 })
      : undefined;
  },
  pad: (x) => (x.shape.length > 1 ? x.graph.apply('PadAxis', [x], { axis: 1, before: 1, after: 2 }) : undefined),
  gemm: (x) =>
    x.shape.length === 2 && typeof x.shape[1] === 'number'
      ? x.graph.apply('Gemm', [x, constant(x, [4, x.shape[1]]), constant(x, [4])], { transposeRight: true })
      : undefined,
  matmul: (x) => {
    const inner = x.shape.at(-1);
    return x.shape.length >= 2 && typeof inner === 'number'
      ? x.graph.apply('MatMul', [x, constant(x, [inner, 5])])
      : undefined;
  },
  convolution: (x, pick) => {
    if (!isImage(x)) return undefined;
    const attributes = window(pick);
    const weight = constant(x, [4, Number(x.shape[1]), ...attributes.kernel]);
    return x.graph.apply('Conv', [x, weight, undefined], { ...attributes, groups: 1 });
  },
  pooling: (x, pick) => (isImage(x) ? x.graph.apply(pick(['MaxPool', 'AveragePool']), [x], window(pick)) : undefined),
  globalPool: (x) => (isImage(x) ? x.graph.apply('GlobalAveragePool', [x]) : undefined),
  layerNorm: (x) => {
    const size = x.shape.at(-1);
    if (x.shape.length < 2 || typeof size !== 'number') return undefined;
    const attributes = { axis: x.shape.length - 1, epsilon: 1e-5 };
    return x.graph.apply('LayerNorm', [x, constant(x, [size]), constant(x, [size])], attributes);
  },
  gather: (x, _, ids) => (x.shape[0] === BATCH ? x.graph.apply('GatherRows', [x, ids]) : undefined),
  scatter: (x, _, ids) =>
    x.shape[0] === 'edges' && x.shape.slice(1).every((size) => typeof size === 'number')
      ? x.graph.apply('ScatterAddRows', [x, ids], { rows: 'groups' })
      : undefined,
  mask: (x, pick) =>
    x.shape.length === 2 && typeof x.shape[1] === 'number'
      ? x.graph.apply('LargestMask', [x], { count: pick([1, x.shape[1]]) })
      : undefined,
};

/** The size of `groups` is the largest id plus one. */
const sizeOf = (shape: Shape): readonly number[] =>
  shape.map((size) => {
    if (typeof size === 'number') return size;
    const parts = size.split('*');
    return parts.reduce((product, part) => product * (part === 'groups' ? 3 : (SIZES[part] ?? Number(part))), 1);
  });

it('shapes inferred for random graphs are those that ONNX Runtime computes', async () => {
  const seen = new Set<string>();
  let compared = 0;
  for (let seed = 0; seed < 60; seed++) {
    let state = seed * 9973 + 17;
    const pick: Pick = (options) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return options[Math.floor((state / 2 ** 32) * options.length)] as (typeof options)[number];
    };
    const graph = createGraph();
    const shape = pick<readonly number[]>([[6], [4, 5], [2, 7, 6], [3, 8, 8]]);
    const x = graph.input('x', 'float32', [BATCH, ...shape]);
    const ids = graph.input('ids', 'int64', ['edges']);
    const made: Tensor[] = [x];
    for (let turn = 0; turn < 12; turn++) {
      const name = pick(Object.keys(moves));
      const from = pick(made.slice(-3));
      if (elementCount(from.shape, 5) > 20_000) continue;
      const next = moves[name]?.(from, pick, ids);
      if (!next) continue;
      seen.add(name);
      made.push(next);
    }
    const outputs = made.slice(1).map((entry, index) => ({ name: `t${index}`, tensor: entry }));
    if (outputs.length === 0) continue;
    const compiled = assemble(graph, outputs, STANDARD, 'random');
    const session = await openSession(compiled.onnx, 1);
    const count = elementCount([3, ...shape]);
    const feed = {
      x: floats(
        Float32Array.from({ length: count }, (_, index) => Math.sin(index)),
        [3, ...shape],
      ),
      ids: tensor('int64', BigInt64Array.of(2n, 0n, 1n, 2n, 0n), [5]),
    };
    const result = await session.run(
      Object.fromEntries(session.inputNames.map((name) => [name, feed[name as keyof typeof feed]])),
    );
    for (const {
      name,
      tensor: { shape: inferred, producer },
    } of outputs) {
      expect(result[name]?.dims, `seed ${seed}: ${producer?.operator} [${inferred}]`).toEqual(sizeOf(inferred));
      compared++;
    }
    await session.release();
  }
  expect([...Object.keys(moves)].filter((name) => !seen.has(name))).toEqual([]);
  expect(compared).toBeGreaterThan(200);
});
