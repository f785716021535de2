import { isoTime } from '../../base/clock.ts';
import type { Job } from '../../contract/jobs.ts';
import type { RunConfig } from '../../contract/run-config.ts';
import type { Run } from '../../contract/training.ts';
import {
  type TrainerMessage,
  type TrainerResult,
  trainerMessage,
  trainerResult,
} from '../../contract/training-worker.ts';
import type { EngineContext } from '../core/context.ts';
import type { ChosenDevice } from '../devices/index.ts';
import type { JobContext, JobDefinition } from '../jobs/index.ts';
import { startWorker, type WorkerProcess } from '../processes/worker-process.ts';
import type { Experiments } from './experiments.ts';
import type { RunRecords } from './run-records.ts';

export interface TrainingDevices {
  /** @throws LightbenchError device.unavailable */
  choose(config: Pick<RunConfig, 'device' | 'threads'>, operators?: ReadonlySet<string>): Promise<ChosenDevice>;
}

const describeDevice = ({ provider, blockSize, native }: ChosenDevice): string =>
  [provider, blockSize && `blocks of ${blockSize} channels`, native && 'operators of the addon']
    .filter(Boolean)
    .join(', ');

/** Why a run ended, for its log. */
const ENDINGS: Readonly<Record<TrainerResult['reason'], string>> = {
  complete: 'All epochs are done.',
  early_stopping: 'Stopped early: validation no longer improved. The best weights were evaluated.',
  stopped: 'Stopped on request. The best weights so far were evaluated.',
  paused: 'Paused.',
};

interface Specification {
  readonly runId: string;
  /** What the model is computed by, where its device is to be looked at for it. */
  readonly operators?: readonly string[];
}

/** The job of a run: one process that trains, then evaluates. */
export class TrainingJob implements JobDefinition {
  readonly kind = 'training';
  readonly concurrency = 1;
  readonly #context: EngineContext;
  readonly #records: RunRecords;
  readonly #experiments: Experiments;
  readonly #devices: TrainingDevices;
  readonly #workers = new Map<string, WorkerProcess>();
  /** Runs that go on only to be evaluated. */
  readonly #finishing = new Set<string>();

  constructor(context: EngineContext, records: RunRecords, experiments: Experiments, devices: TrainingDevices) {
    this.#context = context;
    this.#records = records;
    this.#experiments = experiments;
    this.#devices = devices;
  }

  /** Tells the process of a run something; false when it has none. */
  tell(runId: string, type: 'pause' | 'finish'): boolean {
    const worker = this.#workers.get(runId);
    worker?.send({ type });
    return worker !== undefined;
  }

  /** When the run goes on, it takes no further step: what it has is evaluated. */
  finishNext(runId: string): void {
    this.#finishing.add(runId);
  }

  async run(specification: unknown, job: JobContext): Promise<'finished' | 'paused'> {
    const { runId, operators = [] } = specification as Specification;
    try {
      return await this.#train(runId, new Set(operators), job);
    } finally {
      this.#workers.delete(runId);
    }
  }

  /** In the transaction that stores how the job ended: the run says the same. What it made is stored before. */
  ended(specification: unknown, job: Job): void {
    const { runId } = specification as Specification;
    const { workspace } = this.#context;
    const run = workspace.runs.get(runId);
    this.#finishing.delete(runId);
    if (run === undefined || (job.state !== 'FAILED' && job.state !== 'KILLED')) return;
    const { state, error, endedAt } = job;
    const code = error?.code ?? 'internal.unexpected';
    const interrupted = code === 'job.interrupted';
    workspace.runs.update({ ...run, status: state, error: state === 'FAILED' ? error : null, endedAt });
    workspace.ledger.append({
      actor: interrupted ? 'lightbench' : job.createdBy,
      action: state === 'KILLED' ? 'run.killed' : 'run.failed',
      subject: runId,
      summary: `The run ${run.name} ${state === 'KILLED' ? 'was cancelled.' : interrupted ? 'was interrupted.' : `failed: ${error?.cause}`}`,
      payload: { code, lastCheckpoint: run.lastCheckpoint },
    });
    this.#records.recordLineage(runId);
  }

