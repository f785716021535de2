import { isoTime } from '../../base/clock.ts';
import { newId } from '../../base/ids.ts';
import { LightbenchError } from '../../contract/errors.ts';
import type { Job, JobKind, JobLogLine, JobProgress } from '../../contract/jobs.ts';
import type { EngineContext, HandlersOf } from '../core/context.ts';
import { ProgressMeter } from './progress-meter.ts';

const STORE_EVERY_MS = 1000;
const TELL_EVERY_MS = 100;
const STORE_LATER_MS = 2000;
const FINAL = new Set<Job['state']>(['FINISHED', 'FAILED', 'KILLED']);

/** What a running job has in its hands. */
export interface JobContext {
  readonly jobId: string;
  readonly createdBy: string;
  /** True when the job ran before and goes on from what it saved. */
  readonly resumed: boolean;
  /** Aborted by cancel and by the shutdown of the engine. */
  readonly signal: AbortSignal;
  progress(progress: Pick<JobProgress, 'phase' | 'done' | 'total' | 'unit'>): void;
  log(level: JobLogLine['level'], text: string): void;
  /** Adds to what the job is about: digests and ids of what it makes. */
  subject(patch: Readonly<Record<string, string>>): void;
}

export interface JobDefinition {
  readonly kind: JobKind;
  /** How many of the kind run at a time; the rest wait as SCHEDULED. */
  readonly concurrency: number;
  /** Does the work. Returning 'paused' leaves the job PAUSED, to be resumed. Throw to fail. */
  run(specification: unknown, context: JobContext): Promise<'finished' | 'paused'>;
  /**
   * Called in the transaction that stores how a job ended, so that what the job was about is stored as ended with it or
   * not at all. Also for jobs that were cancelled while they waited, and at the start for those that a crash cut off.
   */
  ended?(specification: unknown, job: Job): void;
}

export interface NewJob {
  readonly kind: JobKind;
  readonly title: string;
  readonly createdBy: string;
  readonly specification: unknown;
  readonly subject?: Readonly<Record<string, string>>;
  readonly resumable: boolean;
}

interface Running {
  readonly abort: AbortController;
  readonly ended: Promise<void>;
}

/** Long work: state that survives a restart, typed progress, a log, cancel, resume. */
export class Jobs {
  readonly #context: EngineContext;
  readonly #definitions = new Map<JobKind, JobDefinition>();
  readonly #running = new Map<string, Running>();
  readonly #live = new Map<string, Job>();
  /** Ends that could not be stored, as on a full disk: known here until they can be. */
  readonly #unstored = new Map<string, Job>();
  #storeLaterTimer: NodeJS.Timeout | undefined;
  readonly #queue: { readonly job: Job; readonly resumed: boolean }[] = [];
  #closing = false;

