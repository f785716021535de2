import { describe, expect, it } from 'vitest';
import { frechetDistance, sampleFidelity } from './sample-fidelity.ts';
import { symmetricEigen } from './symmetric-eigen.ts';

describe('eigenvalues of a symmetric matrix', () => {
  it('give the matrix back, with orthonormal vectors', () => {
    const size = 7;
    const matrix = Float64Array.from({ length: size * size }, (_, index) => {
      const [row, column] = [Math.floor(index / size), index % size];
      return Math.sin((row + 1) * (column + 1)) + (row === column ? 2 : 0);
    });
    const { values, vectors } = symmetricEigen(matrix, size);
    const at = (row: number, column: number) => vectors[row * size + column] ?? 0;
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) {
        let [back, product] = [0, 0];
        for (let k = 0; k < size; k++) {
          back += at(i, k) * (values[k] ?? 0) * at(j, k);
          product += at(k, i) * at(k, j);
        }
        expect(back).toBeCloseTo(matrix[i * size + j] ?? 0, 10);
        expect(product).toBeCloseTo(i === j ? 1 : 0, 10);
      }
    }
    expect(() => symmetricEigen(new Float64Array(3), 2)).toThrow(RangeError);
  });
});

describe('the Fréchet distance', () => {
  const rows = (count: number, make: (row: number) => readonly number[]) =>
    Array.from({ length: count }, (_, row) => make(row)).flat();

  it('is zero for equal sets and the squared shift for moved ones', () => {
    const first = rows(50, (row) => [Math.sin(row), Math.cos(row * 3), row / 50]);
    expect(frechetDistance(first, first, 3)).toBeCloseTo(0, 6);
    const moved = first.map((value, index) => value + (index % 3 === 0 ? 2 : 0));
    expect(frechetDistance(first, moved, 3)).toBeCloseTo(4, 6);
  });

  it('agrees with scipy.linalg.sqrtm', () => {
    // numpy: m1, m2 = f1.mean(0), f2.mean(0); c1, c2 = np.cov(f1.T), np.cov(f2.T)
    // ((m1 - m2) ** 2).sum() + np.trace(c1 + c2 - 2 * sqrtm(c1 @ c2).real)
    const first = rows(20, (row) => [Math.sin(row), Math.cos(row * 3), (row % 5) / 2]);
    const second = rows(20, (row) => [Math.sin(row) + Math.cos(row), Math.cos(row * 2) * 2, (row % 3) - 1]);
    expect(frechetDistance(first, second, 3)).toBeCloseTo(2.178502577281228, 8);
  });

  it('refuses what has no covariance', () => {
    expect(() => frechetDistance([1, 2], [1, 2], 2)).toThrow('two rows');
  });
});

it('confident samples are counted, and classes weighed', () => {
  const { confidentShare, classShares, balance } = sampleFidelity([0.95, 0.05, 0.6, 0.4, 0.1, 0.9, 0.02, 0.98], 2);
  expect(confidentShare).toBe(0.75);
  expect(classShares).toEqual([0.5, 0.5]);
  expect(balance).toBeCloseTo(1, 12);
  expect(sampleFidelity([1, 0, 1, 0], 2).balance).toBe(0);
  expect(() => sampleFidelity([1, 0, 1], 2)).toThrow(RangeError);
});
