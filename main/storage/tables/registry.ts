import type { Database } from 'better-sqlite3';
import type { Alias, AliasChange, ModelVersion, PromotionRequest } from '../../contract/registry.ts';

export interface StoredModel {
  readonly name: string;
  readonly createdAt: string;
  readonly description: string;
}

/** A version without what other tables say of it: which aliases point to it, which bundle was made of it. */
export type StoredModelVersion = Omit<ModelVersion, 'aliases' | 'bundleDigest'>;

interface AliasRow {
  readonly model_name: string;
  readonly alias: Alias;
  readonly version: number | null;
  readonly from_version: number | null;
  readonly at: string;
  readonly by: string;
  readonly reason: AliasChange['reason'];
  readonly request_id: string | null;
  readonly comment: string;
}

export class RegistryTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  insertModel(model: StoredModel): void {
    this.#database
      .prepare('INSERT INTO models (name, created_at, description) VALUES (?, ?, ?)')
      .run(model.name, model.createdAt, model.description);
  }

  /** Names differ only by more than case; the stored spelling is the one that counts. */
  model(name: string): StoredModel | undefined {
    return this.#database
      .prepare('SELECT name, created_at AS createdAt, description FROM models WHERE name = ?')
      .get(name) as StoredModel | undefined;
  }

  /** Newest first. */
  models(): StoredModel[] {
    return this.#database
      .prepare('SELECT name, created_at AS createdAt, description FROM models ORDER BY created_at DESC, rowid DESC')
      .all() as StoredModel[];
  }

  /** `layout` is what makes raw items into inputs of this version; plain JSON, read back by the domain that wrote it. */
  insertVersion(version: StoredModelVersion, layout: unknown): void {
    this.#database
      .prepare(
        'INSERT INTO model_versions (model_name, version, digest, run_id, record, layout) VALUES (?, ?, ?, ?, ?, ?)',
      )
      .run(
        version.modelName,
        version.version,
        version.digest,
        version.runId,
        JSON.stringify(version),
        JSON.stringify(layout),
      );
  }

  version(modelName: string, version: number): StoredModelVersion | undefined {
    const record = this.#database
      .prepare('SELECT record FROM model_versions WHERE model_name = ? AND version = ?')
      .pluck()
      .get(modelName, version) as string | undefined;
    return record === undefined ? undefined : JSON.parse(record);
  }

  layout(modelName: string, version: number): unknown {
    const layout = this.#database
      .prepare('SELECT layout FROM model_versions WHERE model_name = ? AND version = ?')
      .pluck()
      .get(modelName, version) as string | undefined;
    return layout === undefined ? undefined : JSON.parse(layout);
  }

  /** Newest first. */
  versions(modelName: string): StoredModelVersion[] {
    const records = this.#database
      .prepare('SELECT record FROM model_versions WHERE model_name = ? ORDER BY version DESC')
      .pluck()
      .all(modelName) as string[];
    return records.map((record) => JSON.parse(record));
  }

  /** What was registered from a run: such a run must not be deleted. */
  versionsOfRun(runId: string): { modelName: string; version: number }[] {
    return this.#database
      .prepare('SELECT model_name AS modelName, version FROM model_versions WHERE run_id = ? ORDER BY 1, 2')
      .all(runId) as { modelName: string; version: number }[];
  }

  newestVersion(modelName: string): number {
    return this.#database
      .prepare('SELECT coalesce(max(version), 0) FROM model_versions WHERE model_name = ?')
      .pluck()
      .get(modelName) as number;
  }

  insertRequest(request: PromotionRequest): void {
    this.#database
      .prepare('INSERT INTO promotion_requests (id, model_name, state, requested_at, record) VALUES (?, ?, ?, ?, ?)')
      .run(request.id, request.modelName, request.state, request.requestedAt, JSON.stringify(request));
  }

  updateRequest(request: PromotionRequest): void {
    this.#database
      .prepare('UPDATE promotion_requests SET state = ?, record = ? WHERE id = ?')
      .run(request.state, JSON.stringify(request), request.id);
  }

  request(id: string): PromotionRequest | undefined {
    const record = this.#database.prepare('SELECT record FROM promotion_requests WHERE id = ?').pluck().get(id) as
      | string
      | undefined;
    return record === undefined ? undefined : JSON.parse(record);
  }

  /** Newest first, by the order in which they were made. */
  requests(filter: {
    state?: PromotionRequest['state'] | undefined;
    modelName?: string | undefined;
  }): PromotionRequest[] {
    const records = this.#database
      .prepare(
        `SELECT record FROM promotion_requests WHERE (@state IS NULL OR state = @state)
         AND (@modelName IS NULL OR model_name = @modelName) ORDER BY rowid DESC`,
      )
      .pluck()
      .all({ state: filter.state ?? null, modelName: filter.modelName ?? null }) as string[];
    return records.map((record) => JSON.parse(record));
  }

  appendAliasChange(change: AliasChange): void {
    this.#database
      .prepare(
        `INSERT INTO alias_changes (model_name, alias, version, from_version, at, by, reason, request_id, comment)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        change.modelName,
        change.alias,
        change.version,
        change.from,
        change.at,
        change.by,
        change.reason,
        change.requestId,
        change.comment,
      );
  }

  /** Newest first, in the order they happened, whatever the clock said. */
  aliasChanges(modelName: string, alias?: Alias): AliasChange[] {
    const rows = this.#database
      .prepare(
        'SELECT * FROM alias_changes WHERE model_name = @modelName AND (@alias IS NULL OR alias = @alias) ORDER BY number DESC',
      )
      .all({ modelName, alias: alias ?? null }) as AliasRow[];
    return rows.map(toChange);
  }

  /** Where the aliases of a model point now. */
  aliases(modelName: string): Partial<Record<Alias, number>> {
    const rows = this.#database
      .prepare(
        `SELECT alias, version FROM alias_changes WHERE number IN
         (SELECT max(number) FROM alias_changes WHERE model_name = ? GROUP BY alias) AND version IS NOT NULL`,
      )
      .all(modelName) as { alias: Alias; version: number }[];
    return Object.fromEntries(rows.map((row) => [row.alias, row.version]));
  }

  /**
   * Where an alias pointed at a moment: the last change that was recorded with that time or an earlier one. Changes are
   * ordered by their number, so a clock that was set back never brings a replaced version back.
   */
  aliasAt(modelName: string, alias: Alias, at: string): { version: number | null; since: string | null } {
    const row = this.#database
      .prepare(
        `SELECT version, at AS since FROM alias_changes WHERE model_name = ? AND alias = ? AND at <= ?
         ORDER BY number DESC LIMIT 1`,
      )
      .get(modelName, alias, at) as { version: number | null; since: string } | undefined;
    return row ?? { version: null, since: null };
  }
}

function toChange(row: AliasRow): AliasChange {
  return {
    modelName: row.model_name,
    alias: row.alias,
    version: row.version,
    from: row.from_version,
    at: row.at,
    by: row.by,
    reason: row.reason,
    requestId: row.request_id,
    comment: row.comment,
  };
}
