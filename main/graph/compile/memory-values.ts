import type { DataType } from '../data-type.ts';
import { dataTypeOfCode, dataTypes } from '../data-type.ts';
import { NATIVE_DOMAIN } from '../lowering/lowering.ts';
import type { OnnxAttribute, OnnxNode } from '../onnx/model.ts';

/** What is known of a value of an ONNX graph before it runs: its type, its sizes, and small integers themselves. */
export interface KnownValue {
  readonly dtype: DataType;
  readonly dims: readonly number[];
  readonly numbers?: readonly number[];
}

export const countOf = (dims: readonly number[]): number => dims.reduce((product, size) => product * size, 1);
export const bytesOf = ({ dtype, dims }: KnownValue): number => countOf(dims) * dataTypes[dtype].sizeBytes;

type Inputs = readonly (KnownValue | undefined)[];
interface Call {
  readonly inputs: Inputs;
  readonly attribute: (name: string) => OnnxAttribute | undefined;
  readonly outputs: number;
}
type Rule = (call: Call) => readonly KnownValue[];

/** Numbers of longer lists are not followed: they are data, not sizes. */
const MOST_NUMBERS = 64;

const first = ({ inputs }: Call): KnownValue => inputs[0] ?? { dtype: 'float32', dims: [] };
const like = (value: KnownValue, dims: readonly number[], numbers?: readonly number[]): KnownValue => ({
  dtype: value.dtype,
  dims,
  ...(numbers && numbers.length <= MOST_NUMBERS ? { numbers } : {}),
});
const integer = (call: Call, name: string, otherwise: number): number => {
  const attribute = call.attribute(name);
  return attribute?.kind === 'int' ? attribute.value : otherwise;
};
const integers = (call: Call, name: string): readonly number[] | undefined => {
  const attribute = call.attribute(name);
  return attribute?.kind === 'ints' ? attribute.value : undefined;
};
const axisOf = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

function broadcast(left: readonly number[], right: readonly number[]): readonly number[] {
  const rank = Math.max(left.length, right.length);
  return Array.from({ length: rank }, (_, axis) => {
    const a = left[left.length - rank + axis] ?? 1;
    const b = right[right.length - rank + axis] ?? 1;
    return a === 1 ? b : a;
  });
}

const arithmetic: Readonly<Partial<Record<string, (a: number, b: number) => number>>> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Div: (a, b) => Math.trunc(a / b),
  Mod: (a, b) => ((a % b) + b) % b,
  Min: Math.min,
  Max: Math.max,
};

const elementwise =
  (operator: string, dtype?: DataType): Rule =>
  (call) => {
    const known = call.inputs.filter((value) => value !== undefined);
    const from = operator === 'Where' ? known.slice(1) : known;
    const dims = known.map((value) => value.dims).reduce(broadcast, []);
    const combine = arithmetic[operator];
    const [a, b] = [known[0]?.numbers, known[1]?.numbers];
    const numbers =
      combine !== undefined && a && b && from[0]?.dtype !== 'float32'
        ? Array.from({ length: countOf(dims) }, (_, i) => combine(a[i % a.length] ?? 0, b[i % b.length] ?? 0))
        : undefined;
    return [like({ dtype: dtype ?? from[0]?.dtype ?? 'float32', dims }, dims, numbers)];
  };

const same: Rule = (call) => Array.from({ length: call.outputs }, () => first(call));

const reduction: Rule = (call) => {
  const x = first(call);
  const axes = (call.inputs[1]?.numbers ?? integers(call, 'axes') ?? x.dims.map((_, axis) => axis)).map((axis) =>
    axisOf(axis, x.dims.length),
  );
  const keep = integer(call, 'keepdims', 1) === 1;
  const dims = x.dims.flatMap((size, axis) => (axes.includes(axis) ? (keep ? [1] : []) : [size]));
  return [like(x, dims, x.numbers && [x.numbers.reduce((product, size) => product * size, 1)])];
};

