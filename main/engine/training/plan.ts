import { nearest } from '../../base/nearest.ts';
import type { Column, DatasetVersion } from '../../contract/datasets.ts';
import { LightbenchError } from '../../contract/errors.ts';
import { modelFileProblem } from '../../contract/model-files.ts';
import type { RunConfig } from '../../contract/run-config.ts';
import type { ModelSummary } from '../../contract/training.ts';
import { GraphError, type PreprocessingSpec, trainStepOperators } from '../../graph/index.ts';
import {
  describeArchitecture,
  lossFor,
  type Model,
  type ModelSources,
  modelFor,
  type Program,
  signaturesOf,
  trainingOptionsOf,
} from '../../models/index.ts';
import type { TraceRequest } from '../../sandbox/trace-model-file.ts';
import type { Problem } from './config-text.ts';
import { planDistillation, planEnsemble } from './ensemble-plan.ts';
import { checkMemory, type Machine } from './memory-check.ts';
import type { ResolvedModel } from './resolved-model.ts';
import { annotationClasses, type Checks, checkWeights, classOriginOf, nameOf, taskPlans } from './task-plans.ts';
import { checkAgainstModel, checkBatches, checkTraining, checkValidation } from './training-checks.ts';

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

/** What training asks of the model files. */
export interface TrainingModelFiles {
  readonly programPath: string;
  /** @throws LightbenchError model_file.invalid, model_file.stopped */
  programOf(file: { readonly path: string; readonly text: string }, request: TraceRequest): Promise<Program>;
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
  /** What the model is computed by, for a look at the device; empty for the CPU, which has everything. */
  readonly operators: ReadonlySet<string>;
  /** What the model names by digest: kept in the workspace when the run starts. */
  readonly sources: ModelSources;
}

export interface Planned {
  /** Null when any problem is an error. */
  readonly plan: Plan | null;
  readonly problems: readonly Problem[];
}

/**
 * Checks a config against the data it names: what the schema alone cannot know.
 * @param resolved what its model names outside the config
 */
export async function planRun(
  config: RunConfig,
  datasets: TrainingDatasets,
  labels: TrainingLabels,
  modelFiles: TrainingModelFiles,
  machine: Machine,
  { sources, members, teacher }: Pick<ResolvedModel, 'sources' | 'members' | 'teacher'>,
): Promise<Planned> {
  const problems: Problem[] = [];
  const report =
    (severity: Problem['severity']) =>
    (path: string, message: string, suggestion: string): null => {
      problems.push({ severity, path: path.split('.'), message, suggestion });
      return null;
    };
  const inFile = ({ message, suggestion, details }: LightbenchError): null => {
    const { file, problem, line, column } = modelFileProblem.parse(details ?? {});
    const place = file === undefined || line === undefined ? {} : { place: { file, line, column: column ?? 1 } };
    problems.push({ severity: 'error', path: ['model', 'file'], message: problem ?? message, suggestion, ...place });
    return null;
  };
  const checks: Checks = { config, error: report('error'), warning: report('warning') };
  const dataset = findDataset(checks, datasets);
  if (dataset === null) return { plan: null, problems };
  const labelling = findClasses(checks, dataset, labels);
  checkTask(checks, dataset);
  const fits = !problems.some(
    ({ severity, path }) => severity === 'error' && (path[0] === 'task' || path[0] === 'model'),
  );
  const labelDigest = labelling?.labelSet?.digest ?? null;
  const settled = () =>
    teacher !== undefined
      ? planDistillation(checks, dataset, labelDigest, teacher, sources)
      : members !== undefined
        ? planEnsemble(checks, dataset, labelDigest, members, sources)
        : inputOf(checks, dataset);
  const { columns, preprocessing } = (fits ? settled() : null) ?? NOTHING;
  if (fits) checkWeights(checks, dataset);
  checkTraining(checks);
  if (labelling !== null) checkBatches(checks, labelling.classes.length);
  const model =
    preprocessing === null || labelling === null
      ? null
      : await buildFor(checks, preprocessing, labelling.classes.length, sources, modelFiles, inFile);
  if (model !== null) checkAgainstModel(checks, model);
  const isBroken = () => problems.some(({ severity }) => severity === 'error');
  if (model === null || preprocessing === null || labelling === null || isBroken()) return { plan: null, problems };
  const options = {
    ...trainingOptionsOf(config, preprocessing, model),
    loss: lossFor(config.task, config.loss, config.model, config.data.weights !== undefined, sources),
  };
  const memoryBytes = checkMemory(checks, model, options, dataset, machine);
  if (memoryBytes === null || isBroken()) return { plan: null, problems };
  const target = dataset.kind === 'table' ? dataset.target : null;
  return {
    plan: {
      config,
      dataset,
      labelSet: labelling.labelSet,
      classes: labelling.classes,
      columns,
      target,
      summary: {
        ...describeArchitecture(model.summary),
        memoryBytes,
        ...(members === undefined && countsOnData(preprocessing) ? { provisional: true } : {}),
      },
      operators: config.device === 'cpu' ? new Set<string>() : trainStepOperators(model, options),
      sources,
    },
    problems,
  };
}

