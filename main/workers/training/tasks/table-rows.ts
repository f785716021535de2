import type { Preprocessing } from '../../../contract/checkpoint.ts';
import { LightbenchError } from '../../../contract/errors.ts';
import { inUnitsOfTarget, lossFor, type TargetScale } from '../../../models/index.ts';
import { columnSet, memoryColumn } from '../feeds.ts';
import { type ItemSets, learnable, splitItems } from '../item-sets.ts';
import { predict } from '../predict.ts';
import { type PreparedInput, prepareTable } from '../prepared-set.ts';
import { moments, tablePreprocessing } from '../statistics.ts';
import { classifier, weightColumns } from './classifier.ts';
import { preparing } from './image-classification.ts';
import type { OpenTask, Task, TaskSource } from './task.ts';

export const openTableClassification: OpenTask = async (source) => {
  const { input, raw } = source;
  const numbers = await raw.numbers(input.columns);
  const weights = await weightsOf(source);
  const sets = learnable(splitItems(raw.splits, input.labels, (item) => weights?.[item] !== 0, input.config));
  return classifier(source, { sets, weights, ...rowsOf(source, numbers, sets) });
};

/** One number, in its own unit; trained on it standardised. */
export const openTableRegression: OpenTask = async (source): Promise<Task> => {
  const { input, raw, known, modelOf } = source;
  const { config, target } = input;
  if (target === null) throw new LightbenchError('source.inconsistent', 'The dataset has no target to learn.');
  const numbers = await raw.numbers(input.columns);
  const targets = await raw.numbers([{ name: target, type: 'number', nullable: true }]);
  const weights = await weightsOf(source);
  const isUsable = (item: number) => !Number.isNaN(targets[item]) && weights?.[item] !== 0;
  const sets = learnable(splitItems(raw.splits, null, isUsable, config));
  const scale = known === null ? scaleOf(targets, sets) : (known.targetScale ?? { mean: 0, deviation: 1 });
  const { preprocessing, notes, prepareInput } = rowsOf(source, numbers, sets);
  const prepare: Task['prepare'] = async (items) => {
    const { column, dispose } = await prepareInput(items);
    const y = Float32Array.from(items, (item) => (targets[item] - scale.mean) / scale.deviation);
    const columns = [column, memoryColumn('y', [1], y), ...weightColumns(weights, items)];
    return columnSet(items.length, columns, dispose);
  };
  const model = await modelOf(preprocessing);
  return {
    sets,
    preprocessing,
    notes,
    targetScale: scale,
    model,
    loss: lossFor(config.task, config.loss, config.model, weights !== null),
    figures: [{ figure: 'absoluteError', metric: 'train_mae', kind: 'mean', unit: scale.deviation }],
    prepare,
    validate: async (computing, parameters, set) => {
      const outputs = await predict(computing, parameters, set);
      let [squares, absolute] = [0, 0];
      sets.validation.forEach((item, row) => {
        const difference = outputs[row] - (targets[item] - scale.mean) / scale.deviation;
        squares += difference ** 2;
        absolute += Math.abs(difference);
      });
      const { length } = sets.validation;
      return {
        validation_loss: squares / length,
        validation_rmse: Math.sqrt(squares / length) * scale.deviation,
        validation_mae: (absolute / length) * scale.deviation,
      };
    },
    evaluate: async (computing, parameters, split, items, onProgress) => {
      const set = await prepare(items);
      const restored = { ...computing, model: inUnitsOfTarget(model, scale) };
      const outputs = await predict(restored, parameters, set, (done) => onProgress(done, items.length));
      await set.dispose();
      const { loss, regression } = errorsOf(
        Float64Array.from(items, (item) => targets[item]),
        outputs,
      );
      return {
        evaluation: { split, count: items.length, loss, classification: null, regression },
        predictions: [
          ['indices', { shape: [items.length], data: items }],
          ['predictions', { shape: [items.length, 1], data: outputs }],
        ],
        metrics: { loss, rmse: regression.rootMeanSquaredError, r2: regression.r2 },
      };
    },
  };
};

/**
 * How much each row counts; null where all count alike.
 * @throws LightbenchError source.inconsistent where a row has none, or one below zero
 */
async function weightsOf({ input, raw }: TaskSource): Promise<Float64Array | null> {
  const { weights: name } = input.config.data;
  if (name === undefined) return null;
  const weights = await raw.numbers([{ name, type: 'number', nullable: true }]);
  const wrong = weights.findIndex((weight) => !(weight >= 0 && Number.isFinite(weight)));
  if (wrong < 0) return weights;
  throw new LightbenchError('source.inconsistent', `Row ${wrong + 1} has the weight ${weights[wrong]} in ${name}.`, {
    suggestion: 'Give every row a weight of zero or more.',
  });
}

interface Rows {
  readonly preprocessing: Extract<Preprocessing, { kind: 'table' }>;
  readonly notes: readonly string[];
  prepareInput(items: Int32Array): Promise<PreparedInput>;
}

function rowsOf({ input, known }: TaskSource, numbers: Float64Array, sets: ItemSets): Rows {
  const { columns, config } = input;
  const preprocessing = known?.preprocessing ?? tablePreprocessing(columns, numbers, sets.train, config);
  if (preprocessing.kind !== 'table')
    throw new LightbenchError('workspace.damaged', 'The checkpoint is not of a model that reads tables.');
  const notes = columns.flatMap((column, place) => {
    const { mean, missing } = moments(numbers, columns.length, place, sets.train);
    if (missing === 0) return [];
    const filled = column.categories === undefined ? `their mean, ${mean.toPrecision(4)}` : 'no category';
    return [`${missing} of ${sets.train.length} values of ${column.name} are missing in train and become ${filled}.`];
  });
  return {
    preprocessing,
    notes,
    prepareInput: (items) => prepareTable(numbers, items, preprocessing, preparing(input)),
  };
}

function scaleOf(targets: Float64Array, sets: ItemSets): TargetScale {
  const { mean, deviation } = moments(targets, 1, 0, sets.train);
  return { mean, deviation };
}

function errorsOf(truth: Float64Array, predicted: Float32Array) {
  const mean = truth.reduce((sum, value) => sum + value, 0) / truth.length;
  let [squares, absolute, spread] = [0, 0, 0];
  truth.forEach((value, row) => {
    squares += (value - predicted[row]) ** 2;
    absolute += Math.abs(value - predicted[row]);
    spread += (value - mean) ** 2;
  });
  return {
    loss: squares / truth.length,
    regression: {
      rootMeanSquaredError: Math.sqrt(squares / truth.length),
      meanAbsoluteError: absolute / truth.length,
      r2: spread === 0 ? 0 : 1 - squares / spread,
    },
  };
}
