import { describe, expect, it } from 'vitest';
import { assemble } from '../compile/assemble.ts';
import { createGraph } from '../compile/model.ts';
import type { Shape } from '../dimension.ts';
import { elementCount } from '../dimension.ts';
import { multiply, reduceSum } from '../expression.ts';
import { STANDARD } from '../lowering/target.ts';
import { gradients } from '../passes/gradients.ts';
import { classIds, floats, numbers, openSession } from '../run-onnx.test-support.ts';
import type { Attributes, Tensor } from '../tensor.ts';
import { operators } from './index.ts';

interface Trial {
  readonly operator: string;
  readonly label?: string;
  readonly shapes: readonly Shape[];
  readonly attributes?: Attributes;
  /** Where an input must stay inside a domain: the range its values are drawn from. */
  readonly range?: readonly [number, number];
  /** Which inputs to differentiate; all by default. */
  readonly wanted?: readonly number[];
  /** Values at least a hundredth apart, so that no maximum changes its place within a finite difference. */
  readonly spaced?: boolean;
  /** Appends int64 class ids 0, 1, 2 … as the last input. */
  readonly withClasses?: boolean;
  /** Appends int64 constants with these values. */
  readonly ids?: readonly (readonly number[])[];
  /** Appends a constant of this shape, for operators that read a shape only. */
  readonly like?: Shape;
}

const window = (kernel: number, stride = 1, pad = 0, dilation = 1) => ({
  kernel: [kernel, kernel],
  strides: [stride, stride],
  pads: [pad, pad, pad, pad],
  dilations: [dilation, dilation],
});

