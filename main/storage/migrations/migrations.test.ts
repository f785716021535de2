import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { migrate, schemaVersion } from '../database/open.ts';
import { migrations, newestSchema } from './index.ts';

/** A row of each table that exists at a schema, so that the next migration meets data and not an empty house. */
const rows: Readonly<Record<number, string>> = {
  1: `INSERT INTO jobs (id, kind, title, state, created_at, created_by, cancellable, resumable, subject, specification)
        VALUES ('job_1', 'import', 'Import', 'FINISHED', '2026-01-01T00:00:00.000Z', 'ada', 0, 0, '{}', '{}');
      INSERT INTO job_log VALUES ('job_1', 1, '2026-01-01T00:00:00.000Z', 'info', 'Started');
      INSERT INTO ledger VALUES (1, '2026-01-01T00:00:00.000Z', 'ada', 'a', 's', 'S', '{}', '0', '1');
      INSERT INTO users (id, name, display_name, roles, created_at) VALUES ('u', 'ada', 'Ada', '[]', 't');
      INSERT INTO artifacts VALUES ('d', 1, 'pack', 't');`,
  2: `INSERT INTO datasets VALUES ('ds', 'digits', 'image', 't');
      INSERT INTO dataset_versions VALUES ('d', 'ds', 1, 't', '{}', 'm');
      INSERT INTO artifact_references VALUES ('d', 'digits@1', 'pack');`,
  3: `INSERT INTO label_sets VALUES ('ls', 'mine', 'd', 'imported', '[]', '[]', 'h', 't', 'ada');
      INSERT INTO label_set_versions VALUES ('h', 'ls', NULL, 0, 't', 'ada', '[]', '');`,
  4: `INSERT INTO configs VALUES ('c', 'yaml', '{}');
      INSERT INTO runs VALUES ('r', 'default', 'FINISHED', 't', 'd', 'c', '{}', '{}', '{}');
      INSERT INTO run_points VALUES ('r', 1, 1, 0.1, 5, '{}');
      INSERT INTO checkpoints VALUES ('r', 'd', 1, '{}');
      INSERT INTO evaluations VALUES ('r', 'test', '{}', 'p');`,
  5: `INSERT INTO models VALUES ('digits', 't', '');
      INSERT INTO model_versions VALUES ('digits', 1, 'v', 'r', '{}', '{}');
      INSERT INTO promotion_requests VALUES ('p', 'digits', 'APPROVED', 't', '{}');
      INSERT INTO alias_changes VALUES (1, 'digits', 'production', 1, NULL, 't', 'bob', 'promotion', 'p', '');`,
  6: `INSERT INTO bundles VALUES ('b', 'digits', 1, 't', '{}');
      INSERT INTO deployments VALUES ('live', 'digits', 8080, 0, 'RUNNING', 't');
      INSERT INTO deployment_changes VALUES (1, 'live', 'b', 1, 't', 'ada', 'deploy');
      INSERT INTO predictions VALUES (1, 'p', 'live', 't', 1, 200, 0.5, '{}');`,
  7: "INSERT INTO forgotten_predictions VALUES ('live', 10, 1);",
};

describe('migrations', () => {
  it('are numbered 1, 2, 3 … without a gap', () => {
    expect(migrations.map((migration) => migration.number)).toEqual(migrations.map((_, index) => index + 1));
  });

  for (const { number, name } of migrations) {
    it(`${number} ${name} brings schema ${number - 1} with data to ${number} and loses nothing`, () => {
      const database = new Database(':memory:');
      for (let before = 1; before < number; before++) {
        migrate(database, before);
        if (rows[before]) database.exec(rows[before]);
      }
      const count = () =>
        (database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all() as string[]).reduce(
          (sum, table) => sum + (database.prepare(`SELECT count(*) FROM ${table}`).pluck().get() as number),
          0,
        );
      const before = count();
      migrate(database, number);
      expect(schemaVersion(database)).toBe(number);
      expect(count()).toBe(before);
      expect(database.pragma('integrity_check', { simple: true })).toBe('ok');
      expect(database.pragma('foreign_key_check')).toEqual([]);
    });
  }

  it('do nothing the second time', () => {
    const database = new Database(':memory:');
    migrate(database, newestSchema);
    const schema = () => database.prepare('SELECT sql FROM sqlite_schema ORDER BY name').pluck().all();
    const before = schema();
    migrate(database, newestSchema);
    expect(schema()).toEqual(before);
  });
});