const windowed: Rule = (call) => {
  const [x, w] = [first(call), call.inputs[1]];
  const rank = x.dims.length - 2;
  const kernel = integers(call, 'kernel_shape') ?? w?.dims.slice(2) ?? [];
  const strides = integers(call, 'strides') ?? new Array<number>(rank).fill(1);
  const dilations = integers(call, 'dilations') ?? new Array<number>(rank).fill(1);
  const pads = integers(call, 'pads') ?? new Array<number>(2 * rank).fill(0);
  const spatial = x.dims.slice(2).map((size, axis) => {
    const reach = ((kernel[axis] ?? 1) - 1) * (dilations[axis] ?? 1) + 1;
    return Math.floor((size + (pads[axis] ?? 0) + (pads[axis + rank] ?? 0) - reach) / (strides[axis] ?? 1)) + 1;
  });
  const isConvolution = w !== undefined && w.dims.length === x.dims.length;
  const y = like(x, [x.dims[0] ?? 1, isConvolution ? (w.dims[0] ?? 1) : (x.dims[1] ?? 1), ...spatial]);
  return call.outputs > 1 ? [y, { dtype: 'int64', dims: y.dims }] : [y];
};

const transposedConvolution: Rule = (call) => {
  const [x, w] = [first(call), call.inputs[1]];
  const rank = x.dims.length - 2;
  const group = integer(call, 'group', 1);
  const given = integers(call, 'output_shape');
  const strides = integers(call, 'strides') ?? new Array<number>(rank).fill(1);
  const pads = integers(call, 'pads') ?? new Array<number>(2 * rank).fill(0);
  const more = integers(call, 'output_padding') ?? new Array<number>(rank).fill(0);
  const dilations = integers(call, 'dilations') ?? new Array<number>(rank).fill(1);
  const spatial = x.dims.slice(2).map((size, axis) => {
    const reach = ((w?.dims[axis + 2] ?? 1) - 1) * (dilations[axis] ?? 1) + 1;
    const padding = (pads[axis] ?? 0) + (pads[axis + rank] ?? 0);
    return given?.[axis] ?? (size - 1) * (strides[axis] ?? 1) + (more[axis] ?? 0) + reach - padding;
  });
  return [like(x, [x.dims[0] ?? 1, (w?.dims[1] ?? 1) * group, ...spatial])];
};

/** [steps, batch, features] → [steps, directions, batch, hidden], and the last state, twice for an LSTM. */
const recurrence: Rule = (call) => {
  const x = first(call);
  const [steps = 1, batch = 1] = x.dims;
  const directions = call.inputs[1]?.dims[0] ?? 1;
  const hidden = integer(call, 'hidden_size', call.inputs[2]?.dims[2] ?? 1);
  const last = like(x, [directions, batch, hidden]);
  return [like(x, [steps, directions, batch, hidden]), last, last];
};

