import type { Database } from 'better-sqlite3';
import type { Split } from '../../contract/datasets.ts';
import type { Evaluation } from '../../contract/evaluation.ts';
import type { Checkpoint, MetricPoint, ModelSummary, Run } from '../../contract/training.ts';

interface PointRow {
  readonly step: number;
  readonly epoch: number;
  readonly elapsed_ms: number;
  readonly values: string;
}

/** Runs with their configs, metric points, checkpoints and evaluations. */
export class RunsTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  insertConfig(digest: string, yaml: string, config: unknown): void {
    this.#database
      .prepare('INSERT INTO configs (digest, yaml, config) VALUES (?, ?, ?) ON CONFLICT DO NOTHING')
      .run(digest, yaml, JSON.stringify(config));
  }

  config(digest: string): { readonly yaml: string; readonly config: unknown } | undefined {
    const row = this.#database.prepare('SELECT yaml, config FROM configs WHERE digest = ?').get(digest) as
      | { yaml: string; config: string }
      | undefined;
    return row && { yaml: row.yaml, config: JSON.parse(row.config) };
  }

  /** `plan` is what the domain needs to compile the model again: plain JSON, read back by the domain that made it. */
  insert(run: Run, summary: ModelSummary, plan: unknown): void {
    this.#database
      .prepare(
        'INSERT INTO runs (id, experiment, status, created_at, dataset_digest, config_digest, record, summary, plan) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
      )
      .run(
        run.id,
        run.experiment,
        run.status,
        run.createdAt,
        run.datasetDigest,
        run.configDigest,
        JSON.stringify(run),
        JSON.stringify(summary),
        JSON.stringify(plan),
      );
  }

  update(run: Run): void {
    this.#database
      .prepare('UPDATE runs SET status = ?, record = ? WHERE id = ?')
      .run(run.status, JSON.stringify(run), run.id);
  }

  get(id: string): Run | undefined {
    const record = this.#database.prepare('SELECT record FROM runs WHERE id = ?').pluck().get(id) as string | undefined;
    return record === undefined ? undefined : JSON.parse(record);
  }

  summary(id: string): ModelSummary | undefined {
    return this.#json<ModelSummary>('SELECT summary FROM runs WHERE id = ?', id);
  }

  updateSummary(id: string, summary: ModelSummary): void {
    this.#database.prepare('UPDATE runs SET summary = ? WHERE id = ?').run(JSON.stringify(summary), id);
  }

  plan(id: string): unknown {
    return this.#json<unknown>('SELECT plan FROM runs WHERE id = ?', id);
  }

  updatePlan(id: string, plan: unknown): void {
    this.#database.prepare('UPDATE runs SET plan = ? WHERE id = ?').run(JSON.stringify(plan), id);
  }

  /** Newest first. */
  list(filter: {
    readonly experiment?: string | undefined;
    readonly datasetDigest?: string | undefined;
    readonly limit: number;
  }): Run[] {
    const records = this.#database
      .prepare(
        `SELECT record FROM runs WHERE (@experiment IS NULL OR experiment = @experiment)
         AND (@datasetDigest IS NULL OR dataset_digest = @datasetDigest) ORDER BY created_at DESC, id DESC LIMIT @limit`,
      )
      .pluck()
      .all({
        experiment: filter.experiment ?? null,
        datasetDigest: filter.datasetDigest ?? null,
        limit: filter.limit,
      }) as string[];
    return records.map((record) => JSON.parse(record) as Run);
  }

  /** Its points, checkpoints and evaluations go with it. */
  delete(id: string): void {
    this.#database.prepare('DELETE FROM runs WHERE id = ?').run(id);
  }

  appendPoints(runId: string, points: readonly MetricPoint[]): void {
    const next = this.#database
      .prepare('SELECT coalesce(max(number), 0) + 1 FROM run_points WHERE run_id = ?')
      .pluck()
      .get(runId) as number;
    const insert = this.#database.prepare(
      'INSERT INTO run_points (run_id, number, step, epoch, elapsed_ms, "values") VALUES (?, ?, ?, ?, ?, ?)',
    );
    points.forEach((point, index) => {
      insert.run(runId, next + index, point.step, point.epoch, point.elapsedMs, JSON.stringify(point.values));
    });
  }

  /** Forgets the points after a step: what a resumed run goes over again. */
  deletePointsAfter(runId: string, step: number): void {
    this.#database.prepare('DELETE FROM run_points WHERE run_id = ? AND step > ?').run(runId, step);
  }

  /** In the order in which they were measured. */
  points(runId: string): MetricPoint[] {
    const rows = this.#database
      .prepare('SELECT step, epoch, elapsed_ms, "values" FROM run_points WHERE run_id = ? ORDER BY number')
      .all(runId) as PointRow[];
    return rows.map((row) => ({
      step: row.step,
      epoch: row.epoch,
      elapsedMs: row.elapsed_ms,
      values: JSON.parse(row.values),
    }));
  }

  /** A checkpoint at the same step replaces the one before: it is the same but for what is known of it. */
  putCheckpoint(checkpoint: Checkpoint): void {
    this.#database
      .prepare(
        `INSERT INTO checkpoints (run_id, step, digest, record) VALUES (?, ?, ?, ?)
         ON CONFLICT (run_id, step) DO UPDATE SET digest = excluded.digest, record = excluded.record`,
      )
      .run(checkpoint.runId, checkpoint.step, checkpoint.digest, JSON.stringify(checkpoint));
  }

  deleteCheckpoint(runId: string, step: number): void {
    this.#database.prepare('DELETE FROM checkpoints WHERE run_id = ? AND step = ?').run(runId, step);
  }

  /** Earliest first. */
  checkpoints(runId: string): Checkpoint[] {
    const records = this.#database
      .prepare('SELECT record FROM checkpoints WHERE run_id = ? ORDER BY step')
      .pluck()
      .all(runId) as string[];
    return records.map((record) => JSON.parse(record) as Checkpoint);
  }

  putEvaluation(evaluation: Evaluation, predictionsDigest: string): void {
    this.#database
      .prepare(
        `INSERT INTO evaluations (run_id, split, record, predictions_digest) VALUES (?, ?, ?, ?)
         ON CONFLICT (run_id, split) DO UPDATE SET record = excluded.record, predictions_digest = excluded.predictions_digest`,
      )
      .run(evaluation.runId, evaluation.split, JSON.stringify(evaluation), predictionsDigest);
  }

  evaluations(runId: string): { readonly evaluation: Evaluation; readonly predictionsDigest: string }[] {
    const rows = this.#database
      .prepare('SELECT record, predictions_digest FROM evaluations WHERE run_id = ? ORDER BY split')
      .all(runId) as { record: string; predictions_digest: string }[];
    return rows.map((row) => ({ evaluation: JSON.parse(row.record), predictionsDigest: row.predictions_digest }));
  }

  evaluation(
    runId: string,
    split: Split,
  ): { readonly evaluation: Evaluation; readonly predictionsDigest: string } | undefined {
    return this.evaluations(runId).find((entry) => entry.evaluation.split === split);
  }

  #json<T>(sql: string, id: string): T | undefined {
    const text = this.#database.prepare(sql).pluck().get(id) as string | undefined;
    return text === undefined ? undefined : JSON.parse(text);
  }
}
