import type { Migration } from './migration.ts';

export const migration: Migration = {
  number: 4,
  name: 'runs',
  up: (database) =>
    void database.exec(`
      CREATE TABLE configs (digest TEXT PRIMARY KEY, yaml TEXT NOT NULL, config TEXT NOT NULL) STRICT;

      -- record: the contract's Run. The columns are what lists are filtered and ordered by. plan: what training needs to
      -- build the same model again.
      CREATE TABLE runs (
        id TEXT PRIMARY KEY,
        experiment TEXT NOT NULL,
        status TEXT NOT NULL,
        created_at TEXT NOT NULL,
        dataset_digest TEXT NOT NULL,
        config_digest TEXT NOT NULL REFERENCES configs (digest),
        record TEXT NOT NULL,
        summary TEXT NOT NULL,
        plan TEXT NOT NULL
      ) STRICT;
      CREATE INDEX runs_created ON runs (created_at);
      CREATE INDEX runs_experiment ON runs (experiment);

      CREATE TABLE run_points (
        run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        number INTEGER NOT NULL,
        step INTEGER NOT NULL,
        epoch REAL NOT NULL,
        elapsed_ms REAL NOT NULL,
        "values" TEXT NOT NULL,
        PRIMARY KEY (run_id, number)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE checkpoints (
        run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        digest TEXT NOT NULL,
        step INTEGER NOT NULL,
        record TEXT NOT NULL,
        PRIMARY KEY (run_id, step)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE evaluations (
        run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        split TEXT NOT NULL,
        record TEXT NOT NULL,
        predictions_digest TEXT NOT NULL,
        PRIMARY KEY (run_id, split)
      ) STRICT, WITHOUT ROWID;
    `),
};
