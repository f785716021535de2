import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { detectionScores, type ScoredBox } from './detection-scores.ts';

interface Golden {
  readonly truth: readonly (readonly [number, number, number, number, number, number])[];
  readonly found: readonly (readonly [number, number, number, number, number, number, number])[];
  readonly averagePrecision: number;
  readonly averagePrecision50: number;
  readonly averagePrecision75: number;
  readonly perClass: readonly number[];
}

const golden = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../e2e/golden/stats/detection.json'), 'utf8'),
) as Golden;

it('average precision is that of pycocotools', () => {
  const box = ([image, label, x, y, width, height]: Golden['truth'][number]): ScoredBox => ({
    image,
    label,
    x,
    y,
    width,
    height,
  });
  const predicted = golden.found.map(([image, label, x, y, width, height, score]) => ({
    ...box([image, label, x, y, width, height]),
    score,
  }));
  const scores = detectionScores(golden.truth.map(box), predicted, 3);
  expect(scores.averagePrecision).toBeCloseTo(golden.averagePrecision, 6);
  expect(scores.averagePrecision50).toBeCloseTo(golden.averagePrecision50, 6);
  expect(scores.averagePrecision75).toBeCloseTo(golden.averagePrecision75, 6);
  expect(scores.perClass).toHaveLength(3);
  scores.perClass.forEach((value, label) => {
    expect(value).toBeCloseTo(golden.perClass[label] as number, 6);
  });
});