  readonly handlers: HandlersOf<'jobs'> = {
    'jobs.list': (input) =>
      this.#context.workspace.jobs
        .list(input)
        .map((job) => this.#live.get(job.id) ?? this.#unstored.get(job.id) ?? job),
    'jobs.get': ({ id }) => this.get(id),
    'jobs.wait': ({ id, timeoutMs }, caller) => this.wait(id, timeoutMs, caller.signal),
    'jobs.log': ({ id, after }) => {
      this.get(id);
      return this.#context.workspace.jobs.log(id, after);
    },
    'jobs.cancel': ({ id }) => this.cancel(id),
    'jobs.resume': ({ id }) => this.resume(id),
  };

  constructor(context: EngineContext) {
    this.#context = context;
  }

  define(definition: JobDefinition): void {
    this.#definitions.set(definition.kind, definition);
  }

  /** Marks the jobs that died with the last process. Call once, after every `define`. */
  recover(): Job[] {
    const { workspace } = this.#context;
    return workspace.transaction(() =>
      workspace.jobs.list({ states: ['RUNNING', 'SCHEDULED'], limit: 1_000_000 }).map((job) => {
        const error = new LightbenchError(
          'job.interrupted',
          `Lightbench ended while “${job.title}” was ${job.state === 'RUNNING' ? 'running' : 'waiting'}.`,
        ).toRecord();
        const failed: Job = {
          ...job,
          state: 'FAILED',
          error,
          endedAt: isoTime(this.#context.clock),
          cancellable: false,
        };
        this.#storeEnd(failed, error.cause);
        return failed;
      }),
    );
  }

  start(request: NewJob): Job {
    const job: Job = {
      id: newId('job', this.#context.clock.nowMs()),
      kind: request.kind,
      title: request.title,
      state: 'SCHEDULED',
      progress: null,
      createdAt: isoTime(this.#context.clock),
      createdBy: request.createdBy,
      startedAt: null,
      endedAt: null,
      error: null,
      cancellable: true,
      resumable: request.resumable,
      subject: { ...request.subject },
    };
    this.#context.workspace.jobs.insert(job, request.specification);
    this.#enqueue(job, false);
    return this.get(job.id);
  }

  get(id: string): Job {
    const job = this.#live.get(id) ?? this.#unstored.get(id) ?? this.#context.workspace.jobs.get(id);
    if (job === undefined) throw new LightbenchError('record.not_found', `No job has the id ${id}.`);
    return job;
  }

  /** How a job ended, as long as the disk has no room to say so. */
  unstoredEnd(id: string): Job | undefined {
    return this.#unstored.get(id);
  }

  cancel(id: string): Job {
    const job = this.get(id);
    if (FINAL.has(job.state))
      throw new LightbenchError('job.wrong_state', `“${job.title}” has already ended (${job.state}).`);
    const waiting = this.#queue.findIndex((entry) => entry.job.id === id);
    if (waiting >= 0) this.#queue.splice(waiting, 1);
    const running = this.#running.get(id);
    if (running) running.abort.abort(new LightbenchError('job.cancelled', `“${job.title}” was cancelled.`));
    else
      this.#end(job, 'KILLED', new LightbenchError('job.cancelled', `“${job.title}” was cancelled before it went on.`));
    return this.get(id);
  }

  resume(id: string): Job {
    const job = this.get(id);
    if (!job.resumable || !(job.state === 'PAUSED' || job.state === 'FAILED' || job.state === 'KILLED')) {
      throw new LightbenchError('job.wrong_state', `“${job.title}” is ${job.state} and cannot be resumed.`);
    }
    const scheduled: Job = { ...job, state: 'SCHEDULED', error: null, endedAt: null, cancellable: true };
    this.#context.workspace.transaction(() => {
      // It may have room by now, before the next try.
      const unstored = this.#unstored.get(id);
      if (unstored !== undefined) this.#storeEnd(unstored);
      this.#context.workspace.jobs.update(scheduled);
    });
    this.#unstored.delete(id);
    this.#enqueue(scheduled, true);
    return this.get(id);
  }

  async wait(id: string, timeoutMs: number, signal?: AbortSignal): Promise<Job> {
    const settled = (job: Job) => FINAL.has(job.state) || job.state === 'PAUSED';
    if (settled(this.get(id))) return this.get(id);
    return new Promise((resolve) => {
      const finish = () => {
        clearTimeout(timer);
        stopListening();
        signal?.removeEventListener('abort', finish);
        resolve(this.get(id));
      };
      const timer = setTimeout(finish, timeoutMs);
      const stopListening = this.#context.events.on((event) => {
        if (event.type === 'job' && event.job.id === id && settled(event.job)) finish();
      });
      signal?.addEventListener('abort', finish, { once: true });
    });
  }

  /** Stops everything that runs; what can be resumed is marked so at the next start. */
  async close(): Promise<void> {
    this.#closing = true;
    clearInterval(this.#storeLaterTimer);
    const ends = [...this.#running.values()].map((running) => {
      running.abort.abort(new LightbenchError('job.interrupted', 'Lightbench was closed.'));
      return running.ended;
    });
    await Promise.all(ends);
  }

