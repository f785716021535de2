import { add, multiply, reshape, scale, shift, transpose } from '../expression.ts';
import type { Tensor } from '../tensor.ts';
import type { RandomDraws } from './random-draws.ts';
import type { SeriesAugmentation } from './specification.ts';

/** Half waves that a bent time is made of. */
const WAVES = 3;

/** After Um et al. 2017: jitter, magnitude, time warp and window slicing. */
export function changeSeries(x: Tensor, spec: SeriesAugmentation, draws: RandomDraws): Tensor {
  const { jitter = 0, magnitude = 0 } = spec;
  const [batch = 1, length = 1, features = 1] = x.shape;
  let series = resample(reshape(x, [batch, length, features]), spec, draws);
  if (magnitude > 0) {
    const first = series.graph.apply('Slice', [series], { axis: 1, start: 0, size: 1 });
    series = multiply(series, shift(scale(draws.normalLike(first), magnitude), 1));
  }
  if (jitter > 0) series = add(series, scale(draws.normalLike(series), jitter));
  return reshape(series, x.shape);
}

/** Reads the series at t + strength·Σ uₖ·sin(kπt) / (3kπ), which rises everywhere, inside of a random window. */
function resample(x: Tensor, { timeWarp = 0, crop = 1 }: SeriesAugmentation, draws: RandomDraws): Tensor {
  if (timeWarp === 0 && crop === 1) return x;
  const { graph } = x;
  const [batch = 1, length = 1, features = 1] = x.shape;
  const count = Number(length);
  const at = (value: (time: number) => number): Tensor =>
    graph.constant(
      'float32',
      [1, 1, count],
      Float32Array.from({ length: count }, (_, index) => value(index / Math.max(1, count - 1))),
    );
  let time = at((t) => t);
  if (timeWarp > 0) {
    for (let wave = 1; wave <= WAVES; wave++) {
      const bend = at((t) => Math.sin(wave * Math.PI * t) / (WAVES * wave * Math.PI));
      time = add(time, multiply(draws.between(-timeWarp, timeWarp, 3), bend));
    }
  }
  const window = crop < 1 ? draws.between(crop, 1, 3) : graph.scalar(1);
  const start = crop < 1 ? multiply(draws.unit(3), shift(scale(window, -1), 1)) : graph.scalar(0);
  // From [0, 1] over the middles of the places to [−1, 1] over their outer edges.
  const place = shift(scale(add(start, multiply(time, window)), (2 * (count - 1)) / count), 1 / count - 1);
  const across = reshape(place, [batch, 1, count, 1]);
  const grid = graph.apply('Concat', [across, scale(across, 0)], { axis: 3 });
  const image = reshape(transpose(x, [0, 2, 1]), [batch, features, 1, count]);
  const sampled = graph.apply('GridSample', [image, grid], { padding: 'border' });
  return transpose(reshape(sampled, [batch, features, count]), [0, 2, 1]);
}
