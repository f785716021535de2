import { mkdirSync, readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from 'better-sqlite3';
import { type Clock, isoTime } from '../base/clock.ts';
import { LightbenchError } from '../contract/errors.ts';
import { ArtifactStore } from './artifacts/artifact-store.ts';
import { lockWorkspace, type WorkspaceLock } from './database/lock.ts';
import { openDatabase, schemaVersion } from './database/open.ts';
import { ModelFiles } from './model-files.ts';
import { ArtifactsTable } from './tables/artifacts.ts';
import { DatasetsTable } from './tables/datasets.ts';
import { DeviceTestsTable } from './tables/device-tests.ts';
import { JobsTable } from './tables/jobs.ts';
import { LabelsTable } from './tables/labels.ts';
import { LedgerTable } from './tables/ledger.ts';
import { LineageTable } from './tables/lineage.ts';
import { RegistryTable } from './tables/registry.ts';
import { RunsTable } from './tables/runs.ts';
import { ServingTable } from './tables/serving.ts';
import { SettingsTable } from './tables/settings.ts';
import { UsersTable } from './tables/users.ts';

export interface OpenOptions {
  readonly folder: string;
  readonly clock: Clock;
  /** Name and version of the program, shown to whoever finds the workspace locked. */
  readonly application: string;
}

/**
 * A workspace is one folder: `workspace.sqlite`, `artifacts/`, `bundles/`, `uploads/`, `models/`. Every path stored in it is
 * relative to it, so it can be moved, zipped and opened elsewhere.
 */
export class Workspace {
  readonly folder: string;
  readonly clock: Clock;
  readonly openedAt: string;
  readonly artifacts: ArtifactStore;
  readonly modelFiles: ModelFiles;
  readonly ledger: LedgerTable;
  readonly jobs: JobsTable;
  readonly users: UsersTable;
  readonly lineage: LineageTable;
  readonly artifactRecords: ArtifactsTable;
  readonly datasets: DatasetsTable;
  readonly labels: LabelsTable;
  readonly deviceTests: DeviceTestsTable;
  readonly runs: RunsTable;
  readonly registry: RegistryTable;
  readonly serving: ServingTable;
  readonly settings: SettingsTable;
  /** Half-written files that the start removed. */
  readonly clearedFiles: number;
  readonly #database: Database;
  readonly #lock: WorkspaceLock;

  private constructor(options: OpenOptions, folder: string, lock: WorkspaceLock, database: Database) {
    this.folder = folder;
    this.clock = options.clock;
    this.#lock = lock;
    this.#database = database;
    this.openedAt = isoTime(options.clock);
    this.artifacts = new ArtifactStore(folder);
    this.modelFiles = new ModelFiles(folder);
    this.clearedFiles = this.artifacts.clearIncoming();
    this.ledger = new LedgerTable(database, options.clock);
    this.jobs = new JobsTable(database);
    this.users = new UsersTable(database);
    this.lineage = new LineageTable(database);
    this.artifactRecords = new ArtifactsTable(database);
    this.datasets = new DatasetsTable(database);
    this.labels = new LabelsTable(database);
    this.registry = new RegistryTable(database);
    this.serving = new ServingTable(database);
    this.settings = new SettingsTable(database);
    this.deviceTests = new DeviceTestsTable(database);
    this.runs = new RunsTable(database);
    database
      .prepare("INSERT INTO meta (key, value) VALUES ('created_at', ?) ON CONFLICT DO NOTHING")
      .run(this.openedAt);
  }

  /**
   * Opens a workspace, making it in an empty or absent folder.
   *
   * @throws LightbenchError workspace.locked, workspace.newer, workspace.not_a_workspace, workspace.damaged, storage.unwritable.
   */
  static open(options: OpenOptions): Workspace {
    let folder: string;
    try {
      mkdirSync(options.folder, { recursive: true });
      folder = realpathSync(options.folder);
    } catch (error) {
      throw new LightbenchError(
        'storage.unwritable',
        `${options.folder} cannot be made: ${(error as Error).message}.`,
        { cause: error },
      );
    }
    const names = readdirSync(folder);
    if (
      !names.includes('workspace.sqlite') &&
      names.some((name) => !name.startsWith('.') && !name.startsWith('workspace.lock'))
    ) {
      throw new LightbenchError('workspace.not_a_workspace', `${folder} holds other files and no workspace.`);
    }
    const lock = lockWorkspace(folder, options.application, isoTime(options.clock));
    try {
      return new Workspace(options, folder, lock, openDatabase(join(folder, 'workspace.sqlite')));
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /** All or nothing, the ledger entries of the change included. Nested calls join the outer transaction as savepoints. */
  transaction<T>(change: () => T): T {
    return this.#database.transaction(change).immediate();
  }

  get createdAt(): string {
    return this.#database.prepare("SELECT value FROM meta WHERE key = 'created_at'").pluck().get() as string;
  }

  get schemaVersion(): number {
    return schemaVersion(this.#database);
  }

  /** SQLite's own check; an empty list when the database is sound. */
  databaseProblems(): string[] {
    const rows = this.#database.pragma('integrity_check') as { integrity_check: string }[];
    const foreign = this.#database.pragma('foreign_key_check') as { table: string; rowid: number }[];
    return [
      ...rows.map((row) => row.integrity_check).filter((line) => line !== 'ok'),
      ...foreign.map((row) => `Row ${row.rowid} of ${row.table} refers to a missing row.`),
    ];
  }

  close(): void {
    if (!this.#database.open) return;
    try {
      this.#database.pragma('wal_checkpoint(TRUNCATE)');
    } catch (error) {
      // On a full disk the log stays beside the database; the next start reads it.
      if ((error as { code?: string }).code !== 'SQLITE_FULL') throw error;
    } finally {
      this.#database.close();
      this.#lock.release();
    }
  }
}
