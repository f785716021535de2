import { isDeepStrictEqual } from 'node:util';
import type { Column, DatasetVersion } from '../../contract/datasets.ts';
import { embedsCategories, type RunConfig, seriesData, textData } from '../../contract/run-config.ts';
import { GraphError, type PreprocessingSpec } from '../../graph/index.ts';
import { commonColumns, commonPreprocessing, type ModelSources } from '../../models/index.ts';
import type { MemberRun } from './resolved-model.ts';
import { type Checks, nameOf } from './task-plans.ts';

/** What a model takes where trained ones have settled it already. */
export interface SettledInput {
  readonly columns: readonly Column[];
  readonly preprocessing: PreprocessingSpec;
}

/** Checks that trained models fit each other, and finds what they take together; null where a check failed. */
export function planEnsemble(
  checks: Checks,
  dataset: DatasetVersion,
  labelSetDigest: string | null,
  members: readonly MemberRun[],
  sources: ModelSources,
): SettledInput | null {
  const { config, error, warning } = checks;
  for (const [index, member] of members.entries()) {
    const { reference, run } = member;
    const path = `model.members.${index}`;
    if (!learnedTheSame(checks, dataset, member, path)) return null;
    if (config.task === 'series-forecasting' && !sameWindows(config, members[index].config))
      return error(path, `${reference} sees other windows of the series.`, 'Write data.series as its run has it.');
    if (run.labelSetDigest !== labelSetDigest)
      return error(path, `${reference} learned other labels.`, 'Choose the label set of its run as data.labelSet.');
  }
  if (!validateAlike(checks, dataset, members)) {
    const what = 'The dataset has no validation split, and the members drew theirs in different ways';
    if (stacks(checks))
      return error(
        'model.combine',
        `${what}: no items are left that all members have not learned from.`,
        'Use combine: average, or the seed and data.validationFraction of the members, the same for all.',
      );
    warning('model.members', `${what}: trust the test split, not validation.`, 'Train members with the same seed.');
  }
  if (!stacks(checks) && config.device !== 'cpu')
    return error('device', 'An average is only evaluated, which the processor does.', 'Write device: cpu.');
  if (config.data.features.length > 0)
    warning('data.features', 'The members know which columns they read.', 'Remove it.');
  try {
    const trained = members.map(({ checkpoint }) => sources.checkpoint(checkpoint));
    const columns = commonColumns(trained).flatMap((name) => dataset.schema.filter((column) => column.name === name));
    return { columns, preprocessing: commonPreprocessing(trained) };
  } catch (cause) {
    if (!(cause instanceof GraphError)) throw cause;
    return error('model.members', cause.message, 'Choose members that prepare their data in the same way.');
  }
}

/**
 * Checks that a student can learn from its teacher, and finds what both take: the student sees what its teacher sees. Null
 * where a check failed.
 */
export function planDistillation(
  checks: Checks,
  dataset: DatasetVersion,
  labelSetDigest: string | null,
  teacher: MemberRun,
  sources: ModelSources,
): SettledInput | null {
  const { config, error, warning } = checks;
  const { reference, run, config: taught } = teacher;
  if (config.model.kind === 'ensemble')
    return error('loss.kind', 'An ensemble learns from its members alone.', 'Choose another model, or leave loss out.');
  if (!learnedTheSame(checks, dataset, teacher, 'loss.teacher')) return null;
  if (run.labelSetDigest !== labelSetDigest)
    return error(
      'loss.teacher',
      `${reference} learned other labels, perhaps of other classes.`,
      'Choose the label set of its run as data.labelSet.',
    );
  const sees = (path: string) =>
    error(
      path,
      `A student sees what its teacher sees, and ${reference} sees it in another way.`,
      'Write it as its run has it.',
    );
  if (!isDeepStrictEqual(config.preprocessing, taught.preprocessing)) return sees('preprocessing');
  if (!isDeepStrictEqual(textData.parse(config.data.text ?? {}), textData.parse(taught.data.text ?? {})))
    return sees('data.text');
  if (!validateAlike(checks, dataset, [teacher]))
    warning(
      'loss.teacher',
      'The dataset has no validation split, and the teacher drew its own in another way: trust the test split, not validation.',
      'Use the seed and the data.validationFraction of its run.',
    );
  const { columns, preprocessing } = sources.checkpoint(teacher.checkpoint);
  const read = columns.flatMap(({ name }) => dataset.schema.filter((column) => column.name === name));
  const { features, weights } = config.data;
  const asked = features.length === 0 ? read.filter(({ name }) => name !== weights).map(({ name }) => name) : features;
  if (
    !isDeepStrictEqual(
      asked,
      read.map(({ name }) => name),
    )
  )
    return sees('data.features');
  const table = preprocessing.kind === 'table' ? preprocessing.columns : [];
  const wanted = embedsCategories(config.model) ? 'index' : 'category';
  if (table.some(({ kind }) => kind !== 'numeric' && kind !== wanted))
    return error(
      'model.kind',
      `A ${config.model.kind} reads the columns of a table in another way than ${reference} does.`,
      'Choose a model and a teacher that both embed categories, or both do not.',
    );
  return { columns: read, preprocessing };
}

/** Whether a trained model learned the task of this config on its dataset; says so where it did not. */
function learnedTheSame(
  { config, error }: Checks,
  dataset: DatasetVersion,
  { reference, run }: MemberRun,
  path: string,
): boolean {
  if (run.task !== config.task)
    error(path, `${reference} learned ${run.task}, not ${config.task}.`, 'Choose runs of one task.');
  else if (run.datasetDigest !== dataset.digest)
    error(
      path,
      `${reference} learned from ${run.datasetName}, not from ${nameOf(dataset)}.`,
      'Choose runs on the dataset of this config: only then is the test split new to all of them.',
    );
  return run.task === config.task && run.datasetDigest === dataset.digest;
}

const stacks = ({ config: { model } }: Checks): boolean => model.kind === 'ensemble' && model.combine === 'stacking';

const sameWindows = (left: RunConfig, right: RunConfig): boolean =>
  JSON.stringify(seriesData.parse(left.data.series ?? {})) ===
  JSON.stringify(seriesData.parse(right.data.series ?? {}));

/** Whether the trained models and this config leave the same items to validation. */
function validateAlike({ config }: Checks, dataset: DatasetVersion, members: readonly MemberRun[]): boolean {
  if (dataset.splits.some(({ split, count }) => split === 'validation' && count > 0)) return true;
  const drawn = [config, ...members.map((member) => member.config)].map(({ seed, data }) =>
    JSON.stringify([seed, data.validationFraction]),
  );
  return drawn.every((each) => each === drawn[0]);
}
