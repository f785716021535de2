import { nearest } from '../../base/nearest.ts';
import type { Column, DatasetVersion } from '../../contract/datasets.ts';
import { LightbenchError } from '../../contract/errors.ts';
import type { RunConfig } from '../../contract/run-config.ts';
import type { ModelSummary } from '../../contract/training.ts';
import { BATCH, estimateTrainingMemory, GraphError, type PreprocessingSpec } from '../../graph/index.ts';
import { lossFor, type Model, modelFor, optimizerOf } from '../../models/index.ts';
import type { Problem } from './config-text.ts';

/** Node and ONNX Runtime with next to nothing loaded: what the resident memory of trainers has beyond the estimate. */
const PROCESS_BYTES = 230 * 1024 * 1024;
const LEARNABLE = new Set<Column['type']>(['number', 'integer', 'category', 'boolean']);

/** What training asks of the datasets. */
export interface TrainingDatasets {
  /** @throws LightbenchError record.not_found */
  get(digest: string): DatasetVersion;
  list(): { readonly name: string; readonly versions: readonly DatasetVersion[] }[];
  /** @throws LightbenchError record.not_found */
  manifestDigest(digest: string): string;
  /** Imported class index of every item, −1 = unlabeled. */
  labels(digest: string): ArrayLike<number>;
}

/** What training asks of the label sets. */
export interface TrainingLabels {
  /** @throws LightbenchError record.not_found */
  resolve(reference: string): {
    readonly labelSetId: string;
    readonly datasetDigest: string;
    readonly digest: string;
    readonly classes: readonly string[];
  };
  values(labelSetId: string, version?: string): Int32Array;
}

/** A config whose references are resolved and whose parts fit each other. */
export interface Plan {
  readonly config: RunConfig;
  readonly dataset: DatasetVersion;
  readonly labelSet: { readonly labelSetId: string; readonly digest: string } | null;
  /** Empty for regression. */
  readonly classes: readonly string[];
  /** Tables: the columns to learn from, in the order of the schema. */
  readonly columns: readonly Column[];
  readonly target: string | null;
  readonly summary: ModelSummary;
}

export interface Planned {
  /** Null when any problem is an error. */
  readonly plan: Plan | null;
  readonly problems: readonly Problem[];
}

/** Checks a config against the data it names: what the schema alone cannot know. */
export function planRun(
  config: RunConfig,
  datasets: TrainingDatasets,
  labels: TrainingLabels,
  availableBytes: number,
): Planned {
  const problems: Problem[] = [];
  const report =
    (severity: Problem['severity']) =>
    (path: string, message: string, suggestion: string): null => {
      problems.push({ severity, path: path.split('.'), message, suggestion });
      return null;
    };
  const checks: Checks = { config, error: report('error'), warning: report('warning') };
  const dataset = findDataset(checks, datasets);
  if (dataset === null) return { plan: null, problems };
  const labelling = findClasses(checks, dataset, labels);
  checkTask(checks, dataset);
  const columns = dataset.kind === 'table' ? chooseColumns(checks, dataset) : [];
  const preprocessing = previewPreprocessing(checks, dataset, columns);
  const model =
    preprocessing === null || labelling === null ? null : buildFor(checks, preprocessing, labelling.classes.length);
  if (model === null || labelling === null || problems.some(({ severity }) => severity === 'error'))
    return { plan: null, problems };
  const summary = summarise(checks, model, dataset, availableBytes);
  if (problems.some(({ severity }) => severity === 'error')) return { plan: null, problems };
  const target = dataset.kind === 'table' ? dataset.target : null;
  return {
    plan: { config, dataset, labelSet: labelling.labelSet, classes: labelling.classes, columns, target, summary },
    problems,
  };
}

interface Checks {
  readonly config: RunConfig;
  error(path: string, message: string, suggestion: string): null;
  warning(path: string, message: string, suggestion: string): null;
}

/** A digest, `name@version`, or a name, which means its newest version. */
function findDataset({ config, error }: Checks, datasets: TrainingDatasets): DatasetVersion | null {
  const reference = config.data.dataset;
  if (/^[0-9a-f]{64}$/.test(reference)) {
    try {
      return datasets.get(reference);
    } catch {
      return error('data.dataset', 'No dataset version has this digest.', 'It may belong to another workspace.');
    }
  }
  const at = reference.lastIndexOf('@');
  const [name, version] = at > 0 ? [reference.slice(0, at), reference.slice(at + 1)] : [reference, undefined];
  const known = datasets.list();
  const found = known.find((dataset) => dataset.name.toLowerCase() === name.toLowerCase());
  if (found === undefined) {
    const names = known.map((dataset) => dataset.name);
    const guess = nearest(name, names);
    const suggestion =
      names.length === 0
        ? 'Import a dataset first.'
        : guess === undefined
          ? `Datasets here: ${names.slice(0, 10).join(', ')}.`
          : `Did you mean ${guess}?`;
    return error('data.dataset', `There is no dataset called ${name}.`, suggestion);
  }
  const chosen = found.versions.find((candidate) => version === undefined || String(candidate.version) === version);
  if (chosen !== undefined) return chosen;
  const numbers = found.versions.map((candidate) => candidate.version).join(', ');
  return error('data.dataset', `${name} has no version ${version}.`, `It has: ${numbers}.`);
}

