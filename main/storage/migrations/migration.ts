import type { Database } from 'better-sqlite3';

export interface Migration {
  readonly number: number;
  readonly name: string;
  up(database: Database): void;
}
