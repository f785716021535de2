import type { z } from 'zod';
import type { Split } from '../../contract/datasets.ts';
import type { evaluationMessage } from '../../contract/training-worker.ts';
import { writeSafetensors } from '../../formats/safetensors/safetensors.ts';
import type { ParameterValues } from '../../graph/index.ts';
import { foldTargetScale } from '../../models/index.ts';
import { brierScore, calibration } from '../../stats/calibration.ts';
import { classificationReport } from '../../stats/classification-report.ts';
import { confusionMatrix } from '../../stats/confusion-matrix.ts';
import { type RocCurve, rocOneVersusRest } from '../../stats/roc.ts';
import type { ArtifactStore } from '../../storage/artifacts/artifact-store.ts';
import type { Experiment } from './experiment.ts';
import { crossEntropy, largestAt, predict, probabilitiesOf } from './predict.ts';

const ROC_POINTS = 200;

export type EvaluationMessage = z.infer<typeof evaluationMessage>;

/** Evaluates weights on a split and stores what was predicted; null when the split is empty. */
export async function evaluate(
  experiment: Experiment,
  parameters: ParameterValues,
  split: Split,
  store: ArtifactStore,
  onProgress: (done: number, total: number) => void,
): Promise<EvaluationMessage | null> {
  const items = experiment.sets[split];
  if (items.length === 0) return null;
  const set = await experiment.prepare(items);
  const folded = foldTargetScale(experiment.model, parameters, experiment.targetScale);
  const outputs = await predict(experiment, folded, set, (done) => onProgress(done, items.length));
  await set.dispose();
  const truth = Float64Array.from(items, (item) => experiment.truth(item));
  const { classes } = experiment.input;
  const values = classes.length > 0 ? probabilitiesOf(outputs, classes.length) : outputs;
  const predictions = store.put(
    writeSafetensors([
      ['indices', { shape: [items.length], data: items }],
      [
        classes.length > 0 ? 'probabilities' : 'predictions',
        { shape: [items.length, Math.max(1, classes.length)], data: values },
      ],
    ]),
  );
  const common = { split, count: items.length };
  const evaluation =
    classes.length > 0
      ? {
          ...common,
          loss: crossEntropy(outputs, truth, classes.length),
          classification: classification(classes, truth, values),
          regression: null,
        }
      : { ...common, ...regression(truth, outputs) };
  return { type: 'evaluation', evaluation, predictions };
}

function classification(classes: readonly string[], truth: Float64Array, probabilities: Float32Array) {
  const predicted = Int32Array.from(truth, (_, row) => largestAt(probabilities, row, classes.length));
  const matrix = confusionMatrix(truth, predicted, classes.length);
  const report = classificationReport(matrix);
  const confidences = Float64Array.from(predicted, (label, row) => probabilities[row * classes.length + label]);
  const correct = Uint8Array.from(predicted, (label, row) => (label === truth[row] ? 1 : 0));
  const { bins, expectedError } = calibration(confidences, correct);
  const curves = rocOneVersusRest(truth, probabilities, classes.length);
  return {
    classes: [...classes],
    accuracy: report.accuracy,
    macroF1: report.macro.f1,
    weightedF1: report.weighted.f1,
    expectedCalibrationError: expectedError,
    brier: brierScore(truth, probabilities, classes.length),
    confusion: classes.map((_, row) => [...matrix.counts.subarray(row * classes.length, (row + 1) * classes.length)]),
    perClass: report.perClass.map((score, index) => {
      const present = score.support > 0;
      return {
        label: classes[index],
        precision: matrixColumn(matrix.counts, index, classes.length) > 0 ? score.precision : null,
        recall: present ? score.recall : null,
        f1: present ? score.f1 : null,
        support: score.support,
        auc: curves[index]?.area ?? null,
      };
    }),
    roc: curves.flatMap((curve, index) => (curve === null ? [] : [thinCurve(classes[index], curve)])),
    calibration: bins.map((bin) => ({ ...bin })),
  };
}

function regression(truth: Float64Array, predicted: Float32Array) {
  const mean = truth.reduce((sum, value) => sum + value, 0) / truth.length;
  let [squares, absolute, spread] = [0, 0, 0];
  truth.forEach((value, row) => {
    squares += (value - predicted[row]) ** 2;
    absolute += Math.abs(value - predicted[row]);
    spread += (value - mean) ** 2;
  });
  return {
    loss: squares / truth.length,
    classification: null,
    regression: {
      rootMeanSquaredError: Math.sqrt(squares / truth.length),
      meanAbsoluteError: absolute / truth.length,
      r2: spread === 0 ? 0 : 1 - squares / spread,
    },
  };
}

/** At most 200 points, evenly along the curve, both ends kept. */
function thinCurve(label: string, curve: RocCurve) {
  const count = curve.falsePositiveRates.length;
  const kept = Math.min(count, ROC_POINTS);
  const places = Array.from({ length: kept }, (_, i) => (kept === 1 ? 0 : Math.round((i * (count - 1)) / (kept - 1))));
  return {
    label,
    falsePositiveRate: places.map((place) => curve.falsePositiveRates[place]),
    truePositiveRate: places.map((place) => curve.truePositiveRates[place]),
  };
}

function matrixColumn(counts: Uint32Array, column: number, classCount: number): number {
  let sum = 0;
  for (let row = 0; row < classCount; row++) sum += counts[row * classCount + column];
  return sum;
}
