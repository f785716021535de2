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
      CREATE INDEX bundles_version ON bundles (model_name, version);

      -- port: where the server listened last; port_fixed: a person asked for just this one.
      CREATE TABLE deployments (
        endpoint TEXT PRIMARY KEY COLLATE NOCASE,
        model_name TEXT NOT NULL,
        port INTEGER,
        port_fixed INTEGER NOT NULL,
        desired_state TEXT NOT NULL CHECK (desired_state IN ('RUNNING', 'STOPPED')),
        started_at TEXT
      ) STRICT;

      -- Append-only; the newest row of an endpoint is what it serves.
      CREATE TABLE deployment_changes (
        number INTEGER PRIMARY KEY,
        endpoint TEXT NOT NULL REFERENCES deployments (endpoint),
        bundle_digest TEXT NOT NULL REFERENCES bundles (digest),
        version INTEGER NOT NULL,
        at TEXT NOT NULL,
        by TEXT NOT NULL,
        reason TEXT NOT NULL CHECK (reason IN ('deploy', 'rollback'))
      ) STRICT;
      CREATE INDEX deployment_changes_endpoint ON deployment_changes (endpoint, number);

      CREATE TABLE predictions (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        endpoint TEXT NOT NULL,
        time TEXT NOT NULL,
        version INTEGER NOT NULL,
        status INTEGER NOT NULL,
        duration_ms REAL NOT NULL,
        record TEXT NOT NULL
      ) STRICT;
      CREATE INDEX predictions_endpoint ON predictions (endpoint, number);
    `),
};