  #enqueue(job: Job, resumed: boolean): void {
    this.#queue.push({ job, resumed });
    this.#tell(job);
    this.#startWaiting();
  }

  #startWaiting(): void {
    if (this.#closing) return;
    for (const entry of [...this.#queue]) {
      const definition = this.#definitions.get(entry.job.kind);
      if (definition === undefined) throw new Error(`No domain runs jobs of the kind ${entry.job.kind}`);
      const sameKind = [...this.#running.keys()].filter((id) => this.#live.get(id)?.kind === entry.job.kind).length;
      if (sameKind >= definition.concurrency) continue;
      this.#queue.splice(this.#queue.indexOf(entry), 1);
      this.#run(definition, entry.job, entry.resumed);
    }
  }

  #run(definition: JobDefinition, job: Job, resumed: boolean): void {
    const { workspace, clock } = this.#context;
    const abort = new AbortController();
    const meter = new ProgressMeter();
    let storedAt = 0;
    let toldAt = 0;
    const change = (patch: Partial<Job>, store: boolean) => {
      const next = { ...(this.#live.get(job.id) ?? job), ...patch };
      this.#live.set(job.id, next);
      if (store) workspace.jobs.update(next);
      return next;
    };
    const log: JobContext['log'] = (level, text) =>
      workspace.jobs.appendLog(job.id, { time: isoTime(clock), level, text });
    const context: JobContext = {
      jobId: job.id,
      createdBy: job.createdBy,
      resumed,
      signal: abort.signal,
      log,
      progress: (progress) => {
        const now = performance.now();
        const store = now - storedAt > STORE_EVERY_MS;
        if (store) storedAt = now;
        const next = change({ progress: meter.measure(progress, now) }, store);
        if (now - toldAt < TELL_EVERY_MS) return;
        toldAt = now;
        this.#tell(next);
      },
      subject: (patch) => void change({ subject: { ...this.#live.get(job.id)?.subject, ...patch } }, true),
    };
    const started = change({ state: 'RUNNING', startedAt: isoTime(clock), error: null, endedAt: null }, true);
    log('info', resumed ? 'Resumed' : 'Started');
    this.#tell(started);
    const ended = (async () => {
      try {
        const outcome = await definition.run(workspace.jobs.specification(job.id), context);
        this.#end(this.get(job.id), outcome === 'paused' ? 'PAUSED' : 'FINISHED', null);
      } catch (error) {
        const reason = abort.signal.aborted ? LightbenchError.from(abort.signal.reason) : LightbenchError.from(error);
        this.#end(this.get(job.id), reason.code === 'job.cancelled' ? 'KILLED' : 'FAILED', reason);
      } finally {
        this.#running.delete(job.id);
        this.#live.delete(job.id);
        this.#startWaiting();
      }
    })();
    this.#running.set(job.id, { abort, ended });
  }

  #end(job: Job, state: Job['state'], error: LightbenchError | null): void {
    const ended: Job = {
      ...job,
      state,
      error: error?.toRecord() ?? null,
      endedAt: isoTime(this.#context.clock),
      cancellable: state === 'PAUSED',
    };
    this.#live.delete(job.id);
    try {
      this.#storeEnd(ended);
    } catch {
      this.#unstored.set(job.id, ended);
      this.#storeLater();
    }
    this.#tell(ended);
  }

  #storeEnd(ended: Job, text = describeEnd(ended)): void {
    const { workspace, clock } = this.#context;
    workspace.transaction(() => {
      workspace.jobs.update(ended);
      workspace.jobs.appendLog(ended.id, {
        time: ended.endedAt ?? isoTime(clock),
        level: ended.error ? 'error' : 'info',
        text,
      });
      this.#definitions.get(ended.kind)?.ended?.(workspace.jobs.specification(ended.id), ended);
    });
  }

  /** Tries again until the disk has room. What is still unstored when the engine ends is found by `recover`. */
  #storeLater(): void {
    this.#storeLaterTimer ??= setInterval(() => {
      for (const [id, ended] of this.#unstored) {
        try {
          this.#storeEnd(ended);
          this.#unstored.delete(id);
        } catch {
          return;
        }
      }
      clearInterval(this.#storeLaterTimer);
      this.#storeLaterTimer = undefined;
    }, STORE_LATER_MS).unref();
  }

  #tell(job: Job): void {
    this.#context.events.emit({ type: 'job', job });
  }
}

function describeEnd({ state, error }: Job): string {
  if (error !== null) return `${error.title}: ${error.cause}`;
  return state === 'PAUSED' ? 'Paused' : 'Finished';
}
