import type { Preprocessing } from '../../../contract/checkpoint.ts';
import { LightbenchError } from '../../../contract/errors.ts';
import { seriesData } from '../../../contract/run-config.ts';
import type { ExperimentInput } from '../../../contract/training-worker.ts';
import { compilePreprocessing } from '../../../graph/index.ts';
import { lossFor } from '../../../models/index.ts';
import { float32Tensor, floats, RuntimeSession } from '../../../runtime/index.ts';
import { forecastErrors } from '../../../stats/forecast-errors.ts';
import { evaluationLoss } from '../evaluation-loss.ts';
import { columnSet, memoryColumn, type PreparedSet } from '../feeds.ts';
import type { ItemSets } from '../item-sets.ts';
import { preparing } from './image-classification.ts';
import { type Series, seriesOf, seriesWindows } from './series-windows.ts';
import type { OpenTask, Task } from './task.ts';

type SeriesPreprocessing = Extract<Preprocessing, { kind: 'series' }>;

const CHUNK_WINDOWS = 4096;
const SMALLEST_DEVIATION = 1e-6;
const EXAMPLES = 6;
/** Rows of history that are shown before a forecast, and points of the line. */
const SHOWN_HISTORY = 96;
const LINE_POINTS = 600;

/** The next values of a series from its last ones. */
export const openSeriesForecasting: OpenTask = async ({ input, raw, known, modelOf }): Promise<Task> => {
  const { config, columns } = input;
  const options = seriesData.parse(config.data.series ?? {});
  const numbers = await raw.numbers(columns);
  const order = options.time === undefined ? null : await raw.orderBy(options.time);
  const series = seriesOf(numbers, columns.length, raw.splits, order);
  const sets = seriesWindows(series, options, config.data.validationFraction);
  const preprocessing = known?.preprocessing ?? seriesPreprocessing(input, series, sets);
  if (preprocessing.kind !== 'series')
    throw new LightbenchError('workspace.damaged', 'The checkpoint is not of a model that forecasts a series.');
  const windows = new Windows(series, preprocessing);
  const { horizon } = preprocessing;
  const targets = preprocessing.targets.map((target) => columns[target].name);
  const loss = lossFor(config.task, config.loss);
  const prepare = (items: Int32Array): Promise<PreparedSet> => windows.prepare(items, input);
  return {
    sets,
    preprocessing,
    targetScale: null,
    model: await modelOf(preprocessing),
    loss,
    figures: [{ figure: 'absoluteError', metric: 'train_mae', kind: 'mean', unit: windows.commonUnit }],
    notes: notesOf(series, preprocessing),
    prepare,
    validate: async (computing, parameters, set) => {
      const forecast = windows.empty(sets.validation);
      const validationLoss = await evaluationLoss(computing, parameters, set, loss, ({ first, outputs }) =>
        windows.restore(sets.validation, first, floats(outputs.output, 'output'), forecast),
      );
      const errors = forecastErrors(windows.truth(sets.validation), forecast);
      return {
        validation_loss: validationLoss,
        validation_mae: errors.meanAbsoluteError,
        validation_rmse: errors.rootMeanSquaredError,
      };
    },
    evaluate: async (computing, parameters, split, items, onProgress) => {
      const set = await prepare(items);
      const forecast = windows.empty(items);
      const found = await evaluationLoss(computing, parameters, set, loss, ({ first, count, outputs }) => {
        windows.restore(items, first, floats(outputs.output, 'output'), forecast);
        onProgress(first + count, items.length);
      });
      await set.dispose();
      const truth = windows.truth(items);
      const naive = windows.naive(items);
      const model = forecastErrors(truth, forecast);
      const width = horizon * targets.length;
      const stepError = (values: Float64Array, step: number) => {
        let sum = 0;
        for (let item = 0; item < items.length; item++)
          for (let k = 0; k < targets.length; k++) {
            const place = item * width + step * targets.length + k;
            sum += Math.abs(values[place] - truth[place]);
          }
        return sum / (items.length * targets.length);
      };
      return {
        evaluation: {
          split,
          count: items.length,
          loss: found,
          classification: null,
          regression: null,
          forecast: {
            targets,
            horizon,
            model,
            naive: forecastErrors(truth, naive),
            perStep: Array.from({ length: horizon }, (_, step) => ({
              model: stepError(forecast, step),
              naive: stepError(naive, step),
            })),
            examples: evenly(items.length, EXAMPLES).map((place) =>
              windows.example(items[place], forecast.subarray(place * width, (place + 1) * width)),
            ),
            line: evenly(items.length, LINE_POINTS).map((place) => ({
              row: items[place],
              truth: truth[place * width],
              forecast: forecast[place * width],
            })),
          },
        },
        predictions: [
          ['indices', { shape: [items.length], data: items }],
          ['forecasts', { shape: [items.length, horizon, targets.length], data: Float32Array.from(forecast) }],
        ],
        metrics: {
          loss: found,
          mae: model.meanAbsoluteError,
          rmse: model.rootMeanSquaredError,
          smape: model.symmetricMeanAbsolutePercentageError,
          naive_mae: forecastErrors(truth, naive).meanAbsoluteError,
        },
      };
    },
  };
};

