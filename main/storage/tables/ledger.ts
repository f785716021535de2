import type { Database } from 'better-sqlite3';
import { canonicalJson } from '../../base/canonical-json.ts';
import { type Clock, isoTime } from '../../base/clock.ts';
import type { LedgerEntry, LedgerVerification } from '../../contract/governance.ts';
import { sha256 } from '../artifacts/artifact-store.ts';

/** The hash before the first entry. */
export const GENESIS = '0'.repeat(64);

export interface NewLedgerEntry {
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly summary: string;
  readonly payload?: Record<string, unknown>;
}

interface Row {
  readonly sequence: number;
  readonly time: string;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly summary: string;
  readonly payload: string;
  readonly previous_hash: string;
  readonly hash: string;
}

/**
 * The hash-chained record of every change that matters. Each hash covers the hash before it and the canonical JSON of
 * the entry, its sequence number included; the length and the last hash are kept in `meta` as well, so an edited,
 * removed, inserted or reordered row is found, also at the end.
 */
export class LedgerTable {
  readonly #database: Database;
  readonly #clock: Clock;

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  /** Appends inside the caller's transaction: the change and its entry are stored together or not at all. */
  append(entry: NewLedgerEntry): LedgerEntry {
    if (!this.#database.inTransaction)
      throw new Error('A ledger entry belongs into the transaction of the change it records');
    const last = this.#database.prepare('SELECT sequence, hash FROM ledger ORDER BY sequence DESC LIMIT 1').get() as
      | Pick<Row, 'sequence' | 'hash'>
      | undefined;
    const body = {
      sequence: (last?.sequence ?? 0) + 1,
      time: isoTime(this.#clock),
      actor: entry.actor,
      action: entry.action,
      subject: entry.subject,
      summary: entry.summary,
      payload: entry.payload ?? {},
    };
    const previousHash = last?.hash ?? GENESIS;
    const payload = canonicalJson(body.payload);
    const hash = entryHash(previousHash, { ...body, payload });
    this.#database
      .prepare(
        'INSERT INTO ledger (sequence, time, actor, action, subject, summary, payload, previous_hash, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
      )
      .run(body.sequence, body.time, body.actor, body.action, body.subject, body.summary, payload, previousHash, hash);
    this.#database
      .prepare(
        "INSERT INTO meta (key, value) VALUES ('ledger_head', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
      )
      .run(`${body.sequence}:${hash}`);
    return { ...body, payload: JSON.parse(payload), previousHash, hash };
  }

  list(filter: {
    before?: number | undefined;
    limit: number;
    action?: string | undefined;
    subject?: string | undefined;
  }): LedgerEntry[] {
    const rows = this.#database
      .prepare(
        `SELECT * FROM ledger WHERE (@before IS NULL OR sequence < @before) AND (@action IS NULL OR substr(action, 1, length(@action)) = @action)
         AND (@subject IS NULL OR subject = @subject) ORDER BY sequence DESC LIMIT @limit`,
      )
      .all({
        before: filter.before ?? null,
        action: filter.action ?? null,
        subject: filter.subject ?? null,
        limit: filter.limit,
      }) as Row[];
    return rows.map(toEntry);
  }

  /** Time of the newest entry; null in an empty ledger. */
  lastTime(): string | null {
    return (
      (this.#database.prepare('SELECT time FROM ledger ORDER BY sequence DESC LIMIT 1').pluck().get() as
        | string
        | undefined) ?? null
    );
  }

  verify(): LedgerVerification {
    let previous = GENESIS;
    let expected = 1;
    const broken = (sequence: number, problem: string): LedgerVerification => ({
      entries: expected - 1,
      intact: false,
      firstBroken: sequence,
      problem,
      head: previous,
    });
    for (const row of this.#database.prepare('SELECT * FROM ledger ORDER BY sequence').iterate() as Iterable<Row>) {
      if (row.sequence !== expected) return broken(expected, `Entry ${expected} is missing.`);
      if (row.previous_hash !== previous)
        return broken(row.sequence, `Entry ${row.sequence} does not follow entry ${row.sequence - 1}.`);
      if (entryHash(previous, row) !== row.hash)
        return broken(row.sequence, `Entry ${row.sequence} was edited after it was written.`);
      previous = row.hash;
      expected++;
    }
    const head =
      (this.#database.prepare("SELECT value FROM meta WHERE key = 'ledger_head'").pluck().get() as
        | string
        | undefined) ?? `0:${GENESIS}`;
    if (head !== `${expected - 1}:${previous}`)
      return broken(
        expected,
        `The ledger ends at entry ${expected - 1}, but entry ${head.split(':')[0]} was recorded as its last.`,
      );
    return { entries: expected - 1, intact: true, firstBroken: null, problem: null, head: previous };
  }
}

function entryHash(
  previousHash: string,
  entry: Pick<Row, 'sequence' | 'time' | 'actor' | 'action' | 'subject' | 'summary' | 'payload'>,
): string {
  const { sequence, time, actor, action, subject, summary, payload } = entry;
  return sha256(`${previousHash}\n${canonicalJson({ sequence, time, actor, action, subject, summary, payload })}`);
}

function toEntry(row: Row): LedgerEntry {
  return {
    sequence: row.sequence,
    time: row.time,
    actor: row.actor,
    action: row.action,
    subject: row.subject,
    summary: row.summary,
    payload: JSON.parse(row.payload),
    previousHash: row.previous_hash,
    hash: row.hash,
  };
}