const rules: Readonly<Record<string, Rule>> = {
  ...Object.fromEntries(
    ['Add', 'Sub', 'Mul', 'Div', 'Mod', 'Min', 'Max', 'Pow', 'Where', 'BitwiseXor', 'BitShift'].map((name) => [
      name,
      elementwise(name),
    ]),
  ),
  ...Object.fromEntries(
    ['Equal', 'Less', 'LessOrEqual', 'Greater', 'GreaterOrEqual', 'And', 'Or', 'Not', 'IsNaN', 'IsInf'].map((name) => [
      name,
      elementwise(name, 'bool'),
    ]),
  ),
  ...Object.fromEntries(
    ['ReduceSum', 'ReduceMean', 'ReduceMax', 'ReduceMin', 'ReduceProd', 'ReduceSumSquare'].map((name) => [
      name,
      reduction,
    ]),
  ),
  Conv: windowed,
  MaxPool: windowed,
  RNN: recurrence,
  GRU: recurrence,
  LSTM: recurrence,
  AveragePool: windowed,
  ConvTranspose: transposedConvolution,
  GlobalAveragePool: (call) => [
    like(
      first(call),
      first(call).dims.map((size, axis) => (axis < 2 ? size : 1)),
    ),
  ],
  MaxUnpool: (call) => [like(first(call), call.inputs[2]?.numbers ?? unpooled(call))],
  Cast: (call) => [{ ...first(call), dtype: dataTypeOfCode(integer(call, 'to', 1)) }],
  Shape: (call) => {
    const dims = first(call).dims.slice(integer(call, 'start', 0), integer(call, 'end', first(call).dims.length));
    return [{ dtype: 'int64', dims: [dims.length], numbers: dims }];
  },
  Size: (call) => [{ dtype: 'int64', dims: [], numbers: [countOf(first(call).dims)] }],
  Reshape: (call) => {
    const x = first(call);
    const wanted = (call.inputs[1]?.numbers ?? x.dims).map((size, axis) => (size === 0 ? (x.dims[axis] ?? 0) : size));
    const rest = wanted.filter((size) => size !== -1);
    const dims = wanted.map((size) => (size === -1 ? countOf(x.dims) / Math.max(1, countOf(rest)) : size));
    return [like(x, dims, x.numbers)];
  },
  Flatten: (call) => [like(first(call), [first(call).dims[0] ?? 1, countOf(first(call).dims.slice(1))])],
  Squeeze: (call) => {
    const x = first(call);
    const axes = call.inputs[1]?.numbers?.map((axis) => axisOf(axis, x.dims.length));
    return [
      like(
        x,
        x.dims.filter((size, axis) => (axes ? !axes.includes(axis) : size !== 1)),
        x.numbers,
      ),
    ];
  },
  Unsqueeze: (call) => {
    const x = first(call);
    const axes = call.inputs[1]?.numbers ?? [];
    const dims = [...x.dims];
    for (const axis of axes) dims.splice(axisOf(axis, x.dims.length + axes.length), 0, 1);
    return [like(x, dims, x.numbers)];
  },
  Transpose: (call) => {
    const x = first(call);
    const order = integers(call, 'perm') ?? x.dims.map((_, axis) => x.dims.length - 1 - axis);
    return [
      like(
        x,
        order.map((axis) => x.dims[axis] ?? 1),
      ),
    ];
  },
  Concat: (call) => {
    const known = call.inputs.filter((value) => value !== undefined);
    const x = first(call);
    const axis = axisOf(integer(call, 'axis', 0), x.dims.length);
    const total = known.reduce((sum, value) => sum + (value.dims[axis] ?? 0), 0);
    const numbers = known.every((value) => value.numbers) ? known.flatMap((value) => value.numbers ?? []) : undefined;
    return [
      like(
        x,
        x.dims.map((size, at) => (at === axis ? total : size)),
        x.dims.length === 1 ? numbers : undefined,
      ),
    ];
  },
  Split: (call) => {
    const x = first(call);
    const axis = axisOf(integer(call, 'axis', 0), x.dims.length);
    const whole = x.dims[axis] ?? 1;
    const sizes = call.inputs[1]?.numbers ?? new Array<number>(call.outputs).fill(whole / call.outputs);
    return sizes.map((part) =>
      like(
        x,
        x.dims.map((size, at) => (at === axis ? part : size)),
      ),
    );
  },
  Slice: (call) => {
    const x = first(call);
    const [, starts = [], ends = [], given, steps] = call.inputs.map((value) => value?.numbers);
    const axes = (given ?? starts.map((_, axis) => axis)).map((axis) => axisOf(axis, x.dims.length));
    const dims = [...x.dims];
    let numbers = x.numbers;
    axes.forEach((axis, place) => {
      const size = x.dims[axis] ?? 1;
      const step = steps?.[place] ?? 1;
      const clamp = (at: number): number => Math.min(size, Math.max(0, at < 0 ? at + size : at));
      const [from, to] = [clamp(starts[place] ?? 0), clamp(ends[place] ?? size)];
      dims[axis] = step > 0 ? Math.max(0, Math.ceil((to - from) / step)) : size;
      numbers = x.dims.length === 1 && step === 1 ? numbers?.slice(from, to) : undefined;
    });
    return [like(x, dims, numbers)];
  },
  Gather: (call) => {
    const [x, at] = [first(call), call.inputs[1]];
    const axis = axisOf(integer(call, 'axis', 0), x.dims.length);
    const dims = [...x.dims.slice(0, axis), ...(at?.dims ?? []), ...x.dims.slice(axis + 1)];
    const known = x.numbers;
    const numbers = known && x.dims.length === 1 ? at?.numbers?.map((place) => known.at(place) ?? 0) : undefined;
    return [like(x, dims, numbers)];
  },
  GatherElements: (call) => [like(first(call), call.inputs[1]?.dims ?? [])],
  Expand: (call) => [like(first(call), broadcast(first(call).dims, call.inputs[1]?.numbers ?? []))],
  ConstantOfShape: (call) => [{ dtype: 'float32', dims: first(call).numbers ?? [] }],
  Range: (call) => {
    const [from = 0, to = 0, step = 1] = call.inputs.map((value) => value?.numbers?.[0]);
    const length = Math.max(0, Math.ceil((to - from) / step));
    return [like(first(call), [length])];
  },
  Pad: (call) => {
    const x = first(call);
    const pads = call.inputs[1]?.numbers ?? [];
    const axes = (call.inputs[3]?.numbers ?? x.dims.map((_, axis) => axis)).map((axis) => axisOf(axis, x.dims.length));
    const dims = [...x.dims];
    axes.forEach((axis, place) => {
      dims[axis] = (dims[axis] ?? 0) + (pads[place] ?? 0) + (pads[place + axes.length] ?? 0);
    });
    return [like(x, dims)];
  },
  Gemm: (call) => {
    const [a, b] = [first(call).dims, call.inputs[1]?.dims ?? []];
    const rows = integer(call, 'transA', 0) ? a[1] : a[0];
    const columns = integer(call, 'transB', 0) ? b[0] : b[1];
    return [like(first(call), [rows ?? 1, columns ?? 1])];
  },
  MatMul: (call) => {
    const [a, b] = [first(call).dims, call.inputs[1]?.dims ?? []];
    const lead = broadcast(a.slice(0, -2), b.slice(0, -2));
    return [like(first(call), [...lead, a.at(-2) ?? 1, b.at(-1) ?? 1])];
  },
  ArgMax: (call) => reduction(call).map((value) => ({ dtype: 'int64', dims: axisReduced(call, value) })),
  OneHot: (call) => {
    const depth = call.inputs[1]?.numbers?.[0] ?? 1;
    return [{ dtype: call.inputs[2]?.dtype ?? 'float32', dims: [...first(call).dims, depth] }];
  },
  TopK: (call) => {
    const x = first(call);
    const axis = axisOf(integer(call, 'axis', -1), x.dims.length);
    const dims = x.dims.map((size, at) => (at === axis ? (call.inputs[1]?.numbers?.[0] ?? size) : size));
    return [like(x, dims), { dtype: 'int64', dims }];
  },
  GridSample: (call) => {
    const [x, grid] = [first(call).dims, call.inputs[1]?.dims ?? []];
    return [like(first(call), [x[0] ?? 1, x[1] ?? 1, grid[1] ?? 1, grid[2] ?? 1])];
  },
  Upsample: (call) => {
    const scales = integers(call, 'scales') ?? [];
    return [
      like(
        first(call),
        first(call).dims.map((size, axis) => size * (scales[axis] ?? 1)),
      ),
    ];
  },
  Resize: (call) => {
    const { dims } = first(call);
    const scales = call.inputs[2]?.numbers;
    const scaled =
      scales && scales.length === dims.length ? dims.map((size, axis) => Math.floor(size * (scales[axis] ?? 1))) : dims;
    return [like(first(call), call.inputs[3]?.numbers ?? scaled)];
  },
  ReorderInput: same,
  ReorderOutput: (call) => {
    const x = first(call);
    return [like(x, [x.dims[0] ?? 1, integer(call, 'channels', x.dims[1] ?? 1), ...x.dims.slice(2)])];
  },
  BatchNormalization: (call) => [
    first(call),
    ...Array.from({ length: call.outputs - 1 }, () => call.inputs[1] ?? first(call)),
  ],
  LayerNormalization: (call) => {
    const x = first(call);
    const axis = axisOf(integer(call, 'axis', -1), x.dims.length);
    const statistics = like(
      x,
      x.dims.map((size, at) => (at < axis ? size : 1)),
    );
    return [x, ...Array.from({ length: call.outputs - 1 }, () => statistics)];
  },
};