const trials: readonly Trial[] = [
  { operator: 'Rnn', shapes: [[3, 2, 4], [5, 4], [5, 5], [5], [5], [2, 5]], attributes: { reverse: false } },
  { operator: 'Gru', shapes: [[3, 2, 4], [15, 4], [15, 5], [15], [15], [2, 5]], attributes: { reverse: true } },
  {
    operator: 'Lstm',
    shapes: [[3, 2, 4], [20, 4], [20, 5], [20], [20], [2, 5], [2, 5]],
    attributes: { reverse: false },
  },
  {
    operator: 'Lstm',
    label: 'reverse without biases',
    shapes: [
      [3, 2, 4],
      [8, 4],
      [8, 2],
    ],
    attributes: { reverse: true },
  },
  { operator: 'Embedding', shapes: [[7, 3]], ids: [[5, 1, 5, 2, 1, 5, 0]], attributes: { padding: -1 } },
  { operator: 'ReverseSequence', shapes: [[4, 2, 3]], ids: [[3, 2]] },
  {
    operator: 'Rotary',
    shapes: [
      [2, 2, 3, 4],
      [3, 2],
      [3, 2],
    ],
    attributes: { inverse: false },
    wanted: [0],
  },
  { operator: 'SplitHeads', shapes: [[2, 3, 12]], attributes: { parts: 3, heads: 2 } },
  {
    operator: 'JoinHeads',
    shapes: [
      [2, 2, 3, 2],
      [2, 2, 3, 2],
    ],
  },
  { operator: 'Add', shapes: [[3, 4], [4]] },
  {
    operator: 'Sub',
    shapes: [
      [3, 1],
      [3, 4],
    ],
  },
  {
    operator: 'Mul',
    shapes: [
      [2, 3, 4],
      [3, 1],
    ],
  },
  {
    operator: 'Div',
    shapes: [
      [3, 4],
      [3, 4],
    ],
    range: [0.5, 2],
  },
  {
    operator: 'Pow',
    shapes: [
      [3, 4],
      [3, 4],
    ],
    range: [0.5, 2],
  },
  { operator: 'Neg', shapes: [[5]] },
  { operator: 'Exp', shapes: [[5]] },
  { operator: 'Log', shapes: [[5]], range: [0.5, 2] },
  { operator: 'Sqrt', shapes: [[5]], range: [0.5, 2] },
  { operator: 'Abs', shapes: [[5]], range: [0.5, 2] },
  { operator: 'Reciprocal', shapes: [[5]], range: [0.5, 2] },
  { operator: 'Sigmoid', shapes: [[5]] },
  { operator: 'Tanh', shapes: [[5]] },
  { operator: 'Relu', shapes: [[5]], range: [0.3, 1] },
  { operator: 'Erf', shapes: [[9]], range: [-2, 2] },
  { operator: 'Gelu', shapes: [[9]], range: [-2, 2] },
  { operator: 'Silu', shapes: [[9]], range: [-2, 2] },
  { operator: 'Cast', shapes: [[5]], attributes: { dtype: 'float32' } },
  { operator: 'Reshape', shapes: [[3, 4]], attributes: { shape: [2, 6] } },
  { operator: 'Transpose', shapes: [[2, 3, 4]], attributes: { order: [2, 0, 1] } },
  {
    operator: 'BroadcastLike',
    shapes: [
      [3, 1],
      [3, 4],
    ],
    wanted: [0],
  },
  {
    operator: 'Concat',
    shapes: [
      [2, 3],
      [2, 2],
    ],
    attributes: { axis: 1 },
  },
  { operator: 'Slice', shapes: [[2, 6]], attributes: { axis: 1, start: 2, size: 3 } },
  { operator: 'ReduceSum', shapes: [[2, 3, 4]], attributes: { axes: [1], keep: false } },
  { operator: 'ReduceSum', shapes: [[4, 4, 3]], attributes: { axes: [1, 0], keep: false } },
  { operator: 'ReduceMean', shapes: [[2, 3, 4]], attributes: { axes: [0, 2], keep: true } },
  { operator: 'Gemm', shapes: [[3, 4], [4, 5], [5]], attributes: { transposeLeft: false, transposeRight: false } },
  {
    operator: 'Gemm',
    label: 'right',
    shapes: [
      [3, 4],
      [5, 4],
    ],
    attributes: { transposeLeft: false, transposeRight: true },
  },
  {
    operator: 'Gemm',
    label: 'left',
    shapes: [
      [4, 3],
      [4, 5],
    ],
    attributes: { transposeLeft: true, transposeRight: false },
  },
  {
    operator: 'Gemm',
    label: 'both',
    shapes: [
      [4, 3],
      [5, 4],
    ],
    attributes: { transposeLeft: true, transposeRight: true },
  },
  {
    operator: 'MatMul',
    shapes: [
      [2, 3, 4],
      [4, 5],
    ],
  },
  { operator: 'Conv', shapes: [[2, 3, 6, 5], [4, 3, 3, 3], [4]], attributes: { ...window(3, 1, 1), groups: 1 } },
  {
    operator: 'Conv',
    label: 'stride',
    shapes: [
      [2, 2, 7, 6],
      [3, 2, 3, 3],
    ],
    attributes: { ...window(3, 2, 1), groups: 1 },
  },
  {
    operator: 'Conv',
    label: 'groups',
    shapes: [
      [2, 4, 5, 5],
      [6, 2, 2, 2],
    ],
    attributes: { ...window(2), groups: 2 },
  },
  {
    operator: 'Conv',
    label: 'dilation',
    shapes: [
      [1, 2, 8, 8],
      [2, 2, 3, 3],
    ],
    attributes: { ...window(3, 1, 1, 2), groups: 1 },
  },
  { operator: 'MaxPool', shapes: [[2, 2, 6, 6]], attributes: window(2, 2), spaced: true },
  { operator: 'MaxPool', label: 'overlap', shapes: [[2, 2, 7, 7]], attributes: window(3, 2, 1), spaced: true },
  { operator: 'AveragePool', shapes: [[2, 2, 6, 6]], attributes: window(2, 2) },
  { operator: 'AveragePool', label: 'overlap', shapes: [[2, 2, 7, 7]], attributes: window(3, 2, 1) },
  {
    operator: 'ConvTranspose',
    label: 'stride 2',
    shapes: [[2, 3, 4, 3], [3, 2, 3, 3], [2]],
    attributes: { ...window(3, 2, 1), groups: 1, outputPadding: [1, 1] },
  },
  {
    operator: 'ConvTranspose',
    label: 'groups',
    shapes: [
      [2, 4, 3, 3],
      [4, 1, 2, 2],
    ],
    attributes: { ...window(2, 2), groups: 2, outputPadding: [0, 0] },
  },
  { operator: 'UpsampleNearest', shapes: [[2, 3, 3, 2]], attributes: { factor: 2 } },
  { operator: 'Resize', shapes: [[2, 2, 3, 4]], attributes: { height: 7, width: 8 } },
  {
    operator: 'ChannelScale',
    shapes: [
      [2, 3, 3, 2],
      [2, 3, 1, 1],
    ],
  },
  { operator: 'PixelSum', shapes: [[2, 3, 3, 2]] },
  { operator: 'Clip', shapes: [[4, 25]], attributes: { minimum: -0.325, maximum: 0.255 }, spaced: true },
  { operator: 'HardSigmoid', shapes: [[4, 6]], range: [-2.9, 2.9] },
  { operator: 'HardSwish', shapes: [[4, 6]], range: [-2.9, 2.9] },
  { operator: 'LeakyRelu', shapes: [[4, 6]], attributes: { slope: 0.1 }, range: [0.1, 1] },
  { operator: 'LeakyRelu', label: 'negative', shapes: [[4, 6]], attributes: { slope: 0.1 }, range: [-1, -0.1] },
  { operator: 'Elu', shapes: [[4, 6]], attributes: { alpha: 0.7 }, range: [-2, -0.1] },
  { operator: 'GroupNorm', shapes: [[3, 6, 2, 2], [6], [6]], attributes: { groups: 3, epsilon: 1e-5 } },
  { operator: 'GlobalAveragePool', shapes: [[2, 3, 4, 5]] },
  { operator: 'BatchNormTrain', shapes: [[4, 3, 2, 2], [3], [3]], attributes: { epsilon: 1e-5 } },
  { operator: 'BatchNormTrain', label: 'rows', shapes: [[6, 3], [3], [3]], attributes: { epsilon: 1e-5 } },
  {
    operator: 'BatchNormEvaluation',
    shapes: [[2, 3, 2, 2], [3], [3], [3], [3]],
    attributes: { epsilon: 1e-5 },
    range: [0.5, 1.5],
    wanted: [0, 1, 2],
  },
  { operator: 'LayerNorm', shapes: [[3, 6], [6], [6]], attributes: { axis: 1, epsilon: 1e-5 } },
  { operator: 'Softmax', shapes: [[3, 5]], attributes: { axis: 1 } },
  { operator: 'LogSoftmax', shapes: [[3, 5]], attributes: { axis: 1 } },
  { operator: 'Softplus', shapes: [[7]], range: [-3, 3] },
  { operator: 'Unsqueeze', shapes: [[3, 4]], attributes: { axis: 1 } },
  { operator: 'GatherRows', shapes: [[4, 3]], ids: [[2, 0, 2, 2, 3]] },
  { operator: 'ScatterAddRows', shapes: [[5, 3]], ids: [[2, 0, 2, 2, 1]], like: [4, 1] },
  { operator: 'ScatterAddRows', label: 'rank 3', shapes: [[5, 2, 2]], ids: [[2, 0, 2, 2, 1]], like: [3] },
  {
    operator: 'NeighborSum',
    shapes: [[4, 3]],
    ids: [
      [0, 1, 1, 3, 2],
      [2, 2, 2, 0, 2],
    ],
  },
  { operator: 'SegmentSoftmax', shapes: [[6, 2]], ids: [[2, 0, 2, 2, 1, 0]], like: [4] },
  {
    operator: 'SoftmaxCrossEntropy',
    shapes: [[4, 5]],
    attributes: { labelSmoothing: 0.1 },
    wanted: [0],
    withClasses: true,
  },
];