  async #train(runId: string, operators: ReadonlySet<string>, job: JobContext): Promise<'finished' | 'paused'> {
    const { workspace, clock } = this.#context;
    const stored = this.#records.get(runId);
    const config = this.#experiments.configOf(stored);
    const device = await this.#devices.choose({ device: config.device, threads: stored.threads }, operators);
    job.signal.throwIfAborted();
    const before = this.#experiments.computedOn(runId, device);
    if (before !== null && describeDevice(before) !== describeDevice(device))
      job.log(
        'warning',
        `The run began on ${describeDevice(before)} and goes on on ${describeDevice(device)}: its weights will not be those of an unbroken run to the bit.`,
      );
    const points = workspace.runs.points(runId);
    const last = workspace.runs.checkpoints(runId).find(({ digest }) => digest === stored.lastCheckpoint);
    this.#records.forgetAfter(runId, last?.step ?? 0);
    const run = this.#records.change(runId, {
      status: 'RUNNING',
      device: device.provider,
      threads: device.threads,
      startedAt: stored.startedAt ?? isoTime(clock),
      endedAt: null,
      error: null,
      step: last?.step ?? 0,
      epoch: last?.epoch ?? 0,
    });
    const worker = startWorker({
      entry: this.#context.workerEntry,
      name: 'trainer',
      input: {
        ...this.#experiments.inputOf(run, device),
        resume:
          last === undefined
            ? null
            : {
                checkpointDigest: last.digest,
                bestCheckpointDigest: run.bestCheckpoint,
                elapsedMs: points.findLast((point) => point.step <= last.step)?.elapsedMs ?? 0,
              },
      },
      messages: trainerMessage,
      onMessage: (message) => this.#hear(runId, message, job),
      onStderr: (line) => job.log('warning', line),
      signal: job.signal,
    });
    this.#workers.set(runId, worker);
    if (this.#finishing.delete(runId)) worker.send({ type: 'finish' });
    const result = trainerResult.parse(await worker.result);
    if (result.outcome === 'paused') {
      this.#records.change(runId, { status: 'PAUSED', step: result.step });
      this.#records.recordLineage(runId);
      return 'paused';
    }
    this.#finish(runId, result.reason, result.step, result.metrics);
    job.log('info', ENDINGS[result.reason]);
    return 'finished';
  }

  #hear(runId: string, message: TrainerMessage, job: JobContext): void {
    switch (message.type) {
      case 'model':
        this.#records.changeModel(runId, message.architecture);
        return;
      case 'started': {
        this.#records.change(runId, { totalSteps: message.totalSteps, step: message.step });
        const { trainCount, validationCount, stepsPerEpoch } = message;
        job.log(
          'info',
          `${trainCount} items to train on, ${validationCount} to validate on, ${stepsPerEpoch} steps an epoch.`,
        );
        return;
      }
      case 'points':
        this.#records.addPoints(runId, message.points);
        return;
      case 'checkpoint':
        this.#records.addCheckpoint(runId, message.artifact, message);
        return;
      case 'evaluation':
        this.#records.addEvaluation(runId, message.evaluation, message.predictions);
        return;
      case 'progress':
        job.progress(message);
        return;
      case 'log':
        job.log(message.level, message.text);
        return;
    }
  }

  #finish(runId: string, reason: string, step: number, metrics: Run['metrics']): void {
    const before = this.#records.get(runId);
    const run = this.#records.change(
      runId,
      {
        status: 'FINISHED',
        endedAt: isoTime(this.#context.clock),
        step,
        // Without validation there is no best checkpoint but the last.
        bestCheckpoint: before.bestCheckpoint ?? before.lastCheckpoint,
        metrics: { ...before.metrics, ...metrics },
      },
      {
        actor: before.createdBy,
        action: 'run.finished',
        subject: runId,
        summary: `The run ${before.name} finished (${reason.replaceAll('_', ' ')}).`,
        payload: { reason, step, bestCheckpoint: before.bestCheckpoint ?? before.lastCheckpoint, metrics },
      },
    );
    this.#records.recordLineage(run.id);
  }
}
