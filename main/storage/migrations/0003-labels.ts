import type { Migration } from './migration.ts';

export const migration: Migration = {
  number: 3,
  name: 'labels',
  up: (database) =>
    void database.exec(`
      CREATE TABLE label_sets (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        dataset_digest TEXT NOT NULL,
        start_from TEXT NOT NULL,
        classes TEXT NOT NULL,
        keys TEXT NOT NULL,
        head TEXT NOT NULL,
        created_at TEXT NOT NULL,
        created_by TEXT NOT NULL,
        UNIQUE (dataset_digest, name)
      ) STRICT;

      CREATE TABLE label_set_versions (
        digest TEXT PRIMARY KEY,
        label_set_id TEXT NOT NULL REFERENCES label_sets (id),
        parent TEXT,
        number INTEGER NOT NULL,
        created_at TEXT NOT NULL,
        created_by TEXT NOT NULL,
        changes TEXT NOT NULL,
        comment TEXT NOT NULL,
        UNIQUE (label_set_id, number)
      ) STRICT;

      -- What the head says where it differs from what the label set started from.
      CREATE TABLE label_overrides (
        label_set_id TEXT NOT NULL REFERENCES label_sets (id),
        item_index INTEGER NOT NULL,
        label INTEGER NOT NULL,
        PRIMARY KEY (label_set_id, item_index)
      ) STRICT, WITHOUT ROWID;
    `),
};