/** Repeatable numbers that never come in order, so that no two elements tie. */
const noise = (count: number, stream: number, [low, high]: readonly [number, number]): Float32Array =>
  Float32Array.from({ length: count }, (_, index) => {
    const fraction = Math.abs(Math.sin((index + 1) * 12.9898 + stream * 78.233) * 43758.5453) % 1;
    return low + fraction * (high - low);
  });

const spaced = (count: number): Float32Array =>
  Float32Array.from({ length: count }, (_, index) => (((index * 89) % count) - count / 2) / 100);

describe('the operator table', () => {
  it.each(trials.map((trial) => [`${trial.operator} ${trial.label ?? ''}`.trim(), trial] as const))(
    '%s: gradient agrees with finite differences',
    async (_, trial) => {
      const { values, loss, gradient, wanted } = await prepare(trial);
      const step = 4e-3;
      for (const index of wanted) {
        const value = values[index] as Float32Array;
        const direction = noise(value.length, 50 + index, [-1, 1]);
        const shifted = (sign: number): Float32Array[] =>
          values.map((old, place) =>
            place === index ? old.map((entry, at) => entry + sign * step * (direction[at] ?? 0)) : old,
          );
        const [above, below] = [await loss(shifted(1)), await loss(shifted(-1))];
        const slope = (above - below) / (2 * step);
        const analytic = (await gradient(index)).reduce((sum, entry, at) => sum + entry * (direction[at] ?? 0), 0);
        const size = Math.max(Math.abs(slope), Math.abs(analytic), 0.1);
        expect(Math.abs(slope - analytic) / size, `input ${index}`).toBeLessThan(5e-3);
      }
    },
  );

  it('has a trial for every operator with a gradient rule', () => {
    const differentiable = Object.entries(operators).filter(([, row]) => typeof row.gradient === 'function');
    const tried = new Set(trials.map((trial) => trial.operator));
    expect(differentiable.map(([name]) => name).filter((name) => !tried.has(name))).toEqual([]);
  });
});

