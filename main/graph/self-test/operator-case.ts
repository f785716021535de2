import type { TensorData } from '../data-type.ts';
import type { Shape } from '../dimension.ts';
import type { Attributes } from '../tensor.ts';

/** An input that carries no gradient: its values are given. */
export interface GivenInput {
  readonly dtype: 'float32' | 'int64' | 'int32' | 'bool' | 'string';
  readonly shape: readonly number[];
  readonly data: TensorData | readonly string[];
}

/** One small application of an operator, by which it is tested: in unit tests, and on every device before it is used. */
export interface OperatorCase {
  readonly operator: string;
  readonly label?: string;
  /** In the operator's order; a shape stands for repeatable float32 numbers, null for an input that is left out. */
  readonly inputs: readonly (Shape | GivenInput | null)[];
  readonly attributes?: Attributes;
  /** Where inputs must stay inside a domain: the range their values are drawn from. */
  readonly range?: readonly [number, number];
  /** Which inputs to differentiate; all that are given by shape by default. */
  readonly wanted?: readonly number[];
  /** Values at least a hundredth apart, so that no maximum changes its place within a finite difference. */
  readonly spaced?: boolean;
}

/** Int64 indices, in a list unless a shape is given. */
export const ids = (values: readonly number[], shape: readonly number[] = [values.length]): GivenInput => ({
  dtype: 'int64',
  shape,
  data: BigInt64Array.from(values, BigInt),
});

export const numbers = (values: readonly number[], shape: readonly number[] = [values.length]): GivenInput => ({
  dtype: 'float32',
  shape,
  data: Float32Array.from(values),
});

export const int32 = (value: number): GivenInput => ({ dtype: 'int32', shape: [], data: Int32Array.of(value) });

/** For operators that read a shape only. */
export const like = (...shape: readonly number[]): GivenInput =>
  numbers(new Array<number>(shape.reduce((product, size) => product * size, 1)).fill(0), shape);

/** Kernel, stride, padding and dilation of a square window. */
export const window = (kernel: number, stride = 1, pad = 0, dilation = 1): Attributes => ({
  kernel: [kernel, kernel],
  strides: [stride, stride],
  pads: [pad, pad, pad, pad],
  dilations: [dilation, dilation],
});

export const caseName = ({ operator, label }: OperatorCase): string => (label ? `${operator} (${label})` : operator);

/** Repeatable numbers that never come in order, so that no two elements tie. */
export const noise = (count: number, stream: number, [low, high]: readonly [number, number]): Float32Array =>
  Float32Array.from({ length: count }, (_, index) => {
    const fraction = Math.abs(Math.sin((index + 1) * 12.9898 + stream * 78.233) * 43758.5453) % 1;
    return low + fraction * (high - low);
  });

export const spacedNumbers = (count: number): Float32Array =>
  Float32Array.from({ length: count }, (_, index) => (((index * 89) % count) - count / 2) / 100);
