import { LightbenchError } from '../../contract/errors.ts';
import { type RunConfig, runConfig } from '../../contract/run-config.ts';
import type { Run } from '../../contract/training.ts';
import type { ExperimentInput } from '../../contract/training-worker.ts';
import type { EngineContext } from '../core/context.ts';
import type { ChosenDevice } from '../devices/index.ts';
import type { Plan, TrainingDatasets, TrainingLabels } from './plan.ts';
import { classOriginOf } from './task-plans.ts';

/** Newest runs of a dataset that are looked at for a judge. */
const MOST_JUDGES = 1000;

/** What a run was planned to be, as far as its config alone does not say it: stored with the run. */
export interface StoredPlan extends Pick<Plan, 'labelSet' | 'classes' | 'columns' | 'target'> {
  /** What the run first computed on: another device rounds differently. */
  readonly device?: ChosenDevice;
}

/** Makes what a worker needs of what is stored of a run. */
export class Experiments {
  readonly #context: EngineContext;
  readonly #datasets: TrainingDatasets;
  readonly #labels: TrainingLabels;
  readonly #modelFileProgram: string;

  constructor(context: EngineContext, datasets: TrainingDatasets, labels: TrainingLabels, modelFileProgram: string) {
    this.#context = context;
    this.#datasets = datasets;
    this.#labels = labels;
    this.#modelFileProgram = modelFileProgram;
  }

  /** The config of a run with its references resolved. @throws LightbenchError record.not_found */
  configOf(run: Run): RunConfig {
    const stored = this.#context.workspace.runs.config(run.configDigest);
    if (stored === undefined) throw new LightbenchError('record.not_found', `The run ${run.name} has no config.`);
    return runConfig.parse(stored.config);
  }

  /** @throws LightbenchError record.not_found when the dataset or the label set is gone */
  inputOf(run: Run, device: ChosenDevice): ExperimentInput {
    const { workspace } = this.#context;
    const plan = workspace.runs.plan(run.id) as StoredPlan | undefined;
    if (plan === undefined) throw new LightbenchError('record.not_found', `The run ${run.name} has no plan.`);
    return {
      workspaceFolder: workspace.folder,
      manifestDigest: this.#datasets.manifestDigest(run.datasetDigest),
      config: this.configOf(run),
      classes: [...plan.classes],
      columns: [...plan.columns],
      target: plan.target,
      labels: this.labelsOf(run),
      modelFileProgram: this.#modelFileProgram,
      ...this.#judgeOf(run),
      ...device,
    };
  }

  /** Of what a model draws, the best finished classifier of the same dataset is the judge. */
  #judgeOf({ task, datasetDigest }: Run): Pick<ExperimentInput, 'judge'> {
    if (task !== 'image-generation') return {};
    const { runs } = this.#context.workspace;
    const accuracyOf = ({ metrics }: Run) => metrics['test.accuracy'] ?? metrics['best.validation_accuracy'] ?? 0;
    const [best] = runs
      .list({ datasetDigest, limit: MOST_JUDGES })
      .filter((run) => run.task === 'image-classification' && run.status === 'FINISHED')
      .sort((a, b) => accuracyOf(b) - accuracyOf(a));
    if (best === undefined || best.bestCheckpoint === null) return {};
    return { judge: { runId: best.id, name: best.name, checkpointDigest: best.bestCheckpoint } };
  }

  /** What the run computed on before; null, and remembered, the first time. */
  computedOn(runId: string, device: ChosenDevice): ChosenDevice | null {
    const { workspace } = this.#context;
    const plan = workspace.runs.plan(runId) as StoredPlan;
    if (plan.device !== undefined) return plan.device;
    workspace.transaction(() => workspace.runs.updatePlan(runId, { ...plan, device }));
    return null;
  }

  /** Class of every item as the run learned it, −1 = left out; null where the task has none. */
  labelsOf(run: Run): Int32Array<ArrayBuffer> | null {
    if (classOriginOf(this.configOf(run)) !== 'labels') return null;
    const plan = this.#context.workspace.runs.plan(run.id) as StoredPlan | undefined;
    return classesOfItems(this.#datasets, this.#labels, run.datasetDigest, plan?.labelSet ?? null);
  }
}

/** Class of every item by a label set, or as the dataset came; −1 = left out. */
export function classesOfItems(
  datasets: TrainingDatasets,
  labels: TrainingLabels,
  datasetDigest: string,
  labelSet: Plan['labelSet'],
): Int32Array<ArrayBuffer> {
  return Int32Array.from(
    labelSet === null ? datasets.labels(datasetDigest) : labels.values(labelSet.labelSetId, labelSet.digest),
  );
}
