import type { Migration } from './migration.ts';

export const migration: Migration = {
  number: 6,
  name: 'serving',
  up: (database) =>
    void database.exec(`
      CREATE TABLE bundles (
        digest TEXT PRIMARY KEY,
        model_name TEXT NOT NULL,
        version INTEGER NOT NULL,
        created_at TEXT NOT NULL,
        record TEXT NOT NULL
      ) STRICT;

      CREATE TABLE deployments (
        endpoint TEXT PRIMARY KEY COLLATE NOCASE,
        bundle_digest TEXT NOT NULL,
        previous_bundle_digest TEXT,
        port INTEGER,
        desired_state TEXT NOT NULL,
        deployed_by TEXT NOT NULL,
        deployed_at TEXT NOT NULL
      ) STRICT;

      CREATE TABLE predictions (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        endpoint TEXT NOT NULL,
        time TEXT NOT NULL,
        version INTEGER NOT NULL,
        record TEXT NOT NULL
      ) STRICT;
      CREATE INDEX predictions_endpoint ON predictions (endpoint, number);
    `),
};
