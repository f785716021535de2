import type { Migration } from './migration.ts';

export const migration: Migration = {
  number: 5,
  name: 'registry',
  up: (database) =>
    void database.exec(`
      CREATE TABLE models (name TEXT PRIMARY KEY COLLATE NOCASE, created_at TEXT NOT NULL, description TEXT NOT NULL) STRICT;

      -- layout: how an item of a dataset becomes the input of the graph (image geometry or columns).
      CREATE TABLE model_versions (
        model_name TEXT NOT NULL REFERENCES models (name),
        version INTEGER NOT NULL,
        digest TEXT NOT NULL UNIQUE,
        run_id TEXT NOT NULL,
        record TEXT NOT NULL,
        layout TEXT NOT NULL,
        PRIMARY KEY (model_name, version)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX model_versions_run ON model_versions (run_id);

      CREATE TABLE promotion_requests (
        id TEXT PRIMARY KEY,
        model_name TEXT NOT NULL,
        state TEXT NOT NULL,
        requested_at TEXT NOT NULL,
        record TEXT NOT NULL
      ) STRICT;
      CREATE INDEX promotion_requests_model ON promotion_requests (model_name, state);

      -- Append-only; the newest row of (model, alias) is what the alias points to now.
      CREATE TABLE alias_changes (
        number INTEGER PRIMARY KEY,
        model_name TEXT NOT NULL,
        alias TEXT NOT NULL,
        version INTEGER,
        from_version INTEGER,
        at TEXT NOT NULL,
        by TEXT NOT NULL,
        reason TEXT NOT NULL,
        request_id TEXT,
        comment TEXT NOT NULL
      ) STRICT;
      CREATE INDEX alias_changes_model ON alias_changes (model_name, alias, number);
    `),
};
