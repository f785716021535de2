import fc from 'fast-check';
import { createGraph } from './compile/model.ts';
import type { Dimension, Shape } from './dimension.ts';
import { BATCH, dimensionProduct, elementCount } from './dimension.ts';
import { floats, tensor } from './run-onnx.test-support.ts';
import type { Attributes, Graph, Tensor } from './tensor.ts';

/** What a run takes for `batch` and for `edges`, and the number of groups that the ids name. */
const SIZES: Readonly<Record<string, number>> = { batch: 3, edges: 5, groups: 3 };
const IDS = BigInt64Array.of(2n, 0n, 1n, 2n, 0n);
const SHAPES: readonly (readonly number[])[] = [[6], [3], [4, 5], [5, 8], [2, 7, 6], [3, 8, 8], [4, 6, 6]];
/** Larger tensors make a test slow and show nothing more. */
const MOST_ELEMENTS = 5_000;

/** Takes one of the options; which one is part of the plan. */
type Pick = <T>(options: readonly T[]) => T;

interface Around {
  readonly pick: Pick;
  /** int64 [edges]: ids below 3. */
  readonly ids: Tensor;
}

/** A random application of an operator to a float32 tensor, or undefined where it does not fit. */
type Move = (x: Tensor, around: Around) => Tensor | undefined;

/** Numbers that do not tie and do not vanish. */
const constant = (x: Tensor, shape: readonly number[]): Tensor =>
  x.graph.constant(
    'float32',
    shape,
    Float32Array.from({ length: elementCount(shape) }, (_, index) => 0.3 + 0.2 * Math.sin(index * 1.7 + shape.length)),
  );

const apply = (operator: string, inputs: readonly (Tensor | undefined)[], attributes: Attributes = {}): Tensor =>
  (inputs.find((input) => input !== undefined) as Tensor).graph.apply(operator, inputs, attributes);

const isFixed = (size: Dimension | undefined): size is number => typeof size === 'number';
const isImage = ({ shape }: Tensor): boolean => shape.length === 4 && shape.slice(1).every(isFixed);
const side = ({ shape }: Tensor): number => Math.min(Number(shape[2]), Number(shape[3]));
const last = ({ shape }: Tensor): Dimension => shape.at(-1) ?? 1;

function windowOf(x: Tensor, pick: Pick): Attributes | undefined {
  if (!isImage(x) || side(x) < 3) return undefined;
  const pad = pick([0, 1]);
  const dilation = side(x) >= 5 ? pick([1, 2]) : 1;
  return {
    kernel: [pick([2, 3]), 3],
    strides: [pick([1, 2]), pick([1, 2])],
    pads: [pad, pad, pad, pad],
    dilations: [dilation, dilation],
  };
}

const unary =
  (operator: string, attributes: Attributes = {}): Move =>
  (x) =>
    apply(operator, [x], attributes);

const binary =
  (operator: string): Move =>
  (x, { pick }) => {
    const width = last(x);
    const other = pick([x, constant(x, []), ...(isFixed(width) ? [constant(x, [width]), constant(x, [1])] : [])]);
    return apply(operator, pick([true, false]) ? [x, other] : [other, x]);
  };

const reduction =
  (operator: string): Move =>
  (x, { pick }) => {
    if (x.shape.length < 2) return undefined;
    const rest = x.shape.slice(1).map((_, axis) => axis + 1);
    return apply(operator, [x], {
      axes: pick([[1], [x.shape.length - 1], [-1], rest, [0]]),
      keep: pick([true, false]),
    });
  };

const pooling =
  (operator: string): Move =>
  (x, { pick }) => {
    const attributes = windowOf(x, pick);
    return attributes && apply(operator, [x], attributes);
  };

/** Images and vectors of a fixed number of channels, normalised with a number per channel. */
const channelNorm =
  (operator: string, constants: number, attributes: Attributes): Move =>
  (x) => {
    const channels = x.shape[1];
    if (!(isImage(x) || x.shape.length === 2) || !isFixed(channels)) return undefined;
    return apply(operator, [x, ...Array.from({ length: constants }, () => constant(x, [channels]))], attributes);
  };

const recurrent =
  (operator: string, gates: number): Move =>
  (x, { pick }) => {
    const [, second, features] = x.shape;
    if (x.shape.length !== 3 || !isFixed(features) || !isFixed(second)) return undefined;
    const hidden = 3;
    const rows = gates * hidden;
    // [batch, steps, features] → [steps, batch, features]
    const steps = apply('Transpose', [x], { order: [1, 0, 2] });
    const biases = pick([true, false]) ? [constant(x, [rows]), constant(x, [rows])] : [];
    return apply(operator, [steps, constant(x, [rows, features]), constant(x, [rows, hidden]), ...biases], {
      reverse: pick([true, false]),
    });
  };

