import { LightbenchError } from '../../contract/errors.ts';
import type { RunConfig } from '../../contract/run-config.ts';
import { type TrialResult, trialResult } from '../../contract/trial-results.ts';
import { type TrialInput, type TrialQuestion, trialMessage, trialQuestion } from '../../contract/trials.ts';
import type { Caller, EngineContext } from '../core/context.ts';
import type { JobContext, JobDefinition, Jobs } from '../jobs/index.ts';
import { startWorker } from '../processes/worker-process.ts';
import { classesOfItems } from './experiments.ts';
import type { Plan, TrainingDatasets, TrainingLabels, TrainingModelFiles } from './plan.ts';
import { classOriginOf } from './task-plans.ts';
import type { TrainingDevices } from './training-job.ts';

interface Specification {
  readonly yaml: string;
  readonly question: TrialQuestion;
}

interface TrialNeighbours {
  readonly datasets: TrainingDatasets;
  readonly labels: TrainingLabels;
  readonly modelFiles: TrainingModelFiles;
  readonly devices: TrainingDevices & { threadsOf(config: RunConfig): number };
}

type Check = (yaml: string) => Promise<Plan>;

const titles: Readonly<Record<TrialQuestion['kind'], string>> = {
  learning_rate: 'Find a learning rate',
  one_batch: 'Learn one batch',
};

/** Short trainings that leave no run behind. What they found is kept with their job. */
export class Trials implements JobDefinition {
  readonly kind = 'trial';
  readonly concurrency = 1;
  readonly #context: EngineContext;
  readonly #jobs: Jobs;
  readonly #neighbours: TrialNeighbours;
  readonly #check: Check;

  /** @param check what a config plans; throws when it is not sound */
  constructor(context: EngineContext, jobs: Jobs, neighbours: TrialNeighbours, check: Check) {
    this.#context = context;
    this.#jobs = jobs;
    this.#neighbours = neighbours;
    this.#check = check;
    jobs.define(this);
  }

  /** @throws LightbenchError config.invalid, config.unknown_key */
  async start(yaml: string, question: TrialQuestion, caller: Caller): Promise<{ jobId: string }> {
    if (question.kind === 'learning_rate' && question.minimum >= question.maximum)
      throw new LightbenchError('request.invalid', 'The lowest rate of the sweep is not below the highest.');
    const { config } = await this.#check(yaml);
    if (config.model.kind === 'ensemble' && config.model.combine === 'average')
      throw new LightbenchError('request.invalid', 'An average of trained models learns nothing.', {
        suggestion: 'Start the run: it only evaluates.',
      });
    const specification: Specification = { yaml, question };
    const job = this.#jobs.start({
      kind: this.kind,
      title: `${titles[question.kind]}: ${config.name || config.model.kind}`,
      createdBy: caller.userName,
      specification,
      resumable: false,
    });
    return { jobId: job.id };
  }

  /** What a trial found; null as long as it has not ended well. */
  resultOf(jobId: string): TrialResult | null {
    const { subject } = this.#jobs.get(jobId);
    return subject.result === undefined ? null : trialResult.parse(JSON.parse(subject.result));
  }

  async run(specification: unknown, job: JobContext): Promise<'finished'> {
    const { yaml, question } = specification as Specification;
    const plan = await this.#check(yaml);
    const worker = startWorker({
      entry: this.#context.workerEntry,
      name: 'trial',
      input: await this.#inputOf(plan, trialQuestion.parse(question)),
      messages: trialMessage,
      onMessage: (message) => job.progress(message),
      onStderr: (line) => job.log('warning', line),
      signal: job.signal,
    });
    const result = trialResult.parse(await worker.result);
    job.subject({ result: JSON.stringify(result) });
    return 'finished';
  }

  async #inputOf(plan: Plan, question: TrialQuestion): Promise<TrialInput> {
    const { datasets, devices } = this.#neighbours;
    const { config, dataset } = plan;
    return {
      workspaceFolder: this.#context.workspace.folder,
      manifestDigest: datasets.manifestDigest(dataset.digest),
      config,
      classes: [...plan.classes],
      columns: [...plan.columns],
      target: plan.target,
      labels: this.#labelsOf(plan, config),
      modelFileProgram: this.#neighbours.modelFiles.programPath,
      ...(await devices.choose({ device: config.device, threads: devices.threadsOf(config) }, plan.operators)),
      question,
    };
  }

  #labelsOf({ labelSet, dataset }: Plan, config: RunConfig): Int32Array<ArrayBuffer> | null {
    if (classOriginOf(config) !== 'labels') return null;
    const { datasets, labels } = this.#neighbours;
    return classesOfItems(datasets, labels, dataset.digest, labelSet);
  }
}
