/** A program that opens a workspace and starts one import: for tests that kill it. `node import-host… WORKSPACE SOURCE` */
import { join } from 'node:path';
import { systemClock } from '../../base/clock.ts';
import { Emitter } from '../../base/emitter.ts';
import { importOptions } from '../../contract/datasets.ts';
import type { WorkspaceEvent } from '../../contract/events.ts';
import { Workspace } from '../../storage/index.ts';
import { Jobs } from '../jobs/index.ts';
import { Datasets } from './index.ts';

const [, , folder, source] = process.argv;
const workspace = Workspace.open({ folder, clock: systemClock, application: 'test' });
const context = {
  workspace,
  clock: systemClock,
  events: new Emitter<WorkspaceEvent>(),
  applicationVersion: '0',
  workerEntry: (name: string) => ({ path: join(import.meta.dirname, '..', '..', 'workers', `${name}.ts`) }),
  changed: () => {},
};
const jobs = new Jobs(context);
const datasets = new Datasets(
  context,
  jobs,
  { labels: () => [], predictions: () => undefined },
  { packSizeBytes: 60_000 },
);
datasets.startImport(source, importOptions.parse({ name: 'data' }), { userName: 'ada' });
