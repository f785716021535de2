import type { Migration } from './migration.ts';

export const migration: Migration = {
  number: 1,
  name: 'workspace',
  up: (database) =>
    void database.exec(`
      CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

      CREATE TABLE ledger (
        sequence INTEGER PRIMARY KEY,
        time TEXT NOT NULL,
        actor TEXT NOT NULL,
        action TEXT NOT NULL,
        subject TEXT NOT NULL,
        summary TEXT NOT NULL,
        payload TEXT NOT NULL,
        previous_hash TEXT NOT NULL,
        hash TEXT NOT NULL UNIQUE
      ) STRICT;
      CREATE INDEX ledger_subject ON ledger (subject);
      CREATE INDEX ledger_action ON ledger (action);

      CREATE TABLE artifacts (
        digest TEXT PRIMARY KEY,
        size_bytes INTEGER NOT NULL,
        kind TEXT NOT NULL,
        created_at TEXT NOT NULL
      ) STRICT;

      CREATE TABLE jobs (
        id TEXT PRIMARY KEY,
        kind TEXT NOT NULL,
        title TEXT NOT NULL,
        state TEXT NOT NULL,
        progress TEXT,
        created_at TEXT NOT NULL,
        created_by TEXT NOT NULL,
        started_at TEXT,
        ended_at TEXT,
        error TEXT,
        cancellable INTEGER NOT NULL,
        resumable INTEGER NOT NULL,
        subject TEXT NOT NULL,
        specification TEXT NOT NULL
      ) STRICT;
      CREATE INDEX jobs_state ON jobs (state);

      CREATE TABLE job_log (
        job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
        number INTEGER NOT NULL,
        time TEXT NOT NULL,
        level TEXT NOT NULL,
        text TEXT NOT NULL,
        PRIMARY KEY (job_id, number)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE users (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL UNIQUE COLLATE NOCASE,
        display_name TEXT NOT NULL,
        roles TEXT NOT NULL,
        password_hash TEXT,
        created_at TEXT NOT NULL,
        disabled INTEGER NOT NULL DEFAULT 0,
        owner INTEGER NOT NULL DEFAULT 0
      ) STRICT;

      CREATE TABLE sessions (
        token_hash TEXT PRIMARY KEY,
        user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        created_at TEXT NOT NULL,
        expires_at TEXT NOT NULL
      ) STRICT;

      CREATE TABLE lineage_nodes (digest TEXT PRIMARY KEY, kind TEXT NOT NULL, title TEXT NOT NULL) STRICT;
      CREATE TABLE lineage_edges (
        from_digest TEXT NOT NULL,
        to_digest TEXT NOT NULL,
        relation TEXT NOT NULL,
        PRIMARY KEY (from_digest, to_digest, relation)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX lineage_to ON lineage_edges (to_digest);
    `),
};
