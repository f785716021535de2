import type { Lowering } from '../lowering/lowering.ts';
import type { LoweringRule, OperatorTable } from '../operator.ts';
import { inputOf, need, numberOf, outputOf } from './rule-inputs.ts';

/** Odd multipliers of Chris Wellons' lowbias32 hash (https://nullprogram.com/blog/2018/07/31/) and the golden ratio. */
export const HASH_MULTIPLIERS = [0x7feb352d, 0x846ca68b | 0] as const;
export const GOLDEN_RATIO = 0x9e3779b9 | 0;
const INT32 = 6;
const INT64 = 7;
const UINT32 = 12;

const int32 = (lowering: Lowering, value: number): string => lowering.constant('int32', [], Int32Array.of(value | 0));

/** x ^ (x >>> shift): ONNX shifts unsigned integers only, and multiplies signed ones. */
function foldRight(lowering: Lowering, x: string, shift: number): string {
  const unsigned = lowering.emit('Cast', [x], { to: UINT32 });
  const amount = lowering.constant('uint32', [], Uint32Array.of(shift));
  const shifted = lowering.emit('BitShift', [unsigned, amount], { direction: 'RIGHT' });
  return lowering.emit('BitwiseXor', [x, lowering.emit('Cast', [shifted], { to: INT32 })]);
}

/** The hash without its last fold, which only whitens low bits that nobody reads here. */
function hash(lowering: Lowering, x: string): string {
  let value = foldRight(lowering, x, 16);
  value = lowering.emit('Mul', [value, int32(lowering, HASH_MULTIPLIERS[0])]);
  value = foldRight(lowering, value, 15);
  return lowering.emit('Mul', [value, int32(lowering, HASH_MULTIPLIERS[1])]);
}

/** Int32 hashes of the counters 0 … count − 1 under a key; `count` is an int32 scalar. */
function counterBits(lowering: Lowering, count: string, key: string): string {
  const counter = lowering.emit('Range', [int32(lowering, 0), count, int32(lowering, 1)]);
  const spread = lowering.emit('Mul', [counter, int32(lowering, GOLDEN_RATIO)]);
  return hash(lowering, lowering.emit('Add', [spread, key]));
}

/** The number of elements of a tensor as an int32 scalar, and its shape. */
function sizeOf(lowering: Lowering, name: string): { readonly shape: string; readonly count: string } {
  const shape = lowering.emit('Shape', [name]);
  const total = lowering.emit('ReduceProd', [shape, lowering.int64s([0])], { keepdims: 0 });
  return { shape, count: lowering.emit('Cast', [total], { to: INT32 }) };
}

/** `count` numbers: 0 with probability p, 1 / (1 − p) otherwise. */
function keepMask(lowering: Lowering, count: string, key: string, probability: number): string {
  const bits = counterBits(lowering, count, key);
  // Signed comparison: the hash is uniform over [−2³¹, 2³¹).
  const threshold = int32(lowering, Math.min(2 ** 31 - 1, Math.round(probability * 2 ** 32 - 2 ** 31)));
  const kept = lowering.emit('Cast', [lowering.emit('GreaterOrEqual', [bits, threshold])], { to: 1 });
  return lowering.emit('Mul', [kept, lowering.scalar(1 / (1 - probability))]);
}

/** Bits as float32 in [2⁻²⁷, 1 − 2⁻²⁴]: away from both ends, so that no logarithm meets a zero. */
function unitInterval(lowering: Lowering, bits: string): string {
  const scaled = lowering.emit('Mul', [lowering.emit('Cast', [bits], { to: 1 }), lowering.scalar(2 ** -32)]);
  const uniform = lowering.emit('Add', [scaled, lowering.scalar(0.5)]);
  return lowering.emit('Clip', [uniform, lowering.scalar(2 ** -27), lowering.scalar(1 - 2 ** -24)]);
}

/** Number types of ONNX. */
const [FLOAT, DOUBLE] = [1, 11] as const;

/** Box and Muller's transform, in float32 or in float64. */
const normal =
  (type: typeof FLOAT | typeof DOUBLE): LoweringRule =>
  (lowering, node) => {
    const { shape, count } = sizeOf(lowering, lowering.plain(inputOf(node, 0)));
    const value = (operator: string, ...inputs: string[]): string => lowering.emit(operator, inputs);
    const to = (target: number, name: string): string =>
      type === FLOAT ? name : lowering.emit('Cast', [name], { to: target });
    const scalar = (number: number): string =>
      type === FLOAT ? lowering.scalar(number) : lowering.constant('float64', [], Float64Array.of(number));
    const half = value('Div', value('Add', count, int32(lowering, 1)), int32(lowering, 2));
    const even = value('Mul', half, int32(lowering, 2));
    const uniform = unitInterval(lowering, counterBits(lowering, even, lowering.plain(inputOf(node, 1))));
    const rows = to(DOUBLE, lowering.reshape(uniform, [2, -1]));
    const row = (index: number): string =>
      value('Gather', rows, lowering.constant('int64', [], BigInt64Array.of(BigInt(index))));
    const radius = value('Sqrt', value('Mul', value('Log', row(0)), scalar(-2)));
    const angle = value('Mul', row(1), scalar(2 * Math.PI));
    const pair = lowering.emit(
      'Concat',
      [value('Mul', radius, value('Cos', angle)), value('Mul', radius, value('Sin', angle))],
      { axis: 0 },
    );
    const end = lowering.emit('Cast', [lowering.reshape(count, [1])], { to: INT64 });
    const flat = to(FLOAT, lowering.emit('Slice', [pair, lowering.int64s([0]), end]));
    lowering.define(outputOf(node), lowering.emit('Reshape', [flat, shape]));
  };

