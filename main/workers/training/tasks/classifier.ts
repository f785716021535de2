import type { Preprocessing } from '../../../contract/checkpoint.ts';
import type { Split } from '../../../contract/datasets.ts';
import { lossFor } from '../../../models/index.ts';
import { brierScore, calibration } from '../../../stats/calibration.ts';
import { classificationReport } from '../../../stats/classification-report.ts';
import { confusionMatrix } from '../../../stats/confusion-matrix.ts';
import { type RocCurve, rocOneVersusRest } from '../../../stats/roc.ts';
import { columnSet, type FeedColumn, memoryColumn } from '../feeds.ts';
import type { ItemSets } from '../item-sets.ts';
import { crossEntropy, largestAt, predict, probabilitiesOf } from '../predict.ts';
import type { PreparedInput } from '../prepared-set.ts';

import type { FigureReading, OnProgress, Task, TaskEvaluation, TaskSource } from './task.ts';

const ROC_POINTS = 200;

export const accuracyReading: FigureReading = { figure: 'correct', metric: 'train_accuracy', kind: 'count', unit: 1 };

export interface Classified {
  readonly sets: ItemSets;
  readonly preprocessing: Preprocessing;
  readonly notes: readonly string[];
  /** How much each item counts in training, where they differ. */
  readonly weights?: Float64Array | null;
  prepareInput(items: Int32Array, onProgress?: OnProgress): Promise<PreparedInput>;
}

/** One class for each item, whatever the items are. */
export async function classifier({ input, sources, modelOf }: TaskSource, classified: Classified): Promise<Task> {
  const { config, classes, labels } = input;
  const { sets, preprocessing, notes, weights = null, prepareInput } = classified;
  const truthOf = (items: Int32Array) => Float64Array.from(items, (item) => labels?.[item] ?? Number.NaN);
  const prepare: Task['prepare'] = async (items, onProgress) => {
    const { column, dispose } = await prepareInput(items, onProgress);
    const y = BigInt64Array.from(truthOf(items), (label) => BigInt(label));
    const columns = [column, memoryColumn('y', [], y), ...weightColumns(weights, items)];
    return columnSet(items.length, columns, dispose);
  };
  return {
    sets,
    preprocessing,
    notes,
    targetScale: null,
    model: await modelOf(preprocessing),
    loss: lossFor(config.task, config.loss, config.model, weights !== null, sources),
    figures: [accuracyReading],
    prepare,
    validate: async (computing, parameters, set) => {
      const outputs = await predict(computing, parameters, set);
      return validationOf(outputs, truthOf(sets.validation), classes.length);
    },
    evaluate: async (computing, parameters, split, items, onProgress) => {
      const set = await prepare(items);
      const outputs = await predict(computing, parameters, set, (done) => onProgress(done, items.length));
      await set.dispose();
      return classificationEvaluation(split, items, outputs, truthOf(items), classes);
    },
  };
}

/** What the loss reads of weighted items. */
export const weightColumns = (weights: Float64Array | null, items: Int32Array): readonly FeedColumn[] =>
  weights === null
    ? []
    : [
        memoryColumn(
          'sampleWeights',
          [],
          Float32Array.from(items, (item) => weights[item]),
        ),
      ];

export function validationOf(outputs: Float32Array, truth: Float64Array, classCount: number): Record<string, number> {
  let correct = 0;
  for (const [row, label] of truth.entries()) if (largestAt(outputs, row, classCount) === label) correct++;
  return {
    validation_loss: crossEntropy(outputs, truth, classCount),
    validation_accuracy: correct / truth.length,
  };
}

export function classificationEvaluation(
  split: Split,
  items: Int32Array,
  outputs: Float32Array,
  truth: Float64Array,
  classes: readonly string[],
): TaskEvaluation {
  const probabilities = probabilitiesOf(outputs, classes.length);
  const found = classificationOf(classes, truth, probabilities);
  const loss = crossEntropy(outputs, truth, classes.length);
  return {
    evaluation: { split, count: items.length, loss, classification: found, regression: null },
    predictions: [
      ['indices', { shape: [items.length], data: items }],
      ['probabilities', { shape: [items.length, classes.length], data: probabilities }],
    ],
    metrics: { loss, accuracy: found.accuracy, macro_f1: found.macroF1 },
  };
}

function classificationOf(classes: readonly string[], truth: Float64Array, probabilities: Float32Array) {
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
