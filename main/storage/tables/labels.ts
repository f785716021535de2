import type { Database } from 'better-sqlite3';
import type { LabelSetVersion } from '../../contract/labeling.ts';

export interface StoredLabelSet {
  readonly id: string;
  readonly name: string;
  readonly datasetDigest: string;
  readonly startFrom: 'imported' | 'empty';
  readonly classes: readonly string[];
  readonly keys: readonly string[];
  readonly head: string;
  readonly createdAt: string;
  readonly createdBy: string;
}

interface SetRow {
  readonly id: string;
  readonly name: string;
  readonly dataset_digest: string;
  readonly start_from: 'imported' | 'empty';
  readonly classes: string;
  readonly keys: string;
  readonly head: string;
  readonly created_at: string;
  readonly created_by: string;
}

interface VersionRow {
  readonly digest: string;
  readonly label_set_id: string;
  readonly parent: string | null;
  readonly number: number;
  readonly created_at: string;
  readonly created_by: string;
  readonly changes: string;
  readonly comment: string;
}

export class LabelsTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  insertSet(set: StoredLabelSet): void {
    this.#database
      .prepare(
        'INSERT INTO label_sets (id, name, dataset_digest, start_from, classes, keys, head, created_at, created_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
      )
      .run(
        set.id,
        set.name,
        set.datasetDigest,
        set.startFrom,
        JSON.stringify(set.classes),
        JSON.stringify(set.keys),
        set.head,
        set.createdAt,
        set.createdBy,
      );
  }

  updateSet(set: StoredLabelSet): void {
    this.#database
      .prepare('UPDATE label_sets SET classes = ?, keys = ?, head = ? WHERE id = ?')
      .run(JSON.stringify(set.classes), JSON.stringify(set.keys), set.head, set.id);
  }

  set(id: string): StoredLabelSet | undefined {
    const row = this.#database.prepare('SELECT * FROM label_sets WHERE id = ?').get(id) as SetRow | undefined;
    return row && toSet(row);
  }

  sets(datasetDigest?: string): StoredLabelSet[] {
    const rows = this.#database
      .prepare('SELECT * FROM label_sets WHERE @digest IS NULL OR dataset_digest = @digest ORDER BY created_at DESC')
      .all({ digest: datasetDigest ?? null }) as SetRow[];
    return rows.map(toSet);
  }

  insertVersion(version: LabelSetVersion): void {
    this.#database
      .prepare(
        'INSERT INTO label_set_versions (digest, label_set_id, parent, number, created_at, created_by, changes, comment) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
      )
      .run(
        version.digest,
        version.labelSetId,
        version.parent,
        version.number,
        version.createdAt,
        version.createdBy,
        JSON.stringify(version.changes),
        version.comment,
      );
    const override = this.#database.prepare(
      'INSERT INTO label_overrides (label_set_id, item_index, label) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET label = excluded.label',
    );
    for (const change of version.changes) override.run(version.labelSetId, change.index, change.to);
  }

  version(digest: string): LabelSetVersion | undefined {
    const row = this.#database.prepare('SELECT * FROM label_set_versions WHERE digest = ?').get(digest) as
      | VersionRow
      | undefined;
    return row && toVersion(row);
  }

  /** Newest first. */
  versions(labelSetId: string, limit: number): LabelSetVersion[] {
    return (
      this.#database
        .prepare('SELECT * FROM label_set_versions WHERE label_set_id = ? ORDER BY number DESC LIMIT ?')
        .all(labelSetId, limit) as VersionRow[]
    ).map(toVersion);
  }

  versionCount(labelSetId: string): number {
    return this.#database
      .prepare('SELECT count(*) FROM label_set_versions WHERE label_set_id = ?')
      .pluck()
      .get(labelSetId) as number;
  }

  /** What the head says where it was ever changed. */
  overrides(labelSetId: string): Map<number, number> {
    const rows = this.#database
      .prepare('SELECT item_index, label FROM label_overrides WHERE label_set_id = ?')
      .raw()
      .all(labelSetId) as [number, number][];
    return new Map(rows);
  }

  /** The same at an earlier version, by replaying the changes up to it. */
  overridesAt(labelSetId: string, number: number): Map<number, number> {
    const rows = this.#database
      .prepare('SELECT changes FROM label_set_versions WHERE label_set_id = ? AND number <= ? ORDER BY number')
      .pluck()
      .all(labelSetId, number) as string[];
    const overrides = new Map<number, number>();
    for (const changes of rows)
      for (const change of JSON.parse(changes) as LabelSetVersion['changes']) overrides.set(change.index, change.to);
    return overrides;
  }
}

function toSet(row: SetRow): StoredLabelSet {
  return {
    id: row.id,
    name: row.name,
    datasetDigest: row.dataset_digest,
    startFrom: row.start_from,
    classes: JSON.parse(row.classes),
    keys: JSON.parse(row.keys),
    head: row.head,
    createdAt: row.created_at,
    createdBy: row.created_by,
  };
}

function toVersion(row: VersionRow): LabelSetVersion {
  return {
    digest: row.digest,
    labelSetId: row.label_set_id,
    parent: row.parent,
    number: row.number,
    createdAt: row.created_at,
    createdBy: row.created_by,
    changes: JSON.parse(row.changes),
    comment: row.comment,
  };
}
