import { expect, it } from 'vitest';
import { gaussLegendre } from './quadrature.ts';

it.each([1, 2, 8, 33, 64])('%i points integrate polynomials of degree 2n − 1 exactly', (count) => {
  const { nodes, weights } = gaussLegendre(count);
  for (const degree of [0, 1, 2 * count - 1]) {
    const integral = nodes.reduce((sum, node, index) => sum + (weights[index] ?? 0) * node ** degree, 0);
    expect(integral).toBeCloseTo(1 / (degree + 1), 12);
  }
});
