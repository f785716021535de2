import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, expect } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import { Emitter } from '../../base/emitter.ts';
import { seededRandom } from '../../base/random.ts';
import { type ImportOptions, importOptions } from '../../contract/datasets.ts';
import type { Job } from '../../contract/jobs.ts';
import { writeIdx } from '../../formats/idx/idx-file.ts';
import { Workspace } from '../../storage/index.ts';
import type { Caller, EngineContext } from '../core/context.ts';
import { Jobs } from '../jobs/index.ts';
import { Datasets, type ItemPredictions } from './index.ts';

export const MODULES = join(process.cwd(), 'node_modules');
export const ada: Caller = { userId: 'u1', userName: 'ada', roles: ['researcher'] };

export let folder: string;
export let source: string;
export let workspace: Workspace;
export let jobs: Jobs;
export let datasets: Datasets;
let predictions: ItemPredictions | undefined;
/** What runs say of items from now on. */
export function predict(next: ItemPredictions): void {
  predictions = next;
}

export function open(packSizeBytes?: number, workspaceFolder = join(folder, 'workspace')) {
  workspace = Workspace.open({ folder: workspaceFolder, clock: systemClock, application: 'test' });
  const context: EngineContext = {
    workspace,
    clock: systemClock,
    events: new Emitter(),
    applicationVersion: '0',
    workerEntry: (name) => ({ path: join(import.meta.dirname, '..', '..', 'workers', `${name}.ts`) }),
    changed: () => {},
  };
  jobs = new Jobs(context);
  datasets = new Datasets(
    context,
    jobs,
    { labels: () => [1, 1, 1, 1], predictions: () => predictions },
    packSizeBytes === undefined ? {} : { packSizeBytes },
  );
  jobs.recover();
}
export async function close() {
  await jobs.close();
  await datasets.close();
  workspace.close();
}

/** A fresh workspace and an empty source folder for every test of the file. */
export function freshWorkspaces(): void {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'datasets-'));
    source = join(folder, 'source');
    mkdirSync(source);
    predictions = undefined;
    open();
  });
  afterEach(async () => {
    await close();
    rmSync(folder, { recursive: true, force: true });
  });
}

export const options = (more: Partial<ImportOptions> = {}) => importOptions.parse({ name: 'data', ...more });
export const startImport = (path: string, more: Partial<ImportOptions> = {}) =>
  datasets.startImport(path, options(more), ada).jobId;
export async function importNow(path: string, more: Partial<ImportOptions> = {}): Promise<Job> {
  return jobs.wait(startImport(path, more), 60_000);
}
export async function importDigest(path: string, more: Partial<ImportOptions> = {}): Promise<string> {
  const job = await importNow(path, more);
  expect(job.error).toBeNull();
  return job.subject.datasetDigest;
}
export const items = async (digest: string, filter: object = {}) =>
  (await datasets.handlers['datasets.items']({ digest, filter: { sort: 'index', ...filter } }, ada)).indices;
export const rows = (digest: string, indices: number[], more: object = {}) =>
  datasets.handlers['datasets.rows']({ digest, indices, ...more }, ada);
export const artifactFiles = () =>
  readdirSync(workspace.artifacts.folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();

/** A grey noise picture that resembles no other. */
export function noise(seed: number, size = 24): { data: Uint8Array; size: number } {
  const random = seededRandom(seed);
  return { data: Uint8Array.from({ length: size * size }, () => 60 + random.below(120)), size };
}
export async function picture(name: string, seed: number, format: 'png' | 'jpg' = 'png', size = 24) {
  const { data } = noise(seed, size);
  mkdirSync(dirname(join(source, name)), { recursive: true });
  const image = sharp(data, { raw: { width: size, height: size, channels: 1 } }).toColourspace('b-w');
  writeFileSync(join(source, name), await (format === 'png' ? image.png() : image.jpeg({ quality: 92 })).toBuffer());
}
export function idx(prefix: string, count: number, seed = 1) {
  const random = seededRandom(seed);
  writeFileSync(
    join(source, `${prefix}-images-idx3-ubyte`),
    writeIdx(
      Uint8Array.from({ length: count * 64 }, () => random.below(256)),
      [count, 8, 8],
    ),
  );
  writeFileSync(
    join(source, `${prefix}-labels-idx1-ubyte`),
    writeIdx(
      Uint8Array.from({ length: count }, (_, i) => i % 3),
      [count],
    ),
  );
}
