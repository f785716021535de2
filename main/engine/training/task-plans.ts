import { nearest } from '../../base/nearest.ts';
import type { Column, DatasetVersion } from '../../contract/datasets.ts';
import {
  embedsCategories,
  type RunConfig,
  sequenceData,
  seriesData,
  type TaskName,
  textData,
} from '../../contract/run-config.ts';
import { FIRST_WORD, type PreprocessingSpec } from '../../graph/index.ts';

const LEARNABLE = new Set<Column['type']>(['number', 'integer', 'category', 'boolean']);
const NUMBERS = new Set<Column['type']>(['number', 'integer']);

/** Models that read nothing but pictures. */
const PICTURE_MODELS = new Set<RunConfig['model']['kind']>([
  ...(['cnn', 'resnet', 'mobilenet_v2', 'convolutional_transformer'] as const),
  ...(['unet', 'detector', 'vae', 'gan', 'diffusion', 'image_embedding'] as const),
]);

/** Where a check of a config puts what it finds. */
export interface Checks {
  readonly config: RunConfig;
  error(path: string, message: string, suggestion: string): null;
  warning(path: string, message: string, suggestion: string): null;
}

/** Labels of items, the categories of masks or boxes, or nowhere. */
export type ClassOrigin = 'labels' | 'annotations' | 'none';

/** What one kind of task asks of a dataset and of a config. */
export interface TaskPlan {
  /** Where its classes come from; `asked` = labels of items where the model is conditional. */
  readonly classes: ClassOrigin | 'asked';
  readonly losses: readonly RunConfig['loss']['kind'][];
  /** What validation finds besides its loss that stopping can be judged by. */
  readonly figure: 'validation_accuracy' | 'validation_recall_at_1' | null;
  /** What is wrong with the dataset for this task; undefined when nothing is. */
  misfit(dataset: DatasetVersion): { readonly message: string; readonly suggestion: string } | undefined;
  /** The columns to learn from, in the order of the input. */
  columns(checks: Checks, dataset: DatasetVersion): readonly Column[];
  /** The shapes that the real preprocessing will have; its statistics come from the data later. */
  preprocessing(checks: Checks, dataset: DatasetVersion, columns: readonly Column[]): PreprocessingSpec | null;
}

const none = () => [];
const classLosses = ['cross_entropy', 'binary_cross_entropy', 'hinge', 'multi_margin', 'focal'] as const;
/** Where items are learned from one by one. */
const itemLosses = [...classLosses, 'distillation'] as const;
const numberLosses = ['mse', 'l1', 'huber', 'smooth_l1'] as const;

const pictures = {
  misfit: (dataset: DatasetVersion) =>
    dataset.kind === 'table'
      ? { message: `${nameOf(dataset)} holds a table.`, suggestion: 'Use table-classification or table-regression.' }
      : undefined,
  columns: none,
  preprocessing: imagePreprocessing,
};

const tables = {
  misfit: (dataset: DatasetVersion) =>
    dataset.kind === 'table'
      ? undefined
      : { message: `${nameOf(dataset)} holds pictures.`, suggestion: 'Use image-classification.' },
  columns: featureColumns,
  preprocessing: tablePreprocessing,
};

