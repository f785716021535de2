/** Eigenvalues and eigenvectors of a symmetric matrix; vector k is column k of `vectors`. */
export interface Eigen {
  readonly values: Float64Array;
  /** Row-major [size, size]. */
  readonly vectors: Float64Array;
}

const SWEEPS = 60;
const TOLERANCE = 1e-22;

/**
 * Jacobi's method with cyclic sweeps (Golub and Van Loan, section 8.5): exact to rounding, in about n³ per sweep.
 * @param matrix row-major [size, size], symmetric
 */
export function symmetricEigen(matrix: Float64Array, size: number): Eigen {
  if (matrix.length !== size * size) throw new RangeError(`${matrix.length} numbers are no ${size} x ${size} matrix.`);
  const a = Float64Array.from(matrix);
  const vectors = new Float64Array(size * size);
  for (let index = 0; index < size; index++) vectors[index * size + index] = 1;
  const at = (row: number, column: number): number => a[row * size + column] ?? 0;
  const total = a.reduce((sum, value) => sum + value * value, 0);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let off = 0;
    for (let p = 0; p < size; p++) for (let q = p + 1; q < size; q++) off += at(p, q) ** 2;
    if (off <= TOLERANCE * total) break;
    for (let p = 0; p < size; p++) {
      for (let q = p + 1; q < size; q++) {
        if (at(p, q) === 0) continue;
        const ratio = (at(q, q) - at(p, p)) / (2 * at(p, q));
        const t = (ratio >= 0 ? 1 : -1) / (Math.abs(ratio) + Math.sqrt(ratio * ratio + 1));
        const cosine = 1 / Math.sqrt(t * t + 1);
        rotate(a, size, p, q, cosine, t * cosine);
        turnColumns(vectors, size, p, q, cosine, t * cosine);
      }
    }
  }
  return { values: Float64Array.from({ length: size }, (_, index) => at(index, index)), vectors };
}

/** a ← Jᵀ·a·J. */
function rotate(a: Float64Array, size: number, p: number, q: number, cosine: number, sine: number): void {
  turnColumns(a, size, p, q, cosine, sine);
  for (let column = 0; column < size; column++) {
    const [left, right] = [a[p * size + column] ?? 0, a[q * size + column] ?? 0];
    a[p * size + column] = cosine * left - sine * right;
    a[q * size + column] = sine * left + cosine * right;
  }
}

/** a ← a·J. */
function turnColumns(a: Float64Array, size: number, p: number, q: number, cosine: number, sine: number): void {
  for (let row = 0; row < size; row++) {
    const [left, right] = [a[row * size + p] ?? 0, a[row * size + q] ?? 0];
    a[row * size + p] = cosine * left - sine * right;
    a[row * size + q] = sine * left + cosine * right;
  }
}