export const randomOperators: OperatorTable = {
  /** Seed and step (int32 scalars) and the attribute `stream` → an int32 key. A pure function: resumed equals unbroken. */
  RandomKey: {
    inferTypes: () => [{ dtype: 'int32', shape: [] }],
    lower: {
      standard: (lowering, node) => {
        const [seed, step] = [lowering.plain(inputOf(node, 0)), lowering.plain(inputOf(node, 1))];
        const base = lowering.memo(`random-key:${seed}:${step}`, () => {
          const mixed = lowering.emit('Mul', [step, int32(lowering, GOLDEN_RATIO)]);
          return hash(lowering, lowering.emit('Add', [hash(lowering, seed), mixed]));
        });
        const stream = int32(lowering, Math.imul(numberOf(node.attributes, 'stream') + 1, GOLDEN_RATIO));
        lowering.define(outputOf(node), hash(lowering, lowering.emit('BitwiseXor', [base, stream])));
      },
    },
    gradient: 'none',
  },
  /**
   * A tensor shaped like the first input: 0 with probability p, 1 / (1 − p) otherwise. Element i depends on i and the
   * key alone, so neither threads nor batches before it can change it.
   */
  DropoutMask: {
    inferTypes: (inputs) => [{ dtype: 'float32', shape: need(inputs[0]).shape }],
    lower: {
      standard: (lowering, node) => {
        const probability = numberOf(node.attributes, 'probability');
        const x = inputOf(node, 0);
        const layout = lowering.isBlocked(x) && !lowering.isPlain(x) ? 'blocked' : 'plain';
        const { shape, count } = sizeOf(lowering, layout === 'blocked' ? lowering.blocked(x) : lowering.plain(x));
        const flat = keepMask(lowering, count, lowering.plain(inputOf(node, 1)), probability);
        lowering.define(outputOf(node), lowering.emit('Reshape', [flat, shape]), layout);
      },
    },
    gradient: 'none',
  },
  /** As DropoutMask with one number per sample, [N, 1, …], for dropping whole branches. */
  SampleMask: {
    inferTypes: (inputs) => {
      const { shape } = need(inputs[0]);
      return [{ dtype: 'float32', shape: shape.map((size, axis) => (axis === 0 ? size : 1)) }];
    },
    lower: {
      standard: (lowering, node) => {
        const x = inputOf(node, 0);
        const name = lowering.isBlocked(x) && !lowering.isPlain(x) ? lowering.blocked(x) : lowering.plain(x);
        const first = lowering.constant('int64', [], BigInt64Array.of(0n));
        const samples = lowering.emit('Gather', [lowering.emit('Shape', [name]), first]);
        const count = lowering.emit('Cast', [samples], { to: INT32 });
        const key = lowering.plain(inputOf(node, 1));
        const mask = keepMask(lowering, count, key, numberOf(node.attributes, 'probability'));
        lowering.define(outputOf(node), lowering.reshape(mask, [-1, ...x.shape.slice(1).map(() => 1)]));
      },
    },
    gradient: 'none',
  },
  /** Inputs a tensor and a key → numbers shaped like the tensor, uniform in (0, 1); element i is a function of i and the key. */
  RandomUniform: {
    inferTypes: (inputs) => [{ dtype: 'float32', shape: need(inputs[0]).shape }],
    lower: {
      standard: (lowering, node) => {
        const { shape, count } = sizeOf(lowering, lowering.plain(inputOf(node, 0)));
        const uniform = unitInterval(lowering, counterBits(lowering, count, lowering.plain(inputOf(node, 1))));
        lowering.define(outputOf(node), lowering.emit('Reshape', [uniform, shape]));
      },
    },
    gradient: 'none',
  },
  /**
   * Inputs a tensor and a key → standard normal numbers shaped like the tensor, by the transform of Box and Muller
   * (1958): of n elements, i and i + ⌈n / 2⌉ come from the hashes of the counters i and i + ⌈n / 2⌉.
   */
  RandomNormal: {
    inferTypes: (inputs) => [{ dtype: 'float32', shape: need(inputs[0]).shape }],
    lower: {
      standard: normal(FLOAT),
      // Sines of shaders may be off by 2⁻¹¹ (the accuracy that WGSL asks of them). Nothing but the CPU computes float64, and the bits
      // come from there already.
      webgpu: normal(DOUBLE),
    },
    gradient: 'none',
  },
};