/** What lies on the edges: rows of x as they are, or those that the edges name. */
function onEdges(x: Tensor, ids: Tensor): Tensor | undefined {
  if (x.shape.length !== 2 || !isFixed(x.shape[1])) return undefined;
  if (x.shape[0] === 'edges') return x;
  return x.shape[0] === BATCH ? apply('GatherRows', [x, ids]) : undefined;
}

const grouped =
  (operator: string): Move =>
  (x, { ids }) => {
    const values = onEdges(x, ids);
    return values && apply(operator, [values, ids], { rows: 'groups' });
  };

/** One move per operator of the table that a model may apply, by the operator's name. */
export const moves: Readonly<Record<string, Move>> = {
  ...Object.fromEntries(
    ['Relu', 'Sigmoid', 'Tanh', 'Exp', 'Neg', 'Abs', 'Gelu', 'Silu', 'Erf', 'Softplus', 'HardSigmoid', 'HardSwish']
      .concat([
        'Sin',
        'Cos',
        'Floor',
        'Sign',
        'StopGradient',
        'ZerosLike',
        'Sqrt',
        'Log',
        'Reciprocal',
        'ZeroIfMissing',
      ])
      .map((operator) => [operator, unary(operator)]),
  ),
  LeakyRelu: unary('LeakyRelu', { slope: 0.1 }),
  Elu: unary('Elu', { alpha: 0.7 }),
  Clip: unary('Clip', { minimum: -0.5, maximum: 0.4 }),
  SumOfSquares: unary('SumOfSquares'),
  ...Object.fromEntries(
    ['Add', 'Sub', 'Mul', 'Div', 'Max', 'Min', 'Pow', 'Less'].map((operator) => [operator, binary(operator)]),
  ),
  ...Object.fromEntries(
    ['ReduceSum', 'ReduceMean', 'ReduceMax', 'ReduceMin'].map((operator) => [operator, reduction(operator)]),
  ),
  Softmax: (x) => (x.shape.length > 1 ? apply('Softmax', [x], { axis: x.shape.length - 1 }) : undefined),
  LogSoftmax: (x) => (x.shape.length > 1 ? apply('LogSoftmax', [x], { axis: x.shape.length - 1 }) : undefined),
  Reshape: (x, { pick }) => {
    const [first, second, ...rest] = x.shape;
    if (first === undefined || second === undefined) return undefined;
    const flat = [first, dimensionProduct(x.shape.slice(1))];
    return apply('Reshape', [x], {
      shape: pick([flat, [dimensionProduct([first, second]), ...rest], [...x.shape, 1]]),
    });
  },
  Unsqueeze: (x, { pick }) =>
    x.shape.length < 4 ? apply('Unsqueeze', [x], { axis: pick([0, x.shape.length]) }) : undefined,
  Transpose: (x, { pick }) => {
    if (x.shape.length < 2) return undefined;
    const [first = 0, ...rest] = x.shape.map((_, axis) => axis);
    return apply('Transpose', [x], {
      order: pick([
        [first, ...rest.toReversed()],
        [...rest, first],
      ]),
    });
  },
  Concat: (x, { pick }) =>
    x.shape.length > 1 && isFixed(x.shape[1])
      ? apply(
          'Concat',
          pick([
            [x, x],
            [x, apply('Neg', [x]), x],
          ]),
          { axis: 1 },
        )
      : undefined,
  Slice: (x, { pick }) => {
    const size = x.shape[1];
    return isFixed(size) && size > 1
      ? apply(
          'Slice',
          [x],
          pick([
            { axis: 1, start: 1, size: size - 1 },
            { axis: 1, start: 0, size: 1 },
          ]),
        )
      : undefined;
  },
  PadAxis: (x) =>
    x.shape.length > 1 && isFixed(x.shape[1]) ? apply('PadAxis', [x], { axis: 1, before: 1, after: 2 }) : undefined,
  BroadcastLike: (x) => (isFixed(last(x)) ? apply('BroadcastLike', [constant(x, [1]), x]) : undefined),
  ReverseRows: (x) => apply('ReverseRows', [x]),
  Gemm: (x, { pick }) => {
    const [, width] = x.shape;
    if (x.shape.length !== 2 || !isFixed(width)) return undefined;
    const transposeRight = pick([true, false]);
    const weight = constant(x, transposeRight ? [4, width] : [width, 4]);
    return apply('Gemm', [x, weight, pick([constant(x, [4]), undefined])], { transposeLeft: false, transposeRight });
  },
  MatMul: (x) =>
    x.shape.length >= 2 && isFixed(last(x)) ? apply('MatMul', [x, constant(x, [Number(last(x)), 5])]) : undefined,
  Conv: (x, { pick }) => {
    const attributes = windowOf(x, pick);
    if (!attributes) return undefined;
    const channels = Number(x.shape[1]);
    const groups = channels % 2 === 0 ? pick([1, 2, channels]) : 1;
    const outputs = groups === channels ? channels : 4;
    const weight = constant(x, [outputs, channels / groups, ...(attributes.kernel as readonly number[])]);
    return apply('Conv', [x, weight, pick([constant(x, [outputs]), undefined])], { ...attributes, groups });
  },
  ConvTranspose: (x, { pick }) => {
    if (!isImage(x)) return undefined;
    const stride = pick([1, 2]);
    return apply('ConvTranspose', [x, constant(x, [Number(x.shape[1]), 2, 3, 3])], {
      ...{ kernel: [3, 3], strides: [stride, stride], pads: [1, 1, 1, 1], dilations: [1, 1], groups: 1 },
      outputPadding: [stride - 1, stride - 1],
    });
  },
  MaxPool: pooling('MaxPool'),
  AveragePool: (x, { pick }) => {
    const attributes = windowOf(x, pick);
    return attributes && apply('AveragePool', [x], { ...attributes, dilations: [1, 1] });
  },
  GlobalAveragePool: (x) => (isImage(x) ? apply('GlobalAveragePool', [x]) : undefined),
  UpsampleNearest: (x) => (isImage(x) ? apply('UpsampleNearest', [x], { factor: 2 }) : undefined),
  Resize: (x, { pick }) => (isImage(x) ? apply('Resize', [x], { height: pick([3, 7]), width: 5 }) : undefined),
  ChannelScale: (x) => (isImage(x) ? apply('ChannelScale', [x, apply('GlobalAveragePool', [x])]) : undefined),
  PixelSum: (x) => (isImage(x) ? apply('PixelSum', [x]) : undefined),
  GridSample: (x, { pick }) => {
    if (!isImage(x) || x.shape[0] !== BATCH) return undefined;
    const grid = constant(x, [2, 4, 2]);
    const place = apply('Slice', [x], { axis: 1, start: 0, size: 1 });
    const rows = apply('ReduceMean', [place], { axes: [1, 2, 3], keep: true });
    return apply('GridSample', [x, apply('Add', [grid, rows])], { padding: pick(['zeros', 'border']) });
  },
  LayerNorm: (x) => {
    const size = last(x);
    if (x.shape.length < 2 || !isFixed(size)) return undefined;
    return apply('LayerNorm', [x, constant(x, [size]), constant(x, [size])], {
      axis: x.shape.length - 1,
      epsilon: 1e-5,
    });
  },
  GroupNorm: (x) => {
    const channels = Number(x.shape[1]);
    if (!isImage(x) || channels % 2 !== 0) return undefined;
    return apply('GroupNorm', [x, constant(x, [channels]), constant(x, [channels])], { groups: 2, epsilon: 1e-5 });
  },
  BatchNormTrain: channelNorm('BatchNormTrain', 2, { epsilon: 1e-5 }),
  BatchNormEvaluation: channelNorm('BatchNormEvaluation', 4, { epsilon: 1e-5 }),
  GatherRows: (x, { ids }) => (x.shape[0] === BATCH ? apply('GatherRows', [x, ids]) : undefined),
  ScatterAddRows: grouped('ScatterAddRows'),
  ScatterMaxRows: grouped('ScatterMaxRows'),
  SegmentSoftmax: (x, { ids }) => {
    const values = onEdges(x, ids);
    return values && apply('SegmentSoftmax', [values, ids, constant(x, [3, 1])]);
  },
  NeighborSum: (x, { ids }) =>
    x.shape[0] === BATCH && x.shape.length === 2 ? apply('NeighborSum', [x, ids, ids]) : undefined,
  LargestMask: (x, { pick }) =>
    x.shape.length === 2 && isFixed(x.shape[1])
      ? apply('LargestMask', [x], { count: pick([1, x.shape[1]]) })
      : undefined,
  LargestIndex: (x) => (x.shape.length === 2 && isFixed(x.shape[1]) ? apply('LargestIndex', [x]) : undefined),
  Embedding: (x, { ids }) => {
    const [rows, width] = x.shape;
    return x.shape.length === 2 && isFixed(width) && rows === BATCH
      ? apply('Embedding', [constant(x, [4, width]), ids], { padding: -1 })
      : undefined;
  },
  SplitHeads: (x) => {
    const width = last(x);
    return x.shape.length === 3 && isFixed(width) && width % 2 === 0
      ? apply('SplitHeads', [x], { parts: 1, heads: 2 })
      : undefined;
  },
  JoinHeads: (x) => (isImage(x) ? apply('JoinHeads', [x, apply('Neg', [x])]) : undefined),
  Rotary: (x) => {
    const [, , length, width] = x.shape;
    if (!isImage(x) || !isFixed(length) || !isFixed(width) || width % 2 !== 0) return undefined;
    return apply('Rotary', [x, constant(x, [length, width / 2]), constant(x, [length, width / 2])], { inverse: false });
  },
  Rnn: recurrent('Rnn', 1),
  Gru: recurrent('Gru', 3),
  Lstm: recurrent('Lstm', 4),
};

