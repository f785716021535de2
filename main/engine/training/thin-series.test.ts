import { describe, expect, it } from 'vitest';
import { seriesOf, thin } from './thin-series.ts';

const points = Array.from({ length: 10_000 }, (_, i) => ({
  step: i + 1,
  epoch: i / 100,
  elapsedMs: i,
  values: { loss: i === 4321 ? 99 : i === 7654 ? -99 : Math.sin(i / 50), ...(i % 100 === 99 ? { validation: i } : {}) },
}));

describe('thinning', () => {
  it('keeps the ends and every spike, in order, within the limit', () => {
    const [loss] = seriesOf('run', points, ['loss'], 200);
    expect(loss.values.length).toBeLessThanOrEqual(200);
    expect(loss.values).toContain(99);
    expect(loss.values).toContain(-99);
    expect([loss.steps[0], loss.steps.at(-1)]).toEqual([1, 10_000]);
    expect(loss.steps).toEqual([...loss.steps].sort((a, b) => a - b));
  });

  it('leaves short series and gaps as they are', () => {
    const series = seriesOf('run', points, undefined, 100_000);
    expect(series.map(({ key, values }) => [key, values.length])).toEqual([
      ['loss', 10_000],
      ['validation', 100],
    ]);
    expect(thin([3, 1, 2], (value) => value, 10)).toEqual([3, 1, 2]);
  });
});
