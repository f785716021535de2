import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { finish, trainModel } from './serve-model.ts';
import type { Stage } from './stage.ts';

/** Makes a workspace of so many runs on the penguins, called `run 00001` and so on: one that was trained, and its copies. */
export async function makeManyRuns(call: Stage['call'], workspace: string, count: number): Promise<void> {
  const { jobIds } = await call('samples.import', { ids: ['penguins'] });
  for (const id of jobIds) await finish(call, id);
  const penguins = (await call('datasets.list', {})).find(({ name }) => name === 'penguins');
  const datasetDigest = penguins?.versions[0]?.digest;
  const template = (await call('training.templates', { datasetDigest })).find(
    ({ id }) => id === 'table-classification-mlp',
  );
  await trainModel(call, template?.yaml ?? '');
  multiply(workspace, count);
}

/** Writes the only run of the workspace as many runs, each with a name, a time and figures of its own. */
function multiply(workspace: string, count: number): void {
  const database = new DatabaseSync(join(workspace, 'workspace.sqlite'), { timeout: 10_000 });
  database.exec(`
    UPDATE runs SET record = json_set(record, '$.name', 'run 00001');
    WITH RECURSIVE
      numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${count - 1}),
      copies AS (
        SELECT runs.*, substr(id, 1, length(id) - 5) || printf('%05x', n) AS copy, n,
          strftime('%Y-%m-%dT%H:%M:%fZ', created_at, printf('-%d minutes', n)) AS earlier
        FROM runs, numbers
      )
    INSERT INTO runs (id, experiment, status, created_at, dataset_digest, config_digest, record, summary, plan)
    SELECT copy, 'experiment ' || (n % 12), status, earlier, dataset_digest, config_digest,
      json_set(record, '$.id', copy, '$.name', printf('run %05d', n + 1), '$.createdAt', earlier,
        '$.experiment', 'experiment ' || (n % 12), '$.seed', n,
        '$."metrics"."test.accuracy"', 0.5 + (n * 7919 % 5000) / 10000.0),
      summary, plan
    FROM copies;
  `);
  database.close();
}
