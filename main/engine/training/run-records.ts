import { isoTime } from '../../base/clock.ts';
import { Emitter } from '../../base/emitter.ts';
import { LightbenchError } from '../../contract/errors.ts';
import type { Evaluation } from '../../contract/evaluation.ts';
import type { Job } from '../../contract/jobs.ts';
import type { Checkpoint, MetricPoint, ModelSummary, Run, RunEvent } from '../../contract/training.ts';
import type { NewLedgerEntry, StoredArtifact, Workspace } from '../../storage/index.ts';
import type { EngineContext } from '../core/context.ts';

/** How often the tables of runs are told that a running run has new figures; whoever watches the run hears at once. */
const TELL_EVERY_MS = 1000;

/** Runs as they are stored: every change of one goes through here, so that it is kept, watched and told of alike. */
export class RunRecords {
  readonly #context: EngineContext;
  readonly #unstoredEnd: (jobId: string) => Job | undefined;
  readonly #watchers = new Emitter<{ readonly runId: string; readonly event: RunEvent }>();
  readonly #toldAt = new Map<string, number>();

  constructor(context: EngineContext, unstoredEnd: (jobId: string) => Job | undefined) {
    this.#context = context;
    this.#unstoredEnd = unstoredEnd;
  }

  /** @throws LightbenchError record.not_found */
  get(id: string): Run {
    const run = this.#context.workspace.runs.get(id);
    if (run === undefined) throw new LightbenchError('record.not_found', `No run has the id ${id}.`);
    return this.#asEnded(run);
  }

  list(filter: Parameters<Workspace['runs']['list']>[0]): Run[] {
    return this.#context.workspace.runs.list(filter).map((run) => this.#asEnded(run));
  }

  /** Tells that the job of the run has ended it. */
  tellEnd(id: string): void {
    this.#tell(this.get(id));
    this.#context.changed('ledger');
  }

  change(id: string, patch: Partial<Run>, entry?: NewLedgerEntry): Run {
    const { workspace } = this.#context;
    const run = workspace.transaction(() => {
      const next: Run = { ...this.get(id), ...patch };
      workspace.runs.update(next);
      if (entry !== undefined) workspace.ledger.append(entry);
      return next;
    });
    this.#tell(run);
    if (entry !== undefined) this.#context.changed('ledger');
    return run;
  }

  /** What the data made of the model that the config asked for. */
  changeModel(id: string, architecture: Omit<ModelSummary, 'memoryBytes' | 'provisional'>): void {
    const { runs } = this.#context.workspace;
    const memoryBytes = runs.summary(id)?.memoryBytes ?? 0;
    runs.updateSummary(id, { ...architecture, memoryBytes });
    this.change(id, { parameters: architecture.parameters });
  }

