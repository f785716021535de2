import type { DatasetVersion } from '../../../contract/datasets.ts';
import type { RunConfig, TaskName } from '../../../contract/run-config.ts';
import type { Run, Template } from '../../../contract/training.ts';
import { head, taskWords } from './template-head.ts';

/** A finished run that may be a member, and its config. */
export interface TrainedRun {
  readonly run: Run;
  readonly config: RunConfig;
}

/** Tasks whose answers can be averaged, and the loss of a layer that is stacked on them; null where none is. */
const LOSSES: Readonly<Partial<Record<TaskName, 'cross_entropy' | 'mse' | null>>> = {
  'image-classification': 'cross_entropy',
  'table-classification': 'cross_entropy',
  'text-classification': 'cross_entropy',
  'table-regression': 'mse',
  'series-forecasting': null,
  'image-segmentation': null,
};
/** Members that a template begins with. */
const MEMBERS = 3;

/** For each task and labelling with two finished runs or more, the best of them together. */
export function ensembleTemplates(dataset: DatasetVersion, runs: readonly TrainedRun[]): Template[] {
  const groups = Map.groupBy(
    runs.filter(({ run, config }) => run.task in LOSSES && config.model.kind !== 'ensemble'),
    ({ run, config }) => JSON.stringify([run.task, run.labelSetDigest, config.data.series]),
  );
  return [...groups.values()]
    .filter((group) => group.length > 1)
    .map((group) => ofRuns(dataset, group.sort(byValidation)));
}

function ofRuns(dataset: DatasetVersion, runs: readonly TrainedRun[]): Template {
  const [{ run, config }] = runs;
  const task = run.task as TaskName;
  const title = `Ensemble of trained models, ${taskWords(task)}`;
  const loss = LOSSES[task] === 'mse' || task === 'series-forecasting' ? 'loss: { kind: mse }\n' : '';
  const stacking =
    LOSSES[task] == null ? '' : '       # average or stacking: a layer learns from validation how to weigh them';
  const { labelSet, series } = config.data;
  const data = [
    ...(run.labelSetDigest === null ? [] : [`  labelSet: ${JSON.stringify(labelSet)}\n`]),
    ...(series === undefined ? [] : [`  series: ${JSON.stringify(series)}\n`]),
  ].join('');
  const members = runs.slice(0, MEMBERS).map((member) => `    - ${member.run.id} # ${describe(member)}\n`);
  return {
    id: `${task}-ensemble`,
    title,
    description: 'Several finished runs as one model, averaged or stacked. It registers and ships as one graph.',
    task,
    yaml: `${head(title, task, dataset, config.data.batchSize)}${data}model:
  kind: ensemble
  combine: average${stacking}
  members:               # finished runs by id, or registered models as name@version
${members.join('')}${loss}optimizer:              # ${LOSSES[task] == null ? 'an average learns nothing' : 'of stacking; an average learns nothing'}
  kind: adamw
  learningRate: 0.01
training:
  epochs: 20
`,
  };
}

function describe({ run, config }: TrainedRun): string {
  const loss = run.metrics['best.validation_loss'];
  return `${config.model.kind}, ${run.name}${loss === undefined ? '' : `, validation loss ${Number(loss.toPrecision(3))}`}`;
}

/** By validation: whoever chose members by test would have nothing left to judge the ensemble on. */
function byValidation(left: TrainedRun, right: TrainedRun): number {
  const accuracy = ({ run }: TrainedRun) => run.metrics['best.validation_accuracy'] ?? 0;
  const loss = ({ run }: TrainedRun) => run.metrics['best.validation_loss'] ?? Number.POSITIVE_INFINITY;
  return accuracy(right) - accuracy(left) || loss(left) - loss(right);
}
