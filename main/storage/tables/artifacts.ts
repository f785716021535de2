import type { Database } from 'better-sqlite3';

/** What the workspace needs of its artifact store, and who needs it. */
export class ArtifactsTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Records that `owner` needs an artifact. Call it in the transaction that stores the record which names the digest.
   *
   * @param owner in words for people: "dataset digits@1"
   * @param role what it is to the owner: "pack", "index", "checkpoint", "onnx"
   */
  reference(
    artifact: { readonly digest: string; readonly sizeBytes: number },
    kind: string,
    owner: string,
    role: string,
    now: string,
  ): void {
    this.#database
      .prepare(
        'INSERT INTO artifacts (digest, size_bytes, kind, created_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
      )
      .run(artifact.digest, artifact.sizeBytes, kind, now);
    this.#database
      .prepare('INSERT INTO artifact_references (artifact_digest, owner, role) VALUES (?, ?, ?) ON CONFLICT DO NOTHING')
      .run(artifact.digest, owner, role);
  }

  has(digest: string): boolean {
    return this.#database.prepare('SELECT 1 FROM artifacts WHERE digest = ?').get(digest) !== undefined;
  }

  list(): { digest: string; sizeBytes: number; kind: string }[] {
    return this.#database
      .prepare('SELECT digest, size_bytes AS sizeBytes, kind FROM artifacts ORDER BY digest')
      .all() as { digest: string; sizeBytes: number; kind: string }[];
  }

  owners(digest: string): string[] {
    return this.#database
      .prepare('SELECT DISTINCT owner FROM artifact_references WHERE artifact_digest = ? ORDER BY owner')
      .pluck()
      .all(digest) as string[];
  }

  /** Forgets what `owner` needs; returns the artifacts that nobody needs any more. */
  release(owner: string): string[] {
    this.#database.prepare('DELETE FROM artifact_references WHERE owner = ?').run(owner);
    const orphans = this.#database
      .prepare(
        'SELECT digest FROM artifacts WHERE NOT EXISTS (SELECT 1 FROM artifact_references WHERE artifact_digest = digest)',
      )
      .pluck()
      .all() as string[];
    const remove = this.#database.prepare('DELETE FROM artifacts WHERE digest = ?');
    for (const digest of orphans) remove.run(digest);
    return orphans;
  }

  totals(): { count: number; bytes: number } {
    return this.#database
      .prepare('SELECT count(*) AS count, coalesce(sum(size_bytes), 0) AS bytes FROM artifacts')
      .get() as { count: number; bytes: number };
  }
}
