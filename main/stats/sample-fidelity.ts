import { symmetricEigen } from './symmetric-eigen.ts';

/** How close generated samples come to real ones, as a classifier of the real ones sees them. */
export interface SampleFidelity {
  /** Share of samples whose likeliest class has at least the asked probability. */
  readonly confidentShare: number;
  /** Share of samples per likeliest class. */
  readonly classShares: readonly number[];
  /** Entropy of the shares over that of equal ones: 1 where all classes are drawn equally often, 0 where one is. */
  readonly balance: number;
}

/** @param probabilities row-major [samples, classes] */
export function sampleFidelity(probabilities: ArrayLike<number>, classes: number, confidence = 0.9): SampleFidelity {
  const samples = probabilities.length / classes;
  if (!Number.isInteger(samples) || samples < 1) {
    throw new RangeError(`${probabilities.length} probabilities are no samples of ${classes} classes.`);
  }
  const counts = new Float64Array(classes);
  let confident = 0;
  for (let sample = 0; sample < samples; sample++) {
    let best = 0;
    for (let index = 1; index < classes; index++) {
      if ((probabilities[sample * classes + index] ?? 0) > (probabilities[sample * classes + best] ?? 0)) best = index;
    }
    counts[best] = (counts[best] ?? 0) + 1;
    if ((probabilities[sample * classes + best] ?? 0) >= confidence) confident++;
  }
  const classShares = Array.from(counts, (count) => count / samples);
  const entropy = classShares.reduce((sum, share) => sum - (share > 0 ? share * Math.log(share) : 0), 0);
  return { confidentShare: confident / samples, classShares, balance: classes > 1 ? entropy / Math.log(classes) : 1 };
}

/**
 * Fréchet distance between two sets of features, each taken as a Gaussian (Heusel et al. 2017):
 * ‖μ₁ − μ₂‖² + tr(C₁ + C₂ − 2·(C₁·C₂)^½). Zero for equal sets; in squared units of the features.
 *
 * @param first row-major [samples, size] @param second row-major, of as many columns
 */
export function frechetDistance(first: ArrayLike<number>, second: ArrayLike<number>, size: number): number {
  const [left, right] = [moments(first, size), moments(second, size)];
  const shift = left.mean.reduce((sum, value, index) => sum + (value - (right.mean[index] ?? 0)) ** 2, 0);
  // tr((C₁·C₂)^½) is the sum of the square roots of the eigenvalues of C₁^½·C₂·C₁^½, which is symmetric.
  const root = squareRoot(left.covariance, size);
  const between = multiply(multiply(root, right.covariance, size), root, size);
  const { values } = symmetricEigen(symmetric(between, size), size);
  const overlap = values.reduce((sum, value) => sum + Math.sqrt(Math.max(0, value)), 0);
  return Math.max(0, shift + trace(left.covariance, size) + trace(right.covariance, size) - 2 * overlap);
}

interface Moments {
  readonly mean: Float64Array;
  /** With n − 1, as numpy.cov. */
  readonly covariance: Float64Array;
}

function moments(features: ArrayLike<number>, size: number): Moments {
  const count = features.length / size;
  if (!Number.isInteger(count) || count < 2) {
    throw new RangeError(`A covariance needs two rows or more of ${size} features, not ${features.length} numbers.`);
  }
  const mean = new Float64Array(size);
  for (let index = 0; index < features.length; index++) {
    mean[index % size] = (mean[index % size] ?? 0) + (features[index] ?? 0) / count;
  }
  const covariance = new Float64Array(size * size);
  for (let row = 0; row < count; row++) {
    for (let i = 0; i < size; i++) {
      const left = (features[row * size + i] ?? 0) - (mean[i] ?? 0);
      for (let j = 0; j <= i; j++) {
        const value = (left * ((features[row * size + j] ?? 0) - (mean[j] ?? 0))) / (count - 1);
        covariance[i * size + j] = (covariance[i * size + j] ?? 0) + value;
      }
    }
  }
  for (let i = 0; i < size; i++) for (let j = 0; j < i; j++) covariance[j * size + i] = covariance[i * size + j] ?? 0;
  return { mean, covariance };
}

function squareRoot(matrix: Float64Array, size: number): Float64Array {
  const { values, vectors } = symmetricEigen(matrix, size);
  const scaled = vectors.map((value, index) => value * Math.sqrt(Math.max(0, values[index % size] ?? 0)) ** 0.5);
  const result = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      let sum = 0;
      for (let k = 0; k < size; k++) sum += (scaled[i * size + k] ?? 0) * (scaled[j * size + k] ?? 0);
      result[i * size + j] = sum;
    }
  }
  return result;
}

function multiply(a: Float64Array, b: Float64Array, size: number): Float64Array {
  const result = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < size; k++) {
      const factor = a[i * size + k] ?? 0;
      for (let j = 0; j < size; j++) {
        result[i * size + j] = (result[i * size + j] ?? 0) + factor * (b[k * size + j] ?? 0);
      }
    }
  }
  return result;
}

/** Takes away what rounding left of asymmetry. */
const symmetric = (matrix: Float64Array, size: number): Float64Array =>
  matrix.map((value, index) => (value + (matrix[(index % size) * size + Math.floor(index / size)] ?? 0)) / 2);

const trace = (matrix: Float64Array, size: number): number =>
  Array.from({ length: size }, (_, index) => matrix[index * size + index] ?? 0).reduce((sum, value) => sum + value, 0);
