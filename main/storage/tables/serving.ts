import type { Database } from 'better-sqlite3';
import type { Bundle, PredictionRecord } from '../../contract/serving.ts';

export interface StoredDeployment {
  readonly endpoint: string;
  readonly modelName: string;
  /** Where the server listened last. */
  readonly port: number | null;
  /** A person asked for just this port. */
  readonly portFixed: boolean;
  readonly desiredState: 'RUNNING' | 'STOPPED';
  readonly startedAt: string | null;
}

export interface DeploymentChange {
  readonly endpoint: string;
  readonly bundleDigest: string;
  readonly version: number;
  readonly at: string;
  readonly by: string;
  readonly reason: 'deploy' | 'rollback';
}

interface DeploymentRow {
  readonly endpoint: string;
  readonly model_name: string;
  readonly port: number | null;
  readonly port_fixed: number;
  readonly desired_state: StoredDeployment['desiredState'];
  readonly started_at: string | null;
}

export class ServingTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** An export of the same version makes the same bytes, so the same digest: its record is replaced. */
  putBundle(bundle: Bundle): void {
    this.#database
      .prepare(
        `INSERT INTO bundles (digest, model_name, version, created_at, record) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (digest) DO UPDATE SET created_at = excluded.created_at, record = excluded.record`,
      )
      .run(bundle.digest, bundle.modelName, bundle.version, bundle.createdAt, JSON.stringify(bundle));
  }

  bundle(digest: string): Bundle | undefined {
    const record = this.#database.prepare('SELECT record FROM bundles WHERE digest = ?').pluck().get(digest) as
      | string
      | undefined;
    return record === undefined ? undefined : JSON.parse(record);
  }

  /** Newest first. */
  bundles(modelName?: string): Bundle[] {
    const records = this.#database
      .prepare(
        'SELECT record FROM bundles WHERE @modelName IS NULL OR model_name = @modelName ORDER BY created_at DESC, rowid DESC',
      )
      .pluck()
      .all({ modelName: modelName ?? null }) as string[];
    return records.map((record) => JSON.parse(record));
  }

  /** The newest bundle of each version of a model. */
  bundleDigests(modelName: string): Map<number, string> {
    const rows = this.#database
      .prepare('SELECT version, digest FROM bundles WHERE model_name = ? ORDER BY created_at, rowid')
      .raw()
      .all(modelName) as [number, string][];
    return new Map(rows);
  }

  putDeployment(deployment: StoredDeployment): void {
    this.#database
      .prepare(
        `INSERT INTO deployments (endpoint, model_name, port, port_fixed, desired_state, started_at) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (endpoint) DO UPDATE SET port = excluded.port, port_fixed = excluded.port_fixed,
         desired_state = excluded.desired_state, started_at = excluded.started_at`,
      )
      .run(
        deployment.endpoint,
        deployment.modelName,
        deployment.port,
        Number(deployment.portFixed),
        deployment.desiredState,
        deployment.startedAt,
      );
  }

  deployment(endpoint: string): StoredDeployment | undefined {
    const row = this.#database.prepare('SELECT * FROM deployments WHERE endpoint = ?').get(endpoint) as
      | DeploymentRow
      | undefined;
    return row && toDeployment(row);
  }

  deployments(): StoredDeployment[] {
    return (this.#database.prepare('SELECT * FROM deployments ORDER BY endpoint').all() as DeploymentRow[]).map(
      toDeployment,
    );
  }

  appendChange(change: DeploymentChange): void {
    this.#database
      .prepare(
        'INSERT INTO deployment_changes (endpoint, bundle_digest, version, at, by, reason) VALUES (?, ?, ?, ?, ?, ?)',
      )
      .run(change.endpoint, change.bundleDigest, change.version, change.at, change.by, change.reason);
  }

  /** Newest first. */
  changes(endpoint: string): DeploymentChange[] {
    return this.#database
      .prepare(
        `SELECT endpoint, bundle_digest AS bundleDigest, version, at, by, reason FROM deployment_changes
         WHERE endpoint = ? ORDER BY number DESC`,
      )
      .all(endpoint) as DeploymentChange[];
  }

  appendPredictions(records: readonly PredictionRecord[]): void {
    const insert = this.#database.prepare(
      `INSERT INTO predictions (id, endpoint, time, version, status, duration_ms, record) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO NOTHING`,
    );
    this.#database.transaction(() => {
      for (const record of records) {
        insert.run(
          record.id,
          record.endpoint,
          record.time,
          record.version,
          record.status,
          record.durationMs,
          JSON.stringify(record),
        );
      }
    })();
  }

  /** Newest first. */
  predictions(endpoint: string, limit: number): PredictionRecord[] {
    const records = this.#database
      .prepare('SELECT record FROM predictions WHERE endpoint = ? ORDER BY number DESC LIMIT ?')
      .pluck()
      .all(endpoint, limit) as string[];
    return records.map((record) => JSON.parse(record));
  }

  /** Of all requests, those that the log has forgotten included. */
  predictionTotals(endpoint: string): { requests: number; failures: number } {
    return this.#database
      .prepare(
        `SELECT sum(requests) AS requests, sum(failures) AS failures FROM (
           SELECT count(*) AS requests, coalesce(sum(status >= 400), 0) AS failures FROM predictions WHERE endpoint = @endpoint
           UNION ALL SELECT requests, failures FROM forgotten_predictions WHERE endpoint = @endpoint)`,
      )
      .get({ endpoint }) as { requests: number; failures: number };
  }

  /** Removes all but the newest records of an endpoint, and counts what is gone. */
  forgetPredictions(endpoint: string, kept: number): void {
    this.#database.transaction(() => {
      const last = this.#database
        .prepare('SELECT number FROM predictions WHERE endpoint = ? ORDER BY number DESC LIMIT 1 OFFSET ?')
        .pluck()
        .get(endpoint, kept) as number | undefined;
      if (last === undefined) return;
      this.#database
        .prepare(
          `INSERT INTO forgotten_predictions
           SELECT endpoint, count(*), sum(status >= 400) FROM predictions WHERE endpoint = @endpoint AND number <= @last GROUP BY endpoint
           ON CONFLICT (endpoint) DO UPDATE SET requests = requests + excluded.requests, failures = failures + excluded.failures`,
        )
        .run({ endpoint, last });
      this.#database.prepare('DELETE FROM predictions WHERE endpoint = ? AND number <= ?').run(endpoint, last);
    })();
  }

  /** Durations of the last requests that were answered, newest first. */
  recentDurationsMs(endpoint: string, limit: number): number[] {
    return this.#database
      .prepare('SELECT duration_ms FROM predictions WHERE endpoint = ? AND status < 400 ORDER BY number DESC LIMIT ?')
      .pluck()
      .all(endpoint, limit) as number[];
  }
}

function toDeployment(row: DeploymentRow): StoredDeployment {
  return {
    endpoint: row.endpoint,
    modelName: row.model_name,
    port: row.port,
    portFixed: row.port_fixed === 1,
    desiredState: row.desired_state,
    startedAt: row.started_at,
  };
}
