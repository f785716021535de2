import type { Migration } from './migration.ts';

export const migration: Migration = {
  number: 2,
  name: 'datasets',
  up: (database) =>
    void database.exec(`
      CREATE TABLE datasets (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL UNIQUE COLLATE NOCASE,
        kind TEXT NOT NULL,
        created_at TEXT NOT NULL
      ) STRICT;

      -- record: the contract's DatasetVersion; manifest_digest: the artifact that lists and locates its items.
      CREATE TABLE dataset_versions (
        digest TEXT PRIMARY KEY,
        dataset_id TEXT NOT NULL REFERENCES datasets (id),
        version INTEGER NOT NULL,
        created_at TEXT NOT NULL,
        record TEXT NOT NULL,
        manifest_digest TEXT NOT NULL,
        UNIQUE (dataset_id, version)
      ) STRICT;

      -- Which artifacts a record needs, so that workspace.verify can name who suffers from a damaged one.
      CREATE TABLE artifact_references (
        artifact_digest TEXT NOT NULL,
        owner TEXT NOT NULL,
        role TEXT NOT NULL,
        PRIMARY KEY (artifact_digest, owner, role)
      ) STRICT, WITHOUT ROWID;
    `),
};