/** Whether how large a model is depends on words or categories that are not known before the data are read. */
function countsOnData(preprocessing: PreprocessingSpec): boolean {
  switch (preprocessing.kind) {
    case 'text':
      return true;
    case 'tokens':
      return preprocessing.unit !== 'bytes' || preprocessing.target !== undefined;
    case 'table':
      return preprocessing.columns.some(({ kind }) => kind === 'index');
    default:
      return false;
  }
}

const NOTHING = { columns: [], preprocessing: null };

function inputOf(checks: Checks, dataset: DatasetVersion) {
  const task = taskPlans[checks.config.task];
  const columns = task.columns(checks, dataset);
  return { columns, preprocessing: task.preprocessing(checks, dataset, columns) };
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
  const origin = classOriginOf(config);
  if (origin !== 'labels') {
    if (config.data.labelSet !== '')
      warning('data.labelSet', `The task ${config.task} does not use labels of items.`, 'Remove it.');
    return { classes: origin === 'annotations' ? annotationClasses(dataset) : [], labelSet: null };
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

function checkTask(checks: Checks, dataset: DatasetVersion): void {
  const { config, error, warning } = checks;
  const plan = taskPlans[config.task];
  const misfit = plan.misfit(dataset);
  if (misfit !== undefined) error('task', misfit.message, misfit.suggestion);
  const embeds = config.model.kind === 'image_embedding';
  if (embeds !== (config.task === 'metric-learning'))
    error(
      'model.kind',
      embeds
        ? `The task ${config.task} learns no embeddings.`
        : `The model ${config.model.kind} alone gives no embeddings.`,
      embeds
        ? 'Use the encoder as the model, or write task: metric-learning.'
        : 'Write model: { kind: image_embedding, encoder: … } with this one as its encoder.',
    );
  if (!plan.losses.includes(config.loss.kind)) {
    const [usual] = plan.losses;
    error(
      'loss',
      `The task ${config.task} does not learn with the loss ${config.loss.kind}.`,
      `Write loss: { kind: ${usual} }${usual === 'cross_entropy' ? ', or leave it out' : ''}.`,
    );
  }
  const { metric = 'validation_loss' } = config.training.earlyStopping ?? {};
  if (metric !== 'validation_loss' && metric !== plan.figure)
    error(
      'training.earlyStopping.metric',
      `The task ${config.task} has no ${metric}.`,
      plan.figure === null ? 'Use validation_loss.' : `Use validation_loss or ${plan.figure}.`,
    );
  const count = (split: string) => dataset.splits.find((entry) => entry.split === split)?.count ?? 0;
  if (count('train') === 0) error('data.dataset', `${nameOf(dataset)} has no train split.`, 'Import it with splits.');
  else if (config.data.batchSize > count('train') && config.task !== 'node-classification')
    warning(
      'data.batchSize',
      `There are only ${count('train')} items to train on; a batch will hold all of them.`,
      'Lower it.',
    );
  checkValidation(checks, count('validation'));
}

async function buildFor(
  { config, error }: Checks,
  preprocessing: PreprocessingSpec,
  classCount: number,
  sources: ModelSources,
  modelFiles: TrainingModelFiles,
  inFile: (error: LightbenchError) => null,
): Promise<Model | null> {
  const { model } = config;
  try {
    if (model.kind !== 'own') return modelFor(config.task, model, preprocessing, classCount, sources);
    const file = { path: model.file, text: new TextDecoder().decode(sources.artifact(model.artifact ?? '')) };
    const request = {
      task: config.task,
      options: model.options,
      ...signaturesOf(config.task, preprocessing, classCount),
    };
    const program = await modelFiles.programOf(file, request);
    return modelFor(config.task, { kind: 'own', program }, preprocessing, classCount, sources);
  } catch (cause) {
    if (model.kind === 'own' && cause instanceof LightbenchError) return inFile(cause);
    if (!(cause instanceof GraphError)) throw cause;
    return error(
      'model',
      cause.message,
      config.model.kind === 'imported' || config.model.kind === 'own'
        ? 'Change what the message names, or choose another file.'
        : 'Use smaller kernels, fewer pools, or a larger preprocessing.resize.',
    );
  }
}