function findClasses(
  { config, error, warning }: Checks,
  dataset: DatasetVersion,
  labels: TrainingLabels,
): { readonly classes: readonly string[]; readonly labelSet: Plan['labelSet'] } | null {
  if (config.task === 'table-regression') {
    if (config.data.labelSet !== '')
      warning('data.labelSet', 'A regression learns a column of the table; the label set is not used.', 'Remove it.');
    return { classes: [], labelSet: null };
  }
  if (config.data.labelSet === '') {
    if (dataset.classes.length >= 2) return { classes: dataset.classes, labelSet: null };
    return error(
      'data.dataset',
      `${dataset.name}@${dataset.version} has no labels of two classes.`,
      'Label it first, or name a label set.',
    );
  }
  try {
    const set = labels.resolve(config.data.labelSet);
    if (set.datasetDigest !== dataset.digest)
      return error(
        'data.labelSet',
        'The label set belongs to another dataset version.',
        'Choose a label set of this one.',
      );
    if (set.classes.length < 2)
      return error('data.labelSet', 'The label set has fewer than two classes.', 'Add a class.');
    return { classes: set.classes, labelSet: { labelSetId: set.labelSetId, digest: set.digest } };
  } catch (cause) {
    return error('data.labelSet', LightbenchError.from(cause).message, 'Choose a label set of the dataset.');
  }
}

function checkTask({ config, error, warning }: Checks, dataset: DatasetVersion): void {
  const wantsTable = config.task !== 'image-classification';
  if (wantsTable !== (dataset.kind === 'table'))
    error(
      'task',
      `${dataset.name}@${dataset.version} holds ${dataset.kind === 'table' ? 'a table' : 'pictures'}.`,
      dataset.kind === 'table' ? 'Use table-classification or table-regression.' : 'Use image-classification.',
    );
  if (config.task === 'table-regression') {
    const target = dataset.schema.find((column) => column.name === dataset.target);
    if (target === undefined || !(target.type === 'number' || target.type === 'integer'))
      error(
        'task',
        `The target of ${dataset.name} is ${target === undefined ? 'not set' : `of the type ${target.type}`}, not a number.`,
        'Import the table with a number as its target.',
      );
    if (config.loss.kind !== 'mse') error('loss', 'A regression needs the loss mse.', 'Write loss: { kind: mse }.');
    if (config.training.earlyStopping?.metric === 'validation_accuracy')
      error('training.earlyStopping.metric', 'A regression has no accuracy.', 'Use validation_loss.');
  } else if (config.loss.kind !== 'cross_entropy') {
    error(
      'loss',
      'A classification needs the loss cross_entropy.',
      'Write loss: { kind: cross_entropy }, or leave it out.',
    );
  }
  const count = (split: string) => dataset.splits.find((entry) => entry.split === split)?.count ?? 0;
  if (count('train') === 0)
    error('data.dataset', `${dataset.name}@${dataset.version} has no train split.`, 'Import it with splits.');
  else if (config.data.batchSize > count('train'))
    warning(
      'data.batchSize',
      `There are only ${count('train')} items to train on; a batch will hold all of them.`,
      'Lower it.',
    );
  if (count('validation') === 0 && config.data.validationFraction === 0) {
    if (config.training.earlyStopping !== undefined)
      error('training.earlyStopping', 'There is nothing to validate on.', 'Set data.validationFraction to 0.1 or so.');
    else
      warning(
        'data.validationFraction',
        'There is nothing to validate on: the last checkpoint counts as the best.',
        'Set it to 0.1 or so.',
      );
  }
}

