/**
 * Adam's arithmetic on shared memory, as a small WebAssembly program of four numbers at a time. ONNX Runtime computes the
 * same in eleven passes over the memory, and its binding copies everything that comes out; this is one pass, and writes
 * where the state lies. Results equal those of the graph to the bit: the same operations in the same order, with numbers
 * below 1e-38 taken as 0 (see `flushDenormals`).
 *
 * Addresses are in bytes, sizes in bytes and multiples of 16. WebAssembly core specification 2.0, binary format.
 */
export interface AdamKernel {
  /** target = source · weight */
  readonly weigh: (target: number, source: number, bytes: number, weight: number) => void;
  /** target += source · weight */
  readonly addWeighted: (target: number, source: number, bytes: number, weight: number) => void;
  /** The sum of squares, in float32. */
  readonly squares: (source: number, bytes: number) => number;
  /** Reads p, g, M, V and writes p', M', V': see `AdamPlan`. */
  readonly adam: (
    p: number,
    g: number,
    m: number,
    v: number,
    nextP: number,
    nextM: number,
    nextV: number,
    bytes: number,
    beta1: number,
    beta2: number,
    rate: number,
    offset: number,
    decay: number,
  ) => void;
}

export function openAdamKernel(memory: WebAssembly.Memory): AdamKernel {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(program()), { shared: { memory } });
  return instance.exports as unknown as AdamKernel;
}

const [I32, F32, V128] = [0x7f, 0x7d, 0x7b] as const;
type ValueType = typeof I32 | typeof F32 | typeof V128;
type Code = readonly number[];

/** Pages of 64 KiB that a memory of 32-bit addresses may have. */
export const MOST_PAGES = 2 ** 16;
/** The smallest float32 that is not subnormal, and the smallest whose square is not. */
const SMALLEST_NORMAL = 2 ** -126;
const SMALLEST_ROOT = 2 ** -63;

const unsigned = (value: number): Code =>
  value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(Math.floor(value / 0x80))];
const float = (value: number): Code => [...new Uint8Array(Float32Array.of(value).buffer)];
const vector = (items: readonly Code[]): Code => [...unsigned(items.length), ...items.flat()];
const section = (id: number, body: Code): Code => [id, ...unsigned(body.length), ...body];
const text = (value: string): Code => [...unsigned(value.length), ...new TextEncoder().encode(value)];

const simd = (operation: number, ...operands: Code[]): Code => [...operands.flat(), 0xfd, ...unsigned(operation)];
const get = (local: number): Code => [0x20, ...unsigned(local)];
const set = (local: number, value: Code): Code => [...value, 0x21, ...unsigned(local)];
const splat = (value: Code): Code => simd(0x13, value);
const constant = (value: number): Code => splat([0x43, ...float(value)]);
const add = (a: Code, b: Code): Code => simd(0xe4, a, b);
const subtract = (a: Code, b: Code): Code => simd(0xe5, a, b);
const multiply = (a: Code, b: Code): Code => simd(0xe6, a, b);
const divide = (a: Code, b: Code): Code => simd(0xe7, a, b);
const squareRoot = (a: Code): Code => simd(0xe3, a);
/** The value of a local where it is at least so large, 0 elsewhere; what is no number stays, as every comparison fails. */
const atLeast = (local: number, limit: number): Code => {
  const isSmall = simd(0x43, simd(0xe0, get(local)), constant(limit));
  return simd(0x4f, get(local), isSmall);
};
const place = (base: number, index: number): Code => [...get(base), ...get(index), 0x6a];
/** Aligned to 16 bytes, at no further offset. */
const load = (base: number, index: number): Code => [...place(base, index), 0xfd, 0x00, 0x04, 0x00];
const store = (base: number, index: number, value: Code): Code => [
  ...place(base, index),
  ...value,
  0xfd,
  0x0b,
  0x04,
  0x00,
];

