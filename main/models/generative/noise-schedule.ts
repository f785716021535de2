/** ᾱ(t), the share of the image's variance that is left, for t = 0 … steps − 1; falls from near 1 to near 0. */
export function noiseLevels(schedule: 'cosine' | 'linear', steps: number): Float64Array {
  const levels = new Float64Array(steps);
  let level = 1;
  for (let step = 0; step < steps; step++) {
    level *= 1 - beta(schedule, step, steps);
    levels[step] = level;
  }
  return levels;
}

/** Nichol and Dhariwal (2021), equation 17, which also bound β. */
const OFFSET = 0.008;
const LARGEST_BETA = 0.999;

function beta(schedule: 'cosine' | 'linear', step: number, steps: number): number {
  if (schedule === 'linear') {
    // Ho et al. (2020) give 0.0001 to 0.02 for a thousand steps; fewer steps take more noise each.
    const factor = 1000 / steps;
    return Math.min(LARGEST_BETA, factor * (1e-4 + ((0.02 - 1e-4) * step) / (steps - 1)));
  }
  const angle = (place: number): number => Math.cos((((place / steps + OFFSET) / (1 + OFFSET)) * Math.PI) / 2) ** 2;
  return Math.min(LARGEST_BETA, 1 - angle(step + 1) / angle(step));
}
