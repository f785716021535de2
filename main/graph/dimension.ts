import { GraphError } from './graph-error.ts';

/** A size: a number, or a symbol such as `batch`, or a multiple of one such as `32*batch`. */
export type Dimension = number | string;
export type Shape = readonly Dimension[];

export const BATCH = 'batch';

/** Splits `32*batch` into its factor and its symbol; a number has no symbol. */
export function splitDimension(dimension: Dimension): { readonly factor: number; readonly symbol: string } {
  if (typeof dimension === 'number') return { factor: dimension, symbol: '' };
  const star = dimension.indexOf('*');
  if (star < 0) return { factor: 1, symbol: dimension };
  return { factor: Number(dimension.slice(0, star)), symbol: dimension.slice(star + 1) };
}

export function multiplyDimensions(left: Dimension, right: Dimension): Dimension {
  const a = splitDimension(left);
  const b = splitDimension(right);
  const factor = a.factor * b.factor;
  const symbol = [a.symbol, b.symbol].filter((name) => name !== '').join('*');
  if (symbol === '') return factor;
  return factor === 1 ? symbol : `${factor}*${symbol}`;
}

export const dimensionProduct = (shape: Shape): Dimension => shape.reduce<Dimension>(multiplyDimensions, 1);

/** Number of elements once every symbol stands for `symbolValue` (the batch size, usually). */
export function elementCount(shape: Shape, symbolValue = 1): number {
  let count = 1;
  for (const dimension of shape) {
    const { factor, symbol } = splitDimension(dimension);
    count *= symbol === '' ? factor : factor * symbolValue;
  }
  return count;
}

/** What each symbol stands for; `batch` for those that are not named. */
export type SymbolSizes = Readonly<Record<string, number>> & { readonly batch: number };

export function dimensionSize(dimension: Dimension, sizes: SymbolSizes): number {
  const { factor, symbol } = splitDimension(dimension);
  if (symbol === '') return factor;
  return symbol.split('*').reduce((size, name) => size * (sizes[name] ?? sizes.batch), factor);
}

export const sameShape = (left: Shape, right: Shape): boolean =>
  left.length === right.length && left.every((dimension, axis) => dimension === right[axis]);

/** @throws GraphError `shape-mismatch` if the dimension is symbolic. */
export function staticSize(dimension: Dimension | undefined): number {
  if (typeof dimension !== 'number') {
    throw new GraphError('shape-mismatch', `A fixed size is needed here, not ${String(dimension)}.`);
  }
  return dimension;
}

/** NumPy's broadcasting. @throws GraphError `shape-mismatch`. */
export function broadcastShapes(left: Shape, right: Shape): Shape {
  const rank = Math.max(left.length, right.length);
  return Array.from({ length: rank }, (_, axis) => {
    const a = left[left.length - rank + axis] ?? 1;
    const b = right[right.length - rank + axis] ?? 1;
    if (a === b || b === 1) return a;
    if (a === 1) return b;
    throw new GraphError('shape-mismatch', `Shapes [${left}] and [${right}] cannot be broadcast.`);
  });
}

export function normalizeAxis(axis: number, rank: number): number {
  const normalized = axis < 0 ? axis + rank : axis;
  if (normalized < 0 || normalized >= rank) {
    throw new GraphError('shape-mismatch', `Axis ${axis} is outside a tensor of rank ${rank}.`);
  }
  return normalized;
}