  addPoints(id: string, points: readonly MetricPoint[]): void {
    const last = points.at(-1);
    if (last === undefined) return;
    const { workspace } = this.#context;
    const run = workspace.transaction(() => {
      const before = this.get(id);
      workspace.runs.appendPoints(id, points);
      const metrics = Object.assign(
        {},
        before.metrics,
        ...points.map(({ values }) => ofTheRun(values)),
      ) as Run['metrics'];
      const next: Run = { ...before, step: last.step, epoch: last.epoch, metrics };
      workspace.runs.update(next);
      return next;
    });
    this.#watchers.emit({ runId: id, event: { type: 'points', runId: id, points: [...points] } });
    this.#watchers.emit({ runId: id, event: { type: 'run', run } });
    const now = performance.now();
    if (now - (this.#toldAt.get(id) ?? 0) < TELL_EVERY_MS) return;
    this.#toldAt.set(id, now);
    this.#context.changed('runs', [id]);
  }

  /** What a run that goes on from a checkpoint measures again. */
  forgetAfter(id: string, step: number): void {
    const { workspace } = this.#context;
    workspace.transaction(() => workspace.runs.deletePointsAfter(id, step));
  }

  /**
   * Keeps the checkpoint and forgets those it makes superfluous: a run needs its best one and its last one. The older
   * files go only after the new one is recorded.
   */
  addCheckpoint(
    id: string,
    artifact: StoredArtifact,
    found: Pick<Checkpoint, 'step' | 'epoch' | 'best' | 'metrics'>,
  ): Run {
    const { workspace, clock } = this.#context;
    const { run, orphans } = workspace.transaction(() => {
      const now = isoTime(clock);
      const before = this.get(id);
      workspace.runs.putCheckpoint({ ...found, ...artifact, runId: id, createdAt: now });
      workspace.artifactRecords.reference(artifact, 'checkpoint', checkpointOwner(id, found.step), 'checkpoint', now);
      const next: Run = {
        ...before,
        lastCheckpoint: artifact.digest,
        bestCheckpoint: found.best ? artifact.digest : before.bestCheckpoint,
        metrics: { ...before.metrics, ...found.metrics },
        step: Math.max(before.step, found.step),
      };
      workspace.runs.update(next);
      const superfluous = workspace.runs
        .checkpoints(id)
        .filter(({ digest }) => digest !== next.lastCheckpoint && digest !== next.bestCheckpoint);
      const released = superfluous.flatMap(({ step }) => {
        workspace.runs.deleteCheckpoint(id, step);
        return workspace.artifactRecords.release(checkpointOwner(id, step));
      });
      return { run: next, orphans: released };
    });
    for (const digest of orphans) workspace.artifacts.remove(digest);
    this.#tell(run);
    return run;
  }

  addEvaluation(
    id: string,
    found: Omit<Evaluation, 'runId' | 'datasetDigest' | 'createdAt'>,
    predictions: StoredArtifact,
  ): void {
    const { workspace, clock } = this.#context;
    const orphans = workspace.transaction(() => {
      const now = isoTime(clock);
      const { datasetDigest } = this.get(id);
      const owner = evaluationOwner(id, found.split);
      const released = workspace.artifactRecords.release(owner);
      workspace.artifactRecords.reference(predictions, 'predictions', owner, 'predictions', now);
      workspace.runs.putEvaluation({ ...found, runId: id, datasetDigest, createdAt: now }, predictions.digest);
      return released;
    });
    for (const digest of orphans) if (digest !== predictions.digest) workspace.artifacts.remove(digest);
    this.#context.changed('evaluation', [id]);
  }

  /** What the model of a run is made of stays in the workspace as long as the run. In the transaction that stores it. */
  keepModelFiles(id: string, files: readonly StoredArtifact[]): void {
    const { workspace, clock } = this.#context;
    for (const file of files)
      workspace.artifactRecords.reference(file, 'model file', modelOwner(id), 'model file', isoTime(clock));
  }

  /** Writes down where the kept checkpoints come from. */
  recordLineage(id: string): void {
    const { workspace } = this.#context;
    const run = this.get(id);
    workspace.transaction(() => {
      for (const [digest, what] of [
        [run.lastCheckpoint, 'Last checkpoint'],
        [run.bestCheckpoint, 'Best checkpoint'],
      ] as const) {
        if (digest === null) continue;
        workspace.lineage.node({ digest, kind: 'checkpoint', title: `${what} of ${run.name}` });
        workspace.lineage.edge(id, digest, 'trained');
      }
    });
  }

  delete(run: Run, actor: string): void {
    const { workspace } = this.#context;
    const orphans = workspace.transaction(() => {
      const owners = [
        modelOwner(run.id),
        ...workspace.runs.checkpoints(run.id).map(({ step }) => checkpointOwner(run.id, step)),
        ...workspace.runs.evaluations(run.id).map(({ evaluation }) => evaluationOwner(run.id, evaluation.split)),
      ];
      const released = owners.flatMap((owner) => workspace.artifactRecords.release(owner));
      workspace.runs.delete(run.id);
      workspace.ledger.append({
        actor,
        action: 'run.deleted',
        subject: run.id,
        summary: `${actor} deleted the run ${run.name}.`,
        payload: { config: run.configDigest, dataset: run.datasetDigest, bestCheckpoint: run.bestCheckpoint },
      });
      return released;
    });
    for (const digest of orphans) workspace.artifacts.remove(digest);
  }

  /** The present first: the run and all its points. */
  watch(id: string, emit: (event: RunEvent) => void): () => void {
    const run = this.get(id);
    emit({ type: 'run', run });
    emit({ type: 'points', runId: id, points: this.#context.workspace.runs.points(id) });
    return this.#watchers.on(({ runId, event }) => {
      if (runId === id) emit(event);
    });
  }

  /** A run whose end did not fit on the disk has ended all the same. */
  #asEnded(run: Run): Run {
    const job = this.#unstoredEnd(run.jobId);
    if (job?.state !== 'FAILED' && job?.state !== 'KILLED') return run;
    return { ...run, status: job.state, error: job.state === 'FAILED' ? job.error : null, endedAt: job.endedAt };
  }

  #tell(run: Run): void {
    this.#watchers.emit({ runId: run.id, event: { type: 'run', run } });
    this.#context.changed('runs', [run.id]);
  }
}

/** What stands in the run's row: figures of single layers and of single steps are for its page alone. */
function ofTheRun(values: MetricPoint['values']): MetricPoint['values'] {
  return Object.fromEntries(
    Object.entries(values).filter(([key]) => !key.startsWith('layer.') && key !== 'loss_spike'),
  );
}

function modelOwner(runId: string): string {
  return `run ${runId} model`;
}

function checkpointOwner(runId: string, step: number): string {
  return `run ${runId} checkpoint ${step}`;
}

function evaluationOwner(runId: string, split: string): string {
  return `run ${runId} evaluation on ${split}`;
}
