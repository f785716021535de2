import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { brierScore, calibration, logLoss } from './calibration.ts';
import { classificationReport } from './classification-report.ts';
import { confusionMatrix } from './confusion-matrix.ts';
import { rocCurve, rocOneVersusRest } from './roc.ts';

interface GoldenCase {
  classes: number;
  labels: number[];
  probabilities: number[];
  predicted: number[];
  confusion: number[];
  accuracy: number;
  balancedAccuracy: number;
  kappa: number;
  perClass: [number, number, number, number][];
  average: { macro: number[]; weighted: number[] };
  roc: ({ fpr: number[]; tpr: number[]; auc: number } | null)[];
  ece: number;
  brier: number;
  logLoss: number;
}
const { cases }: { cases: GoldenCase[] } = JSON.parse(
  readFileSync(join(process.cwd(), 'e2e/golden/stats/metrics.json'), 'utf8'),
);

const expectClose = (actual: readonly number[], expected: readonly number[]) => {
  expect(actual.length).toBe(expected.length);
  for (const [i, value] of expected.entries()) expect(actual[i]).toBeCloseTo(value, 10);
};

describe.each(cases.map((golden, index) => ({ index, golden })))(
  'metrics as scikit-learn, case $index',
  ({ golden }) => {
    const matrix = confusionMatrix(golden.labels, golden.predicted, golden.classes);

    it('counts and scores classes', () => {
      expect([...matrix.counts]).toEqual(golden.confusion);
      const report = classificationReport(matrix);
      expectClose(
        [report.accuracy, report.balancedAccuracy, report.kappa],
        [golden.accuracy, golden.balancedAccuracy, golden.kappa],
      );
      expectClose(
        report.perClass.flatMap((score) => [score.precision, score.recall, score.f1, score.support]),
        golden.perClass.flat(),
      );
      for (const average of ['macro', 'weighted'] as const)
        expectClose([report[average].precision, report[average].recall, report[average].f1], golden.average[average]);
    });

    it('draws ROC curves with the same corners and area', () => {
      const curves = rocOneVersusRest(golden.labels, golden.probabilities, golden.classes);
      for (const [index, expected] of golden.roc.entries()) {
        const curve = curves[index];
        if (expected === null || curve === null) expect(curve).toBe(expected);
        else {
          expect(curve.area).toBeCloseTo(expected.auc, 10);
          // Collinear points are dropped a little differently: every corner of ours is one of scikit-learn's curve.
          const corners = expected.fpr.map((rate, i) => `${rate.toFixed(9)},${expected.tpr[i].toFixed(9)}`);
          for (const [i, rate] of curve.falsePositiveRates.entries())
            expect(corners).toContain(`${rate.toFixed(9)},${curve.truePositiveRates[i].toFixed(9)}`);
        }
      }
    });

    it('measures calibration', () => {
      const confidences = golden.predicted.map((index, item) => golden.probabilities[item * golden.classes + index]);
      const correct = golden.predicted.map((index, item) => Number(index === golden.labels[item]));
      const measured = calibration(confidences, correct);
      expect(measured.expectedError).toBeCloseTo(golden.ece, 10);
      expect(measured.bins.reduce((sum, bin) => sum + bin.count, 0)).toBe(golden.labels.length);
      expect(brierScore(golden.labels, golden.probabilities, golden.classes)).toBeCloseTo(golden.brier, 10);
      expect(logLoss(golden.labels, golden.probabilities, golden.classes)).toBeCloseTo(golden.logLoss, 10);
    });
  },
);

describe('metrics at the edges', () => {
  it('leaves unlabeled items out and refuses classes that do not exist', () => {
    expect([...confusionMatrix([0, -1, 1], [0, 1, 0], 2).counts]).toEqual([1, 0, 1, 0]);
    expect(() => confusionMatrix([2], [0], 2)).toThrow(RangeError);
    expect(() => confusionMatrix([0, 1], [0], 2)).toThrow(RangeError);
  });

  it('has no ROC curve without negatives and half the area for ties', () => {
    expect(rocCurve([1, 1], [0.3, 0.4])).toBeNull();
    expect(rocCurve([1, 0, 1, 0], [0.5, 0.5, 0.5, 0.5])?.area).toBe(0.5);
  });
});
