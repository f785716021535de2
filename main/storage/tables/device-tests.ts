import type { Database } from 'better-sqlite3';
import type { OperatorTest } from '../../contract/devices.ts';

export interface StoredDeviceTest {
  /** Of the device, its driver, the runtime and the graphs that were run. */
  readonly identity: string;
  readonly test: OperatorTest;
}

/** What the operators of a device came to, until anything about it changes: the workspace may be on another machine by then. */
export class DeviceTestsTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  get(device: string): StoredDeviceTest | undefined {
    const text = this.#database.prepare('SELECT value FROM meta WHERE key = ?').pluck().get(keyOf(device)) as
      | string
      | undefined;
    return text === undefined ? undefined : (JSON.parse(text) as StoredDeviceTest);
  }

  put(device: string, stored: StoredDeviceTest): void {
    this.#database
      .prepare('INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value')
      .run(keyOf(device), JSON.stringify(stored));
  }
}

const keyOf = (device: string): string => `device_test.${device}`;