/** for (index = 0; index < bytes; index += 16) body */
const eachFour = (index: number, bytes: number, body: Code): Code => [
  ...[0x02, 0x40, 0x03, 0x40],
  ...[...get(index), ...get(bytes), 0x4f, 0x0d, 0x01],
  ...body,
  ...set(index, [...get(index), 0x41, 0x10, 0x6a]),
  ...[0x0c, 0x00, 0x0b, 0x0b],
];

interface Definition {
  readonly name: keyof AdamKernel;
  readonly parameters: readonly ValueType[];
  readonly results: readonly ValueType[];
  /** Locals after the parameters. */
  readonly locals: readonly ValueType[];
  readonly body: Code;
}

const scaled: Definition = {
  name: 'weigh',
  parameters: [I32, I32, I32, F32],
  results: [],
  locals: [I32],
  body: eachFour(4, 2, store(0, 4, multiply(load(1, 4), splat(get(3))))),
};

const accumulated: Definition = {
  ...scaled,
  name: 'addWeighted',
  body: eachFour(4, 2, store(0, 4, add(load(0, 4), multiply(load(1, 4), splat(get(3)))))),
};

/** Four sums side by side. */
const summed: Definition = {
  name: 'squares',
  parameters: [I32, I32],
  results: [F32],
  locals: [I32, V128, V128],
  body: [
    ...eachFour(2, 1, [...set(4, load(0, 2)), ...set(3, add(get(3), multiply(get(4), get(4))))]),
    ...[0, 1, 2, 3].flatMap((lane) => [...get(3), 0xfd, 0x1f, lane, ...(lane === 0 ? [] : [0x92])]),
  ],
};

function adam(): Definition {
  const [p, g, m, v, nextP, nextM, nextV, bytes, beta1, beta2, rate, offset, decay] = Array.from(
    { length: 13 },
    (_, local) => local,
  ) as [number, number, number, number, number, number, number, number, number, number, number, number, number];
  const [index, gradient, first, second] = [13, 14, 15, 16];
  const root = add(multiply(squareRoot(get(second)), splat(get(rate))), splat(get(offset)));
  return {
    name: 'adam',
    parameters: [...Array<ValueType>(8).fill(I32), ...Array<ValueType>(5).fill(F32)],
    results: [],
    locals: [I32, V128, V128, V128],
    body: eachFour(index, bytes, [
      ...set(gradient, load(g, index)),
      ...set(first, add(multiply(load(m, index), splat(get(beta1))), get(gradient))),
      ...set(first, atLeast(first, SMALLEST_NORMAL)),
      ...set(gradient, atLeast(gradient, SMALLEST_ROOT)),
      ...set(second, add(multiply(load(v, index), splat(get(beta2))), multiply(get(gradient), get(gradient)))),
      ...set(second, atLeast(second, SMALLEST_NORMAL)),
      ...store(nextM, index, get(first)),
      ...store(nextV, index, get(second)),
      ...store(nextP, index, subtract(multiply(load(p, index), splat(get(decay))), divide(get(first), root))),
    ]),
  };
}

function program(): Uint8Array<ArrayBuffer> {
  const definitions = [scaled, accumulated, summed, adam()];
  const each = (encode: (definition: Definition, index: number) => Code): Code => vector(definitions.map(encode));
  const types = (values: readonly ValueType[]): Code => vector(values.map((value) => [value]));
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(
      1,
      each(({ parameters, results }) => [0x60, ...types(parameters), ...types(results)]),
    ),
    // A shared memory of any size: limits with both ends.
    ...section(2, vector([[...text('shared'), ...text('memory'), 0x02, 0x03, 0x00, ...unsigned(MOST_PAGES)]])),
    ...section(
      3,
      each((_, index) => [index]),
    ),
    ...section(
      7,
      each(({ name }, index) => [...text(name), 0x00, index]),
    ),
    ...section(
      10,
      each(({ locals, body }) => {
        const code = [...vector(locals.map((type) => [1, type])), ...body, 0x0b];
        return [...unsigned(code.length), ...code];
      }),
    ),
  ]);
}