/** Operators of the addon; what is not here has the type of its first input, too. */
const nativeRules: Readonly<Record<string, Rule>> = {
  ColumnSum: (call) => [like(first(call), first(call).dims.slice(integer(call, 'leading', 0)))],
  EdgeOrder: (call) => [like(first(call), [(call.inputs[1]?.numbers?.[0] ?? 0) + 1]), first(call)],
  SumRows: (call) => [like(first(call), [(call.inputs[1]?.dims[0] ?? 1) - 1, ...first(call).dims.slice(1)])],
  LayerNormGradient: (call) => withParameters(call, 2),
  SplitHeads: (call) => {
    const [batch = 1, length = 1, width = 1] = first(call).dims;
    const heads = integer(call, 'heads', 1);
    const part = like(first(call), [batch, heads, length, width / heads / call.outputs]);
    return Array.from({ length: call.outputs }, () => part);
  },
  JoinHeads: (call) => {
    const [batch = 1, heads = 1, length = 1, size = 1] = first(call).dims;
    return [like(first(call), [batch, length, integer(call, 'parts', 1) * heads * size])];
  },
  BatchNormGradient: (call) => withParameters(call, 2),
  BatchNormTrain: (call) => withParameters(call, 1),
  ConvolutionWeightGradient: (call) => {
    const [x, g] = [first(call), call.inputs[1]];
    const kernel = [integer(call, 'kernel_height', 1), integer(call, 'kernel_width', 1)];
    return [like(x, [g?.dims[1] ?? 1, x.dims[1] ?? 1, ...kernel])];
  },
};

