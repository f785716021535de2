/** Nodes and weights of Gauss-Legendre quadrature on [0, 1], by Newton's method on the Legendre polynomial. */
export function gaussLegendre(count: number): {
  readonly nodes: readonly number[];
  readonly weights: readonly number[];
} {
  const nodes: number[] = [];
  const weights: number[] = [];
  for (let index = 0; index < count; index++) {
    let x = Math.cos((Math.PI * (index + 0.75)) / (count + 0.5));
    let slope = 1;
    for (let iteration = 0; iteration < 100; iteration++) {
      const [value, derivative] = legendre(count, x);
      const change = value / derivative;
      slope = derivative;
      x -= change;
      if (Math.abs(change) < 1e-15) break;
    }
    nodes.push((1 - x) / 2);
    weights.push(1 / ((1 - x * x) * slope * slope));
  }
  return { nodes, weights };
}

/** The Legendre polynomial of a degree and its derivative at x. */
function legendre(degree: number, x: number): readonly [number, number] {
  let [previous, value] = [1, x];
  for (let order = 2; order <= degree; order++) {
    [previous, value] = [value, ((2 * order - 1) * x * value - (order - 1) * previous) / order];
  }
  return [value, (degree * (x * value - previous)) / (x * x - 1)];
}
