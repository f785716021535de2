import type { OnnxNode, OnnxValueInfo } from '../onnx/model.ts';
import type { KnownValue } from './memory-values.ts';
import { inferOutputs } from './memory-values.ts';

/**
 * A shape as far as ONNX Runtime knows it before it runs: sizes, numbers that stand for symbols, and NaN where it knows
 * nothing. It plans which tensor takes another's place by that, so a reshape to [-1, 64] costs memory.
 */
export type SeenShape = readonly number[];

/** Symbols are told apart by numbers that no size has. */
const FIRST_SYMBOL = 2 ** 40;
const symbols = new Map<string, number>();

/** Operators whose result depends on numbers that are only known when they run, unless those are constants. */
const BY_NUMBERS: Readonly<Record<string, number>> = {
  Expand: 1,
  ConstantOfShape: 0,
  Range: 1,
  Slice: 1,
  Resize: 3,
  Tile: 1,
};

/** What it sees of a declared input. */
export function declaredShape({ shape }: OnnxValueInfo): SeenShape {
  return shape.map((dimension) => {
    if (typeof dimension === 'number') return dimension;
    const known = symbols.get(dimension) ?? FIRST_SYMBOL + symbols.size;
    symbols.set(dimension, known);
    return known;
  });
}

export const isSameShape = (left: SeenShape, right: SeenShape): boolean =>
  left.length === right.length && left.every((size, axis) => size === right[axis]);

/** A value as it really is, and what the runtime knows of it. */
export interface SeenValue {
  readonly value: KnownValue;
  readonly seen: SeenShape;
  /** Its numbers are known before anything runs. */
  readonly isConstant: boolean;
}

/** @param outputs what the node's outputs really will be */
export function seenOutputs(
  node: OnnxNode,
  inputs: readonly (SeenValue | undefined)[],
  outputs: readonly KnownValue[],
): readonly SeenShape[] {
  const nothing = outputs.map(({ dims }) => dims.map(() => Number.NaN));
  if (node.operator === 'Reshape') return [reshaped(inputs, nothing[0] ?? [])];
  const numbersAt = BY_NUMBERS[node.operator];
  if (numbersAt !== undefined && inputs[numbersAt]?.isConstant !== true) return nothing;
  const found = inferOutputs(
    node,
    inputs.map((input) => input && { ...input.value, dims: input.seen }),
  );
  return outputs.map(({ dims }, place) => {
    const seen = found[place]?.dims;
    if (seen?.length !== dims.length) return nothing[place] ?? [];
    // What is neither a symbol nor a real size was computed from one.
    return seen.map((size, axis) => (size >= FIRST_SYMBOL || size === dims[axis] ? size : Number.NaN));
  });
}

function reshaped([x, shape]: readonly (SeenValue | undefined)[], nothing: SeenShape): SeenShape {
  const wanted = shape?.value.numbers;
  if (x === undefined || wanted === undefined || !shape?.isConstant) return nothing;
  const total = x.seen.reduce((product, size) => product * size, 1);
  const rest = wanted.reduce((product, size) => (size > 0 ? product * size : product), 1);
  return wanted.map((size, axis) => {
    if (size === 0) return x.seen[axis] ?? Number.NaN;
    if (size !== -1) return size;
    return isStatic(x.seen) ? total / Math.max(1, rest) : Number.NaN;
  });
}

export const isStatic = (seen: SeenShape): boolean => seen.every((size) => size < FIRST_SYMBOL);
