import type { Database } from 'better-sqlite3';

const LIMIT_KEY = 'prediction_log_limit';
/** Some 40 MB of records. */
const USUAL_LIMIT = 100_000;

/** What people chose for the workspace as a whole. */
export class SettingsTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Requests that the prediction log of an endpoint keeps. */
  get predictionLogLimit(): number {
    const value = this.#database.prepare('SELECT value FROM meta WHERE key = ?').pluck().get(LIMIT_KEY);
    return value === undefined ? USUAL_LIMIT : Number(value);
  }

  set predictionLogLimit(limit: number) {
    this.#database
      .prepare('INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value')
      .run(LIMIT_KEY, String(limit));
  }
}