/** How a graph grows: from which of the newest tensors, by which move, with which choices. */
export interface GrowthPlan {
  readonly shape: readonly number[];
  readonly turns: readonly { readonly move: number; readonly from: number; readonly choices: readonly number[] }[];
}

/** Plans of up to `turns` moves; they shrink to fewer turns, earlier moves and first choices. */
export const growthPlans = (turns: number): fc.Arbitrary<GrowthPlan> =>
  fc.record({
    shape: fc.constantFrom(...SHAPES),
    turns: fc.array(
      fc.record({
        move: fc.noBias(fc.nat(10_000)),
        from: fc.nat(2),
        choices: fc.array(fc.nat(11), { minLength: 4, maxLength: 4 }),
      }),
      { minLength: 1, maxLength: turns },
    ),
  });

export interface GrownGraph {
  readonly graph: Graph;
  readonly x: Tensor;
  /** What each turn made, in order. */
  readonly made: readonly Tensor[];
  /** The moves that were taken. */
  readonly taken: readonly string[];
}

/** Grows a graph by a plan: where a move does not fit, the next one of the list that does is taken. */
export function grow({ shape, turns }: GrowthPlan, allowed: readonly string[] = Object.keys(moves)): GrownGraph {
  const graph = createGraph();
  const x = graph.input('x', 'float32', [BATCH, ...shape]);
  const ids = graph.input('ids', 'int64', ['edges']);
  const made: Tensor[] = [];
  const taken: string[] = [];
  for (const { move, from, choices } of turns) {
    const newest = [x, ...made].filter(
      ({ dtype, shape: sizes }) => dtype === 'float32' && sizes.length > 0 && elementCount(sizes, 5) < MOST_ELEMENTS,
    );
    const start = newest.at(-1 - (from % newest.length)) ?? x;
    let choice = 0;
    const pick: Pick = (options) => {
      const chosen = choices[choice++ % choices.length] ?? 0;
      return options[chosen % options.length] as (typeof options)[number];
    };
    for (let tried = 0; tried < allowed.length; tried++) {
      const name = allowed[(move + tried) % allowed.length] ?? '';
      const next = moves[name]?.(start, { pick, ids });
      if (!next) continue;
      made.push(next);
      taken.push(name);
      break;
    }
  }
  return { graph, x, made, taken };
}

/** The graph as people read it: what a test says when it fails. */
export const describeGraph = ({ graph }: GrownGraph): string =>
  graph.nodes
    .map(({ operator, inputs, outputs }) => {
      const shapes = (tensors: readonly (Tensor | undefined)[]): string =>
        tensors.map((each) => (each ? `[${each.shape}]` : '–')).join(' ');
      return `${operator} ${shapes(inputs)} → ${shapes(outputs)}`;
    })
    .join('\n');

export const feedOf = ({ x }: GrownGraph) => {
  const shape = runSizes(x.shape);
  const count = elementCount(shape);
  return {
    x: floats(
      Float32Array.from({ length: count }, (_, index) => Math.sin(index * 0.7 + 0.2)),
      shape,
    ),
    ids: tensor('int64', IDS, [IDS.length]),
  };
};

/** The sizes of a run for symbolic ones. */
export const runSizes = (shape: Shape): readonly number[] =>
  shape.map((size) => {
    if (typeof size === 'number') return size;
    return size.split('*').reduce((product, part) => product * (SIZES[part] ?? Number(part)), 1);
  });