async function prepare(trial: Trial) {
  const graph = createGraph();
  const inputs: Tensor[] = trial.shapes.map((shape, index) => graph.input(`in${index}`, 'float32', shape));
  const range = trial.range ?? ([-1, 1] as const);
  const values = trial.shapes.map((shape, index) =>
    trial.spaced ? spaced(elementCount(shape)) : noise(elementCount(shape), index, range),
  );
  const classes = trial.withClasses ? graph.input('classes', 'int64', [trial.shapes[0]?.[0] ?? 1]) : undefined;
  const ids = (trial.ids ?? []).map((list) => graph.constant('int64', [list.length], BigInt64Array.from(list, BigInt)));
  const like = trial.like && graph.constant('float32', trial.like, new Float32Array(elementCount(trial.like)));
  const more = [...(classes ? [classes] : []), ...ids, ...(like ? [like] : [])];
  const y = graph.apply(trial.operator, [...inputs, ...more], trial.attributes ?? {});
  // A random projection, so that every output element counts differently.
  const weights = graph.constant('float32', y.shape, noise(elementCount(y.shape), 99, [-1, 1]));
  const loss = reduceSum(
    multiply(y, weights),
    y.shape.map((_, axis) => axis),
  );
  const wanted = trial.wanted ?? inputs.map((_, index) => index);
  const results = gradients(
    operators,
    loss,
    wanted.map((index) => inputs[index] as Tensor),
  );
  const compiled = assemble(
    graph,
    [
      { name: 'loss', tensor: loss },
      { name: 'y', tensor: y },
      ...results.map((tensor, place) => ({ name: `gradient${wanted[place]}`, tensor })),
    ],
    STANDARD,
    'trial',
  );
  const session = await openSession(compiled.onnx);
  const run = async (feed: readonly Float32Array[]) => {
    const named = Object.fromEntries(
      feed.map((data, index) => [`in${index}`, floats(data, trial.shapes[index] as number[])]),
    );
    const ids = classIds(Array.from({ length: Number(trial.shapes[0]?.[0]) }, (_, index) => index));
    const all: Record<string, ReturnType<typeof floats>> = classes ? { ...named, classes: ids } : named;
    return session.run(Object.fromEntries(session.inputNames.map((name) => [name, all[name] as typeof ids])));
  };
  const first = await run(values);
  expect(first.y?.dims).toEqual(y.shape);
  return {
    values,
    wanted,
    loss: async (feed: readonly Float32Array[]) => numbers((await run(feed)).loss)[0] ?? Number.NaN,
    gradient: async (index: number) => numbers(first[`gradient${index}`]),
  };
}