export const taskPlans: Readonly<Record<TaskName, TaskPlan>> = {
  'image-classification': { ...pictures, classes: 'labels', losses: itemLosses, figure: 'validation_accuracy' },
  'table-classification': { ...tables, classes: 'labels', losses: itemLosses, figure: 'validation_accuracy' },
  'table-regression': {
    ...tables,
    classes: 'none',
    losses: numberLosses,
    figure: null,
    misfit: (dataset) => {
      const target = dataset.schema.find((column) => column.name === dataset.target);
      if (dataset.kind !== 'table' || (target !== undefined && NUMBERS.has(target.type))) return tables.misfit(dataset);
      return {
        message: `The target of ${dataset.name} is ${target === undefined ? 'not set' : `of the type ${target.type}`}, not a number.`,
        suggestion: 'Import the table with a number as its target.',
      };
    },
  },
  'text-classification': {
    ...tables,
    classes: 'labels',
    losses: itemLosses,
    figure: 'validation_accuracy',
    columns: textColumns,
    preprocessing: ({ config }) => {
      const { vocabulary, length, lowercase, punctuation, shapes } = textData.parse(config.data.text ?? {});
      return { kind: 'text', vocabulary: placeholders(vocabulary), length, lowercase, punctuation, shapes };
    },
  },
  'series-forecasting': {
    ...tables,
    classes: 'none',
    losses: numberLosses,
    figure: null,
    columns: seriesColumns,
    preprocessing: seriesPreprocessing,
  },
  'language-modeling': {
    ...tables,
    classes: 'none',
    losses: ['cross_entropy'],
    figure: 'validation_accuracy',
    columns: textColumns,
    preprocessing: ({ config }) => {
      const { vocabulary, length, unit = 'characters' } = textData.parse(config.data.text ?? {});
      // Characters of one script; how many there are is known when the text is read.
      const size = unit === 'words' ? vocabulary : unit === 'bytes' ? 256 : Math.min(vocabulary, 128);
      return { kind: 'tokens', unit, vocabulary: placeholders(size), length };
    },
  },
  'sequence-to-sequence': {
    ...tables,
    classes: 'none',
    losses: ['cross_entropy'],
    figure: 'validation_accuracy',
    columns: sequenceColumns,
    preprocessing: ({ config }) => {
      const { source, target } = sequenceData.parse(config.data.sequences ?? {});
      const side = ({ unit, length, vocabulary }: typeof source) => ({
        unit,
        length,
        vocabulary: placeholders(unit === 'words' ? vocabulary : Math.min(vocabulary, 128)),
      });
      return { kind: 'tokens', ...side(source), target: side(target) };
    },
  },
  'image-segmentation': {
    ...pictures,
    classes: 'annotations',
    losses: ['cross_entropy', 'dice', 'dice_cross_entropy', 'focal'],
    figure: null,
    misfit: (dataset) =>
      annotated(dataset, 'mask', 'masks beside its pictures', 'a folder masks beside the folder images'),
  },
  'object-detection': {
    ...pictures,
    classes: 'annotations',
    // The detector has a loss of its own; what the config says by default is not looked at.
    losses: ['cross_entropy'],
    figure: null,
    misfit: (dataset) => annotated(dataset, 'boxes', 'boxes', 'a COCO file beside its pictures'),
  },
  'node-classification': {
    ...tables,
    classes: 'labels',
    losses: classLosses,
    figure: 'validation_accuracy',
    misfit: (dataset) =>
      dataset.edges === undefined
        ? { message: `${nameOf(dataset)} is no graph.`, suggestion: 'Import a node-link JSON with nodes and links.' }
        : undefined,
    columns: (checks, dataset) => featureColumns(checks, dataset, 'node'),
    preprocessing: (checks, dataset, columns) => {
      if (columns.length === 0) return { kind: 'graph', columns: [{ kind: 'category', categories: dataset.rows }] };
      const table = tablePreprocessing(checks, dataset, columns);
      return table === null ? null : { ...table, kind: 'graph' };
    },
  },
  'image-generation': {
    ...pictures,
    classes: 'asked',
    losses: ['cross_entropy'],
    figure: null,
  },
  'metric-learning': {
    ...pictures,
    classes: 'labels',
    losses: ['info_nce', 'triplet'],
    figure: 'validation_recall_at_1',
    misfit: (dataset) =>
      dataset.kind === 'image'
        ? undefined
        : { message: `${nameOf(dataset)} holds no pictures.`, suggestion: 'Choose a dataset of pictures with labels.' },
  },
};

export function classOriginOf({ task, model }: Pick<RunConfig, 'task' | 'model'>): ClassOrigin {
  const { classes } = taskPlans[task];
  if (classes !== 'asked') return classes;
  return 'conditional' in model && model.conditional === true ? 'labels' : 'none';
}

export function nameOf({ name, version }: DatasetVersion): string {
  return `${name}@${version}`;
}