/** Statistics of train: of the values, or of how far they lie from the newest of their window. */
function seriesPreprocessing(
  { config, columns, target }: ExperimentInput,
  series: Series,
  sets: ItemSets,
): SeriesPreprocessing {
  const options = seriesData.parse(config.data.series ?? {});
  const { length, horizon, origin } = options;
  const names = options.targets.length > 0 ? options.targets : target === null ? [] : [target];
  const { values, columnCount } = series;
  return {
    kind: 'series',
    orderedBy: options.time ?? null,
    length,
    horizon,
    origin,
    targets: names.map((name) => columns.findIndex((column) => column.name === name)),
    columns: columns.map((_, column) => {
      const at = (row: number) => values[row * columnCount + column];
      let [count, sum, squares] = [0, 0, 0];
      for (const row of sets.train)
        for (let other = row - length; other < row + horizon; other++) {
          const value = origin === 'last' ? at(other) - at(row - 1) : at(other);
          count++;
          sum += value;
          squares += value * value;
        }
      const mean = origin === 'last' ? 0 : sum / count;
      const deviation = Math.sqrt(Math.max(0, squares / count - mean * mean));
      return { mean, deviation: deviation < SMALLEST_DEVIATION ? 1 : deviation };
    }),
  };
}

function notesOf({ values, columnCount, splits }: Series, { length, horizon }: SeriesPreprocessing): string[] {
  const gaps = splits.filter((_, row) =>
    values.subarray(row * columnCount, (row + 1) * columnCount).some(Number.isNaN),
  ).length;
  if (gaps === 0) return [];
  return [`${gaps} rows have a value missing: windows of ${length} + ${horizon} rows that hold one are left out.`];
}

/** Windows of a series, each known by its first forecast row. */
class Windows {
  readonly #series: Series;
  readonly #spec: SeriesPreprocessing;

  constructor(series: Series, spec: SeriesPreprocessing) {
    this.#series = series;
    this.#spec = spec;
  }

  /** What one standardised unit is in the unit of the target; 1 when there are several. */
  get commonUnit(): number {
    const { targets, columns } = this.#spec;
    return targets.length === 1 ? columns[targets[0]].deviation : 1;
  }

  /** Inputs through the very graph that ships, targets as the model is to say them. */
  async prepare(items: Int32Array, input: ExperimentInput): Promise<PreparedSet> {
    const { length, horizon, columns, targets } = this.#spec;
    const { values, columnCount } = this.#series;
    const size = length * columnCount;
    const x = new Float32Array(items.length * size);
    const session = await RuntimeSession.create(compilePreprocessing(this.#spec).onnx, preparing(input));
    try {
      for (let start = 0; start < items.length; start += CHUNK_WINDOWS) {
        const chunk = items.subarray(start, start + CHUNK_WINDOWS);
        const raw = new Float32Array(chunk.length * size);
        chunk.forEach((row, place) => {
          raw.set(values.subarray((row - length) * columnCount, row * columnCount), place * size);
        });
        const prepared = await session.run({ series: float32Tensor(raw, [chunk.length, length, columnCount]) });
        x.set(floats(prepared.x, 'x'), start * size);
      }
    } finally {
      await session.dispose();
    }
    const truth = this.truth(items);
    const width = horizon * targets.length;
    const y = Float32Array.from(truth, (value, place) => {
      const target = targets[place % targets.length];
      return (value - this.#origin(items[Math.floor(place / width)], target)) / columns[target].deviation;
    });
    return columnSet(items.length, [
      memoryColumn('x', [length, columnCount], x),
      memoryColumn('y', [horizon, targets.length], y),
    ]);
  }

  empty(items: Int32Array): Float64Array {
    return new Float64Array(items.length * this.#spec.horizon * this.#spec.targets.length);
  }

  /** [items, horizon, targets] in the units of the targets. */
  truth(items: Int32Array): Float64Array {
    return this.#each(items, (row, step, target) => this.#at(row + step, target));
  }

  /** The newest known value, repeated. */
  naive(items: Int32Array): Float64Array {
    return this.#each(items, (row, _, target) => this.#at(row - 1, target));
  }

  /** Writes what the model said of the items from `first` on, in the units of the targets, into `into`. */
  restore(items: Int32Array, first: number, said: Float32Array, into: Float64Array): void {
    const { horizon, targets, columns } = this.#spec;
    const width = horizon * targets.length;
    said.forEach((value, place) => {
      const target = targets[place % targets.length];
      const item = first + Math.floor(place / width);
      into[first * width + place] = value * columns[target].deviation + this.#origin(items[item], target);
    });
  }

  /** The first target of one window, with some of what came before. */
  example(row: number, forecast: Float64Array) {
    const { horizon, targets } = this.#spec;
    const from = Math.max(0, row - SHOWN_HISTORY);
    const history = Array.from({ length: row - from }, (_, place) => this.#at(from + place, targets[0]));
    return {
      target: 0,
      row,
      history: history.map((value) => (Number.isNaN(value) ? null : value)),
      truth: Array.from({ length: horizon }, (_, step) => this.#at(row + step, targets[0])),
      forecast: Array.from({ length: horizon }, (_, step) => forecast[step * targets.length]),
    };
  }

  #each(items: Int32Array, value: (row: number, step: number, target: number) => number): Float64Array {
    const { horizon, targets } = this.#spec;
    const all = this.empty(items);
    let place = 0;
    for (const row of items)
      for (let step = 0; step < horizon; step++) for (const target of targets) all[place++] = value(row, step, target);
    return all;
  }

  #origin(row: number, column: number): number {
    return this.#spec.origin === 'last' ? this.#at(row - 1, column) : this.#spec.columns[column].mean;
  }

  #at(row: number, column: number): number {
    return this.#series.values[row * this.#series.columnCount + column];
  }
}

/** At most `most` places of `count`, evenly, the first and the last among them. */
function evenly(count: number, most: number): number[] {
  const kept = Math.min(count, most);
  return Array.from({ length: kept }, (_, i) => (kept === 1 ? 0 : Math.round((i * (count - 1)) / (kept - 1))));
}
