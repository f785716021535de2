import { readFileSync, writeFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { LightbenchError } from '../../contract/errors.ts';

/** Who holds a workspace, for the message that refuses a second one. */
export interface Holder {
  readonly application: string;
  readonly processId: number;
  readonly host: string;
  readonly user: string;
  readonly since: string;
}

/** Keeps what holds a lock from the garbage collector, which would let go of the workspace behind everybody's back. */
const held = new Set<Database.Database>();

export interface WorkspaceLock {
  readonly holder: Holder;
  release(): void;
}

/**
 * The single-writer lock of a workspace. An exclusive SQLite transaction holds it, so the operating system lets go of it
 * the instant the process dies, however it dies: there is no stale lock to break. The JSON file beside it only names the
 * holder.
 *
 * @throws LightbenchError workspace.locked, naming the holder.
 */
export function lockWorkspace(folder: string, application: string, since: string): WorkspaceLock {
  const namePath = join(folder, 'workspace.lock.json');
  const database = new Database(join(folder, 'workspace.lock'), { timeout: 0 });
  try {
    database.pragma('journal_mode = DELETE');
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (!String((error as { code?: string }).code).startsWith('SQLITE_BUSY')) throw LightbenchError.from(error);
    throw new LightbenchError('workspace.locked', `${describe(readHolder(namePath))} has ${folder} open.`, {
      details: { ...readHolder(namePath) },
    });
  }
  const holder: Holder = { application, processId: process.pid, host: hostname(), user: userInfo().username, since };
  writeFileSync(namePath, `${JSON.stringify(holder, null, 2)}\n`);
  held.add(database);
  return {
    holder,
    release: () => {
      held.delete(database);
      if (!database.open) return;
      database.exec('ROLLBACK');
      database.close();
    },
  };
}

function readHolder(path: string): Holder | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Holder;
  } catch {
    return null;
  }
}

function describe(holder: Holder | null): string {
  if (holder === null) return 'Another process';
  return `${holder.application} of ${holder.user} on ${holder.host} (process ${holder.processId}, since ${holder.since})`;
}