/** The categories of the masks or boxes of a dataset; empty when it has none. */
export function annotationClasses(dataset: DatasetVersion): readonly string[] {
  return dataset.schema.find(({ type }) => type === 'mask' || type === 'boxes')?.categories ?? [];
}

function annotated(dataset: DatasetVersion, type: Column['type'], what: string, how: string) {
  if (dataset.schema.some((column) => column.type === type)) return undefined;
  return { message: `${nameOf(dataset)} has no ${what}.`, suggestion: `Import a folder with ${how}.` };
}

/** Stand-ins for tokens that are not known before the text is read: a preview needs their number only. */
function placeholders(count: number): readonly string[] {
  return Array<string>(Math.max(1, count - FIRST_WORD)).fill('');
}

function featureColumns({ config, error, warning }: Checks, dataset: DatasetVersion, what = 'row'): readonly Column[] {
  const { features, weights } = config.data;
  const available = dataset.schema.filter(({ name }) => name !== dataset.target && name !== weights);
  if (features.length === 0) {
    const usable = available.filter((column) => LEARNABLE.has(column.type));
    const left = available.filter((column) => !LEARNABLE.has(column.type));
    if (left.length > 0)
      warning(
        'data.features',
        `Left out, because they are text or times: ${left.map(({ name }) => name).join(', ')}.`,
        'Name the features to silence this.',
      );
    // A node is known by its edges already.
    if (usable.length === 0 && what === 'row')
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
    else if (name === weights) error(path, `${name} says how much rows count.`, 'Remove it.');
    else missing({ config, error, warning }, path, name, available);
    return [];
  });
}

/** Tasks whose rows may count differently; all their losses know how. */
const WEIGHTED_TASKS = new Set<TaskName>(['table-classification', 'table-regression']);

/** Whether the column that says how much rows count is one that can. */
export function checkWeights(checks: Checks, dataset: DatasetVersion): void {
  const { config, error } = checks;
  const { weights } = config.data;
  if (weights === undefined) return;
  const numbers = dataset.schema.filter(({ name, type }) => NUMBERS.has(type) && name !== dataset.target);
  const column = dataset.schema.find(({ name }) => name === weights);
  if (!WEIGHTED_TASKS.has(config.task))
    error('data.weights', `Items of ${config.task} all count alike.`, 'Remove weights.');
  else if (column === undefined) missing(checks, 'data.weights', weights, numbers);
  else if (!NUMBERS.has(column.type) || weights === dataset.target)
    error('data.weights', `${weights} does not say how much rows count.`, 'Choose a column of numbers.');
}

function textColumns(checks: Checks, dataset: DatasetVersion): readonly Column[] {
  const texts = dataset.schema.filter(({ name, type }) => type === 'text' && name !== dataset.target);
  const wanted = checks.config.data.text?.column;
  if (wanted !== undefined) return textColumn(checks, dataset, wanted, 'data.text.column');
  if (texts.length === 1) return texts;
  checks.error(
    'data.text',
    texts.length === 0 ? `${nameOf(dataset)} has no column of text.` : 'There are several columns of text.',
    texts.length === 0
      ? 'Import a table with one.'
      : `Write text: { column: … } with one of ${texts.map(({ name }) => name).join(', ')}.`,
  );
  return [];
}

function textColumn(checks: Checks, dataset: DatasetVersion, wanted: string, path: string): readonly Column[] {
  const column = dataset.schema.find(({ name }) => name === wanted);
  const texts = dataset.schema.filter(({ type }) => type === 'text');
  if (column === undefined) missing(checks, path, wanted, texts);
  else if (column.type !== 'text' && column.type !== 'category')
    checks.error(path, `${wanted} is of the type ${column.type}, not text.`, 'Name a column of text.');
  else return [column];
  return [];
}