/** The first input's type once, then that of a parameter for all other outputs. */
const withParameters = (call: Call, place: number): readonly KnownValue[] => [
  first(call),
  ...Array.from({ length: call.outputs - 1 }, () => call.inputs[place] ?? first(call)),
];

function axisReduced(call: Call, fallback: KnownValue): readonly number[] {
  const { dims } = first(call);
  if (call.attribute('axis') === undefined) return fallback.dims;
  const axis = axisOf(integer(call, 'axis', 0), dims.length);
  const keep = integer(call, 'keepdims', 1) === 1;
  return dims.flatMap((size, at) => (at === axis ? (keep ? [1] : []) : [size]));
}

function unpooled(call: Call): readonly number[] {
  const { dims } = first(call);
  const kernel = integers(call, 'kernel_shape') ?? [];
  const strides = integers(call, 'strides') ?? kernel;
  return dims.map((size, axis) => (axis < 2 ? size : (size - 1) * (strides[axis - 2] ?? 1) + (kernel[axis - 2] ?? 1)));
}

/** Types of a node's outputs; what no rule describes has the type of its first input. */
export function inferOutputs(node: OnnxNode, inputs: Inputs): readonly KnownValue[] {
  const rule = (node.domain === NATIVE_DOMAIN ? nativeRules : rules)[node.operator] ?? same;
  const call: Call = { inputs, attribute: (name) => node.attributes[name], outputs: node.outputs.length };
  return rule(call);
}
