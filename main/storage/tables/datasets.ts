import type { Database } from 'better-sqlite3';
import type { DatasetVersion } from '../../contract/datasets.ts';

export interface StoredDataset {
  readonly id: string;
  readonly name: string;
  readonly kind: DatasetVersion['kind'];
  readonly createdAt: string;
}

interface VersionRow {
  readonly record: string;
  readonly manifest_digest: string;
}

export class DatasetsTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  insert(dataset: StoredDataset): void {
    this.#database
      .prepare('INSERT INTO datasets (id, name, kind, created_at) VALUES (?, ?, ?, ?)')
      .run(dataset.id, dataset.name, dataset.kind, dataset.createdAt);
  }

  rename(id: string, name: string): void {
    this.#database.prepare('UPDATE datasets SET name = ? WHERE id = ?').run(name, id);
  }

  byName(name: string): StoredDataset | undefined {
    return this.#database
      .prepare('SELECT id, name, kind, created_at AS createdAt FROM datasets WHERE name = ?')
      .get(name) as StoredDataset | undefined;
  }

  list(): StoredDataset[] {
    return this.#database
      .prepare('SELECT id, name, kind, created_at AS createdAt FROM datasets ORDER BY created_at DESC')
      .all() as StoredDataset[];
  }

  insertVersion(version: DatasetVersion, manifestDigest: string): void {
    this.#database
      .prepare(
        'INSERT INTO dataset_versions (digest, dataset_id, version, created_at, record, manifest_digest) VALUES (?, ?, ?, ?, ?, ?)',
      )
      .run(
        version.digest,
        version.datasetId,
        version.version,
        version.createdAt,
        JSON.stringify(version),
        manifestDigest,
      );
  }

  /** Only what the digest does not cover may differ: name, licence, description. */
  updateVersion(version: DatasetVersion): void {
    this.#database
      .prepare('UPDATE dataset_versions SET record = ? WHERE digest = ?')
      .run(JSON.stringify(version), version.digest);
  }

  version(digest: string): { readonly version: DatasetVersion; readonly manifestDigest: string } | undefined {
    const row = this.#database
      .prepare('SELECT record, manifest_digest FROM dataset_versions WHERE digest = ?')
      .get(digest) as VersionRow | undefined;
    return row && { version: JSON.parse(row.record), manifestDigest: row.manifest_digest };
  }

  /** Newest first. */
  versions(datasetId: string): DatasetVersion[] {
    const rows = this.#database
      .prepare('SELECT record FROM dataset_versions WHERE dataset_id = ? ORDER BY version DESC')
      .pluck()
      .all(datasetId) as string[];
    return rows.map((record) => JSON.parse(record) as DatasetVersion);
  }
}
