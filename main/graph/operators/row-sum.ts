import type { Shape } from '../dimension.ts';
import { dimensionProduct, splitDimension } from '../dimension.ts';
import type { Lowering } from '../lowering/lowering.ts';

/** Rows are summed in so many parts. */
const PARTS = 8;

/**
 * Sums a tensor of this shape over its first `leading` axes, of which nothing remains, as gradients of biases do. In
 * two steps where the number of rows allows: ONNX Runtime's CPU provider sums the columns of one tall matrix two to
 * three times slower than those of eight, and rounding errors of shorter sums are smaller.
 */
export function sumOverLeading(lowering: Lowering, name: string, shape: Shape, leading: number): string {
  const rows = splitDimension(dimensionProduct(shape.slice(0, leading)));
  const rest = shape.slice(leading);
  const { factor: width, symbol } = splitDimension(dimensionProduct(rest));
  // The factor of a sum of sizes, such as 8*n+1, is that of its first term only.
  if (symbol !== '' || rows.symbol.includes('+') || rows.factor % PARTS !== 0) {
    const axes = Array.from({ length: leading }, (_, axis) => axis);
    return lowering.reduceSum(name, axes, false);
  }
  const parts = lowering.reduceSum(lowering.reshape(name, [PARTS, -1, width]), [1], false);
  const sum = lowering.reduceSum(parts, [0], false);
  return rest.length === 1 ? sum : lowering.reshape(sum, rest.map(Number));
}