/** The source and the target. */
function sequenceColumns(checks: Checks, dataset: DatasetVersion): readonly Column[] {
  const { source, target } = sequenceData.parse(checks.config.data.sequences ?? {});
  const texts = dataset.schema.filter(({ type }) => type === 'text');
  const [from, to] = [source, target].map(({ column }, place) =>
    column === undefined && texts.length === 2 ? texts[place].name : column,
  );
  if (from === undefined || to === undefined || from === to) {
    checks.error(
      'data.sequences',
      'Which column is read and which is written is not said.',
      'Write sequences: { source: { column: … }, target: { column: … } } with two columns of text.',
    );
    return [];
  }
  const columns = [
    ...textColumn(checks, dataset, from, 'data.sequences.source.column'),
    ...textColumn(checks, dataset, to, 'data.sequences.target.column'),
  ];
  return columns.length === 2 ? columns : [];
}

/** The columns that the model sees, targets among them. */
function seriesColumns(checks: Checks, dataset: DatasetVersion): readonly Column[] {
  const options = seriesData.parse(checks.config.data.series ?? {});
  const numbers = dataset.schema.filter(({ type }) => NUMBERS.has(type));
  const find = (name: string, path: string): Column[] => {
    const column = dataset.schema.find((candidate) => candidate.name === name);
    if (column === undefined) missing(checks, path, name, numbers);
    else if (!NUMBERS.has(column.type))
      checks.error(path, `${name} is of the type ${column.type}, not a number.`, 'Choose a column of numbers.');
    else return [column];
    return [];
  };
  if (options.time !== undefined && !dataset.schema.some(({ name }) => name === options.time))
    missing(checks, 'data.series.time', options.time, dataset.schema);
  const targets =
    options.targets.length > 0
      ? options.targets.flatMap((name, index) => find(name, `data.series.targets.${index}`))
      : dataset.target === null
        ? []
        : find(dataset.target, 'data.series');
  if (targets.length === 0 && options.targets.length === 0 && dataset.target === null)
    checks.error(
      'data.series',
      'What is to be forecast is not said.',
      'Write series: { targets: [a column of numbers] }.',
    );
  const more = options.columns.flatMap((name, index) => find(name, `data.series.columns.${index}`));
  return [...targets, ...more.filter((column) => !targets.includes(column))];
}

function seriesPreprocessing(
  { config }: Checks,
  dataset: DatasetVersion,
  columns: readonly Column[],
): PreprocessingSpec | null {
  if (columns.length === 0) return null;
  const { length, horizon, origin, targets } = seriesData.parse(config.data.series ?? {});
  const names = targets.length > 0 ? targets : [dataset.target];
  return {
    kind: 'series',
    length,
    horizon,
    origin,
    columns: columns.map(() => ({ mean: 0, deviation: 1 })),
    targets: names.map((name) => columns.findIndex((column) => column.name === name)),
  };
}

function missing(checks: Checks, path: string, name: string, candidates: readonly Column[]): null {
  const guess = nearest(
    name,
    candidates.map((candidate) => candidate.name),
  );
  return checks.error(
    path,
    `There is no column ${name}.`,
    guess === undefined ? 'Remove it.' : `Did you mean ${guess}?`,
  );
}

function tablePreprocessing(
  { config, error, warning }: Checks,
  _dataset: DatasetVersion,
  columns: readonly Column[],
): Extract<PreprocessingSpec, { kind: 'table' }> | null {
  const { kind } = config.model;
  if (PICTURE_MODELS.has(kind))
    return error('model.kind', `A ${kind} reads pictures, and this is a table.`, 'Use mlp.');
  if (config.preprocessing.resize !== undefined)
    warning('preprocessing.resize', 'A table is not resized.', 'Remove it.');
  return {
    kind: 'table',
    columns: columns.map(({ name, categories }) => {
      if (categories === undefined) return { kind: 'numeric', mean: 0, deviation: 1 };
      if (!embedsCategories(config.model)) return { kind: 'category', categories: categories.length };
      // As if train had every category often enough: how many fall together is known when it is read.
      return { kind: 'index', name, rows: categories.map((_, index) => index + 1) };
    }),
  };
}

function imagePreprocessing({ config, error }: Checks, dataset: DatasetVersion): PreprocessingSpec | null {
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
