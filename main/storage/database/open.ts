import Database from 'better-sqlite3';
import { LightbenchError } from '../../contract/errors.ts';
import { migrations, newestSchema } from '../migrations/index.ts';

/** "LBWS" in ASCII: marks the file as a Lightbench workspace (SQLite's application_id). */
const APPLICATION_ID = 0x4c425753;

/**
 * Opens the database of a workspace and brings it to the newest schema, one transaction per migration.
 *
 * @throws LightbenchError workspace.newer (untouched), workspace.not_a_workspace, workspace.damaged.
 */
export function openDatabase(path: string): Database.Database {
  refuseForeign(path);
  const database = new Database(path);
  try {
    database.pragma('journal_mode = WAL');
    // FULL: a row of the ledger that was acknowledged survives a power cut.
    database.pragma('synchronous = FULL');
    database.pragma('foreign_keys = ON');
    database.pragma('busy_timeout = 5000');
    migrate(database, newestSchema);
    return database;
  } catch (error) {
    database.close();
    throw LightbenchError.from(error);
  }
}

/** Applies the migrations after the database's own number, up to `target`. Exposed for the tests of each migration. */
export function migrate(database: Database.Database, target: number): void {
  const current = schemaVersion(database);
  for (const migration of migrations) {
    if (migration.number <= current || migration.number > target) continue;
    database.transaction(() => {
      migration.up(database);
      database.pragma(`user_version = ${migration.number}`);
      database.pragma(`application_id = ${APPLICATION_ID}`);
    })();
  }
}

export function schemaVersion(database: Database.Database): number {
  return database.pragma('user_version', { simple: true }) as number;
}

/** Looks without writing: a newer or foreign file must stay as it is, down to its time stamps. */
function refuseForeign(path: string): void {
  let database: Database.Database;
  try {
    database = new Database(path, { readonly: true, fileMustExist: true });
  } catch (error) {
    if ((error as { code?: string }).code === 'SQLITE_CANTOPEN') return;
    throw LightbenchError.from(error);
  }
  try {
    const version = schemaVersion(database);
    const application = database.pragma('application_id', { simple: true }) as number;
    if (
      version === 0 &&
      application === 0 &&
      database.prepare('SELECT count(*) FROM sqlite_schema').pluck().get() === 0
    )
      return;
    if (application !== APPLICATION_ID)
      throw new LightbenchError('workspace.not_a_workspace', `${path} is a database of another program.`);
    if (version > newestSchema) {
      throw new LightbenchError(
        'workspace.newer',
        `${path} has schema ${version}; this Lightbench knows schemas up to ${newestSchema}.`,
        { details: { schema: version, newestKnown: newestSchema } },
      );
    }
  } catch (error) {
    throw LightbenchError.from(error);
  } finally {
    database.close();
  }
}
