import type { Database } from 'better-sqlite3';
import type { Job, JobKind, JobLogLine, JobState } from '../../contract/jobs.ts';

interface Row {
  readonly id: string;
  readonly kind: JobKind;
  readonly title: string;
  readonly state: JobState;
  readonly progress: string | null;
  readonly created_at: string;
  readonly created_by: string;
  readonly started_at: string | null;
  readonly ended_at: string | null;
  readonly error: string | null;
  readonly cancellable: number;
  readonly resumable: number;
  readonly subject: string;
  readonly specification: string;
}

export class JobsTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** `specification` is what is needed to start the job again: plain JSON, read back by the domain that made it. */
  insert(job: Job, specification: unknown): void {
    this.#database
      .prepare(
        `INSERT INTO jobs (id, kind, title, state, progress, created_at, created_by, started_at, ended_at, error, cancellable, resumable, subject, specification)
         VALUES (@id, @kind, @title, @state, @progress, @created_at, @created_by, @started_at, @ended_at, @error, @cancellable, @resumable, @subject, @specification)`,
      )
      .run({ ...toRow(job), specification: JSON.stringify(specification) });
  }

  update(job: Job): void {
    const { id, state, progress, started_at, ended_at, error, cancellable, resumable, subject, title } = toRow(job);
    this.#database
      .prepare(
        `UPDATE jobs SET title = @title, state = @state, progress = @progress, started_at = @started_at, ended_at = @ended_at, error = @error,
         cancellable = @cancellable, resumable = @resumable, subject = @subject WHERE id = @id`,
      )
      .run({ id, title, state, progress, started_at, ended_at, error, cancellable, resumable, subject });
  }

  get(id: string): Job | undefined {
    const row = this.#database.prepare('SELECT * FROM jobs WHERE id = ?').get(id) as Row | undefined;
    return row && toJob(row);
  }

  specification(id: string): unknown {
    const text = this.#database.prepare('SELECT specification FROM jobs WHERE id = ?').pluck().get(id) as
      | string
      | undefined;
    return text === undefined ? undefined : JSON.parse(text);
  }

  list(filter: { states?: readonly JobState[] | undefined; kind?: JobKind | undefined; limit: number }): Job[] {
    const rows = this.#database
      .prepare(
        `SELECT * FROM jobs WHERE (@kind IS NULL OR kind = @kind) AND (@states IS NULL OR state IN (SELECT value FROM json_each(@states)))
         ORDER BY created_at DESC, id DESC LIMIT @limit`,
      )
      .all({
        kind: filter.kind ?? null,
        states: filter.states ? JSON.stringify(filter.states) : null,
        limit: filter.limit,
      }) as Row[];
    return rows.map(toJob);
  }

  appendLog(jobId: string, line: JobLogLine): void {
    this.#database
      .prepare(
        'INSERT INTO job_log (job_id, number, time, level, text) SELECT @jobId, coalesce(max(number), 0) + 1, @time, @level, @text FROM job_log WHERE job_id = @jobId',
      )
      .run({ jobId, ...line });
  }

  log(jobId: string, after: number): { lines: JobLogLine[]; next: number } {
    const rows = this.#database
      .prepare('SELECT number, time, level, text FROM job_log WHERE job_id = ? AND number > ? ORDER BY number')
      .all(jobId, after) as (JobLogLine & { number: number })[];
    return { lines: rows.map(({ time, level, text }) => ({ time, level, text })), next: rows.at(-1)?.number ?? after };
  }
}

function toRow(job: Job) {
  return {
    id: job.id,
    kind: job.kind,
    title: job.title,
    state: job.state,
    progress: job.progress && JSON.stringify(job.progress),
    created_at: job.createdAt,
    created_by: job.createdBy,
    started_at: job.startedAt,
    ended_at: job.endedAt,
    error: job.error && JSON.stringify(job.error),
    cancellable: Number(job.cancellable),
    resumable: Number(job.resumable),
    subject: JSON.stringify(job.subject),
  };
}

function toJob(row: Row): Job {
  return {
    id: row.id,
    kind: row.kind,
    title: row.title,
    state: row.state,
    progress: row.progress === null ? null : JSON.parse(row.progress),
    createdAt: row.created_at,
    createdBy: row.created_by,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    error: row.error === null ? null : JSON.parse(row.error),
    cancellable: row.cancellable === 1,
    resumable: row.resumable === 1,
    subject: JSON.parse(row.subject),
  };
}
