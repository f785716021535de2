import { seededRandom } from '../base/random.ts';

const SAMPLE = 1000;
const ITERATIONS = 20;

/**
 * Orthonormal axes along which vectors vary most, by orthogonal iteration on the covariance of a regular sample. The axes
 * are orthonormal to rounding whatever the data; how well they fit only decides how well they separate.
 *
 * @param vectors row-major, `size` values each
 */
export function principalAxes(vectors: Float32Array, size: number, axisCount: number): readonly Float64Array[] {
  const covariance = sampleCovariance(vectors, size);
  const random = seededRandom(1);
  let axes = orthonormalize(
    Array.from({ length: axisCount }, () => Float64Array.from({ length: size }, () => random.normal())),
  );
  for (let i = 0; i < ITERATIONS; i++) axes = orthonormalize(axes.map((axis) => multiply(covariance, axis)));
  return axes;
}

function sampleCovariance(vectors: Float32Array, size: number): Float64Array {
  const count = Math.floor(vectors.length / size);
  const step = Math.max(1, Math.floor(count / SAMPLE));
  const sampled = Math.max(1, Math.ceil(count / step));
  const mean = new Float64Array(size);
  for (let item = 0; item < count; item += step)
    for (let i = 0; i < size; i++) mean[i] += vectors[item * size + i] / sampled;
  const covariance = new Float64Array(size * size);
  const centred = new Float64Array(size);
  for (let item = 0; item < count; item += step) {
    for (let i = 0; i < size; i++) centred[i] = vectors[item * size + i] - mean[i];
    for (let i = 0; i < size; i++)
      for (let j = 0; j <= i; j++) covariance[i * size + j] += (centred[i] * centred[j]) / sampled;
  }
  for (let i = 0; i < size; i++) for (let j = 0; j < i; j++) covariance[j * size + i] = covariance[i * size + j];
  // Without it, data without variance would leave no direction at all.
  for (let i = 0; i < size; i++) covariance[i * size + i] += 1e-9;
  return covariance;
}

function multiply(matrix: Float64Array, vector: Float64Array): Float64Array {
  const size = vector.length;
  const product = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    let sum = 0;
    for (let j = 0; j < size; j++) sum += matrix[i * size + j] * vector[j];
    product[i] = sum;
  }
  return product;
}

/** Modified Gram–Schmidt, twice: once is not enough when vectors are nearly parallel. */
function orthonormalize(vectors: readonly Float64Array[]): Float64Array[] {
  const result = vectors.map((vector) => vector.slice());
  for (let pass = 0; pass < 2; pass++)
    for (const [v, vector] of result.entries()) {
      for (const other of result.slice(0, v)) {
        const along = vector.reduce((sum, value, i) => sum + value * other[i], 0);
        for (let i = 0; i < vector.length; i++) vector[i] -= along * other[i];
      }
      const length = Math.hypot(...vector);
      for (let i = 0; i < vector.length; i++) vector[i] /= length;
    }
  return result;
}