function chooseColumns({ config, error, warning }: Checks, dataset: DatasetVersion): readonly Column[] {
  const available = dataset.schema.filter((column) => column.name !== dataset.target);
  const { features } = config.data;
  if (features.length === 0) {
    const usable = available.filter((column) => LEARNABLE.has(column.type));
    const left = available.filter((column) => !LEARNABLE.has(column.type));
    if (left.length > 0)
      warning(
        'data.features',
        `Left out, because they are text or times: ${left.map(({ name }) => name).join(', ')}.`,
        'Name the features to silence this.',
      );
    if (usable.length === 0)
      error('data.features', 'No column is left to learn from.', 'Import a table with numbers or categories.');
    return usable;
  }
  return features.flatMap((name, index) => {
    const column = available.find((candidate) => candidate.name === name);
    const path = `data.features.${index}`;
    if (column !== undefined && LEARNABLE.has(column.type)) return [column];
    if (column !== undefined)
      error(path, `${name} is of the type ${column.type}, which is not learned from.`, 'Remove it.');
    else if (name === dataset.target) error(path, `${name} is what is to be predicted.`, 'Remove it.');
    else {
      const guess = nearest(
        name,
        available.map((candidate) => candidate.name),
      );
      error(path, `There is no column ${name}.`, guess === undefined ? 'Remove it.' : `Did you mean ${guess}?`);
    }
    return [];
  });
}

/** The shapes that the real preprocessing will have; its statistics come from the data later. */
function previewPreprocessing(
  { config, error, warning }: Checks,
  dataset: DatasetVersion,
  columns: readonly Column[],
): PreprocessingSpec | null {
  if (dataset.kind === 'table') {
    const { kind } = config.model;
    if (kind === 'cnn' || kind === 'resnet')
      return error('model.kind', `A ${kind} reads pictures, and this is a table.`, 'Use mlp.');
    if (config.preprocessing.resize !== undefined)
      warning('preprocessing.resize', 'A table is not resized.', 'Remove it.');
    return {
      kind: 'table',
      columns: columns.map(({ categories }) =>
        categories === undefined
          ? { kind: 'numeric', mean: 0, deviation: 1 }
          : { kind: 'category', categories: categories.length },
      ),
    };
  }
  const { resize } = config.preprocessing;
  const [height, width] = resize ?? [dataset.image?.height ?? null, dataset.image?.width ?? null];
  if (height === null || width === null)
    return error(
      'preprocessing',
      'The pictures differ in size.',
      'Add resize: [height, width], for instance resize: [64, 64].',
    );
  const grey = dataset.kind === 'volume' || dataset.image?.channels === 1;
  const channels = config.preprocessing.channels ?? (grey ? 1 : 3);
  return {
    kind: 'image',
    layout: 'nhwc',
    channels,
    height,
    width,
    mean: Array(channels).fill(0),
    deviation: Array(channels).fill(1),
  };
}

function buildFor({ config, error }: Checks, preprocessing: PreprocessingSpec, classCount: number): Model | null {
  try {
    return modelFor(config.task, config.model, preprocessing, classCount);
  } catch (cause) {
    if (!(cause instanceof GraphError)) throw cause;
    return error('model', cause.message, 'Use smaller kernels, fewer pools, or a larger preprocessing.resize.');
  }
}

function summarise(
  { config, error }: Checks,
  model: Model,
  dataset: DatasetVersion,
  availableBytes: number,
): ModelSummary {
  const train = dataset.splits.find((entry) => entry.split === 'train')?.count ?? 0;
  const validation = dataset.splits.find((entry) => entry.split === 'validation')?.count ?? 0;
  const sampleBytes = model.inputShape.reduce((product, size) => product * size, 4);
  const step = (batchSize: number) =>
    estimateTrainingMemory(
      model,
      { loss: lossFor(config.task, config.loss), optimizer: optimizerOf(config.optimizer) },
      batchSize,
    ).totalBytes;
  // Inputs that do not fit are prepared batch by batch instead, so they never stand in the way.
  const dataBytes = Math.min((train + validation) * sampleBytes, availableBytes * 0.4);
  const bytes = (batchSize: number) => PROCESS_BYTES + dataBytes + step(batchSize);
  const memoryBytes = bytes(Math.min(config.data.batchSize, Math.max(1, train)));
  if (memoryBytes > availableBytes) {
    let fitting = config.data.batchSize;
    while (fitting > 1 && bytes(fitting) > availableBytes) fitting = Math.floor(fitting / 2);
    const needed = `The run needs about ${gibibytes(memoryBytes)} and ${gibibytes(availableBytes)} are free.`;
    error(
      'data.batchSize',
      needed,
      bytes(fitting) > availableBytes
        ? 'Even a batch of one does not fit: use a smaller model.'
        : `A batchSize of ${fitting} fits.`,
    );
  }
  return {
    layers: model.summary.layers.map((layer) => ({
      name: layer.name,
      kind: layer.kind,
      outputShape: layer.outputShape.map((size) => (size === BATCH ? 'N' : size)),
      parameters: layer.parameterCount,
      flops: layer.flops,
    })),
    parameters: model.summary.parameterCount,
    flops: model.summary.flops,
    memoryBytes,
  };
}

function gibibytes(bytes: number): string {
  return `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
}
