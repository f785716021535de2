/** Points per quantile of the numeric integration. */
const FINENESS = 64;

/**
 * Quantiles 0, 1/count … 1 of Beta(α, α), to about 1e-4, by integrating the density over x = sin²(t), where it is
 * smooth for α ≥ ½ and bounded enough for smaller ones.
 */
export function betaQuantiles(alpha: number, count: number): Float32Array {
  const steps = count * FINENESS;
  const cumulative = new Float64Array(steps + 1);
  // x = sin²(u^p·π/2) near 0 with p large enough that the density's pole vanishes; the other half is its mirror image.
  const power = Math.max(1, 1 / alpha);
  const place = (u: number): number => Math.sin((u ** power * Math.PI) / 4) ** 2;
  const weight = (u: number): number => {
    const angle = (u ** power * Math.PI) / 4;
    const slope = (power * u ** (power - 1) * Math.PI) / 4;
    return (Math.sin(angle) * Math.cos(angle)) ** (2 * alpha - 1) * slope;
  };
  for (let index = 0; index < steps; index++) {
    cumulative[index + 1] = (cumulative[index] ?? 0) + weight((index + 0.5) / steps);
  }
  const total = cumulative[steps] as number;
  const table = new Float32Array(count + 1);
  let cursor = 0;
  for (let entry = 0; entry <= count / 2; entry++) {
    const goal = (2 * entry * total) / count;
    while (cursor < steps - 1 && (cumulative[cursor + 1] as number) < goal) cursor++;
    const [low, high] = [cumulative[cursor] as number, cumulative[cursor + 1] as number];
    const x = place((cursor + (goal - low) / (high - low)) / steps);
    table[entry] = x;
    table[count - entry] = 1 - x;
  }
  return table;
}
