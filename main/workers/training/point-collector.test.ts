import { describe, expect, it } from 'vitest';
import type { MetricPoint } from '../../contract/training.ts';
import { PointCollector } from './point-collector.ts';
import { accuracyReading } from './tasks/classifier.ts';

const figures = { loss: 1, gradientNorm: 1, values: { correct: 32 } };
const measured = { stepsPerEpoch: 100, pointEvery: 2, figures: [accuracyReading] };

/** A collector on a clock that is moved by hand; an earlier session trained for a second. */
function collector() {
  let nowMs = 5000;
  const sent: MetricPoint[] = [];
  const points = new PointCollector(
    { send: (message) => message.type === 'points' && sent.push(...message.points) },
    { now: () => nowMs, elapsedAt: (at) => 1000 + at - 5000 },
    measured,
  );
  let step = 0;
  return {
    points,
    pass: (durationMs: number) => {
      nowMs += durationMs;
    },
    /** Steps of 64 samples in one go. */
    run: (steps: number, durationMs: number) => {
      points.begin();
      nowMs += durationMs;
      points.ran(steps);
      for (let i = 0; i < steps; i++) points.add(++step, 64, 0.1, figures);
    },
    take: () => {
      points.flush();
      return sent.splice(0);
    },
  };
}
const throughputs = (points: readonly MetricPoint[]) => points.map(({ values }) => values.samples_per_second);

describe('the points of a run', () => {
  it('share the time of the steps that ran in one go', () => {
    const { run, take } = collector();
    run(8, 40);
    const points = take();
    expect(points.map(({ step }) => step)).toEqual([2, 4, 6, 8]);
    // 8 steps of 64 samples in 40 ms.
    expect(throughputs(points)).toEqual([12_800, 12_800, 12_800, 12_800]);
    expect(points.map(({ elapsedMs }) => elapsedMs)).toEqual([1010, 1020, 1030, 1040]);
  });

  it('measure a point that spans two goes over the time of its own steps', () => {
    const { run, take } = collector();
    run(3, 30);
    run(1, 30);
    expect(throughputs(take())).toEqual([6400, 3200]);
  });

  it('tell counts of tokens as a share of the tokens', () => {
    const sent: MetricPoint[] = [];
    const reading = { figure: 'correct', metric: 'train_accuracy', kind: 'count', of: 'tokens', unit: 1 } as const;
    const points = new PointCollector(
      { send: (message) => message.type === 'points' && sent.push(...message.points) },
      { now: () => 0, elapsedAt: () => 0 },
      { ...measured, figures: [reading] },
    );
    for (const [step, correct, tokens] of [
      [1, 30, 100],
      [2, 5, 20],
      [3, 8, 10],
      [4, 2, 10],
    ]) {
      points.ran(1);
      points.add(step, 64, 0.1, { loss: 1, gradientNorm: 1, values: { correct, tokens } });
    }
    points.flush();
    expect(sent.map(({ values }) => values.train_accuracy)).toEqual([35 / 120, 0.5]);
  });

  it('leave out what is not a step: checkpoints and validation', () => {
    const { points, run, pass, take } = collector();
    run(1, 10);
    pass(500);
    run(1, 10);
    run(1, 10);
    pass(2000);
    points.close(3);
    const found = take();
    expect(throughputs(found)).toEqual([6400, 6400]);
    expect(found.map(({ elapsedMs }) => elapsedMs)).toEqual([1520, 3530]);
  });

  it('have no throughput when the clock saw no time pass', () => {
    const { run, take } = collector();
    run(2, 0);
    expect(take()[0].values).not.toHaveProperty('samples_per_second');
  });
});
