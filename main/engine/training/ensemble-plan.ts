import type { Column, DatasetVersion } from '../../contract/datasets.ts';
import { type RunConfig, seriesData } from '../../contract/run-config.ts';
import { GraphError, type PreprocessingSpec } from '../../graph/index.ts';
import { commonColumns, commonPreprocessing, type ModelSources } from '../../models/index.ts';
import type { MemberRun } from './resolved-model.ts';
import { type Checks, nameOf } from './task-plans.ts';

/** What an ensemble takes: its members have settled it already. */
export interface EnsembleInput {
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
): EnsembleInput | null {
  const { config, error, warning } = checks;
  for (const [index, { reference, run }] of members.entries()) {
    const path = `model.members.${index}`;
    if (run.task !== config.task)
      return error(path, `${reference} learned ${run.task}, not ${config.task}.`, 'Choose runs of one task.');
    if (run.datasetDigest !== dataset.digest)
      return error(
        path,
        `${reference} learned from ${run.datasetName}, not from ${nameOf(dataset)}.`,
        'Choose runs on the dataset of this config: only then is the test split new to all of them.',
      );
    if (config.task === 'series-forecasting' && !sameWindows(config, members[index].config))
      return error(path, `${reference} sees other windows of the series.`, 'Write data.series as its run has it.');
    if (run.labelSetDigest !== labelSetDigest)
      return error(path, `${reference} learned other labels.`, 'Choose the label set of its run as data.labelSet.');
  }
  const ownValidation = dataset.splits.some(({ split, count }) => split === 'validation' && count > 0);
  if (!ownValidation && !drawAlike(checks, members)) {
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

const stacks = ({ config: { model } }: Checks): boolean => model.kind === 'ensemble' && model.combine === 'stacking';

const sameWindows = (left: RunConfig, right: RunConfig): boolean =>
  JSON.stringify(seriesData.parse(left.data.series ?? {})) ===
  JSON.stringify(seriesData.parse(right.data.series ?? {}));

/** Whether the members and this config draw the same items for validation. */
function drawAlike({ config }: Checks, members: readonly MemberRun[]): boolean {
  const drawn = [config, ...members.map((member) => member.config)].map(({ seed, data }) =>
    JSON.stringify([seed, data.validationFraction]),
  );
  return drawn.every((each) => each === drawn[0]);
}
