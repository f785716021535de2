import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import { readColumns } from '../../formats/dataset-pack/columns-file.ts';
import {
  ada,
  artifactFiles,
  close,
  datasets,
  folder,
  freshWorkspaces,
  importDigest,
  items,
  jobs,
  noise,
  open,
  picture,
  source,
  startImport,
  workspace,
} from './datasets.test-support.ts';
import { clearAbandonedImports, RESUMABLE_DAYS } from './index.ts';

/** Whether this user may mount a small disk, to fill it. */
function canMount(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  const place = mkdtempSync(join(tmpdir(), 'mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', place], { stdio: 'ignore' });
    execFileSync('umount', [place], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

freshWorkspaces();

describe('an import that is cut off', () => {
  const wait = async (condition: () => boolean) => {
    for (let i = 0; !condition(); i++) {
      if (i > 2000) throw new Error('It did not happen');
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  const notes = (jobId: string) => {
    try {
      return readdirSync(join(workspace.folder, 'imports', jobId)).filter((name) => /^pack-\d+$/.test(name));
    } catch {
      return [];
    }
  };
  async function many() {
    for (let i = 0; i < 160; i++) await picture(`${i % 2 ? 'a' : 'b'}/${i}.png`, i, 'png', 120);
  }
  /** Packs of a few pictures, so that there is always something left to do. */
  async function restart() {
    await close();
    open(60_000);
  }

  it.runIf(process.platform === 'linux')(
    'goes on after its worker was killed, from the packs that are stored',
    async () => {
      await many();
      const undisturbed = await importDigest(source);
      await close();
      rmSync(join(folder, 'workspace'), { recursive: true });
      open(60_000);

      const id = startImport(source);
      await wait(() => notes(id).length >= 3);
      const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ').map(Number);
      const worker = children.find((child) =>
        readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('workers/import'),
      );
      process.kill(worker!, 'SIGKILL');
      expect(await jobs.wait(id, 10_000)).toMatchObject({
        state: 'FAILED',
        resumable: true,
        error: { code: 'worker.crashed' },
      });
      expect(datasets.list()).toEqual([]);
      const packs = notes(id).map((name) => [name, statSync(join(workspace.folder, 'imports', id, name)).mtimeMs]);

      jobs.resume(id);
      const done = await jobs.wait(id, 60_000);
      expect(done).toMatchObject({ state: 'FINISHED', subject: { datasetDigest: undisturbed } });
      expect(packs.length).toBeGreaterThanOrEqual(3);
      expect(
        workspace.jobs
          .log(id, 0)
          .lines.map(({ text }) => text)
          .join('\n'),
      ).toMatch(/\d+ images were already stored/);
    },
  );

  it('goes on after a restart of the engine, and reads again what changed in the source meanwhile', async () => {
    await many();
    await restart();
    const id = startImport(source);
    await wait(() => notes(id).length >= 3);
    await restart();
    expect(jobs.get(id)).toMatchObject({ state: 'FAILED', resumable: true, error: { code: 'job.interrupted' } });
    await picture('a/1.png', 5000, 'png', 120);
    jobs.resume(id);
    const done = await jobs.wait(id, 60_000);
    const digest = done.subject.datasetDigest;
    const [changed] = await items(digest, { search: 'a/1.png' });
    const asset = await datasets.assetHandlers['datasets.image']({ digest, index: changed }, ada);
    expect(new Uint8Array(await sharp(asset.bytes).toColourspace('b-w').raw().toBuffer())).toEqual(
      noise(5000, 120).data,
    );
  });

  it('goes on after the engine itself was killed', async () => {
    await many();
    await close();
    const host = spawn(
      process.execPath,
      [join(import.meta.dirname, 'import-host.test-support.ts'), workspace.folder, source],
      { stdio: 'inherit' },
    );
    const stored = () => {
      const imports = join(workspace.folder, 'imports');
      return existsSync(imports) ? readdirSync(imports).flatMap((id) => notes(id)).length : 0;
    };
    await wait(() => stored() >= 3);
    const ended = once(host, 'exit');
    host.kill('SIGKILL');
    await ended;
    open(60_000);
    const [job] = workspace.jobs.list({ limit: 1 });
    expect(job).toMatchObject({ state: 'FAILED', resumable: true, error: { code: 'job.interrupted' } });
    expect(datasets.list()).toEqual([]);
    jobs.resume(job.id);
    expect(await jobs.wait(job.id, 60_000)).toMatchObject({ state: 'FINISHED' });
    expect(datasets.list()[0].versions[0].rows).toBe(160);
    expect(
      workspace.jobs
        .log(job.id, 0)
        .lines.map(({ text }) => text)
        .join('\n'),
    ).toMatch(/\d+ images were already stored/);
  });

  it.runIf(canMount())('says that the disk is full, keeps what it has, and goes on when there is room', async () => {
    await many();
    await close();
    const disk = join(folder, 'disk');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1500k', 'tmpfs', disk]);
    try {
      open(60_000, join(disk, 'workspace'));
      const id = startImport(source);
      expect(await jobs.wait(id, 60_000)).toMatchObject({
        state: 'FAILED',
        resumable: true,
        error: { code: 'storage.disk_full' },
      });
      expect(datasets.list()).toEqual([]);
      expect(readdirSync(join(workspace.artifacts.folder, 'incoming'))).toEqual([]);
      expect(notes(id).length).toBeGreaterThan(2);
      execFileSync('mount', ['-o', 'remount,size=64m', disk]);
      jobs.resume(id);
      expect(await jobs.wait(id, 60_000)).toMatchObject({ state: 'FINISHED' });
      expect(datasets.list()[0].versions[0].rows).toBe(160);
    } finally {
      await close();
      execFileSync('umount', [disk]);
      open();
    }
  });

  it('leaves nothing for ever: packs that nobody needs go after a month, the others never', async () => {
    await many();
    await restart();
    // A dataset has all packs but the first.
    const kept = await importDigest(source, { name: 'kept' });
    await picture('a/1.png', 7000, 'png', 120);
    const id = startImport(source, { name: 'left' });
    await wait(() => notes(id).length >= 3);
    jobs.cancel(id);
    await jobs.wait(id, 10_000);
    const filesBefore = artifactFiles();
    const needed = new Set(workspace.artifactRecords.list().map(({ digest }) => workspace.artifacts.path(digest)));
    expect(filesBefore.some((path) => !needed.has(path))).toBe(true);
    const noted = notes(id).map((name) => {
      const path = join(workspace.folder, 'imports', id, name);
      return (readColumns(readFileSync(path), path).meta as { pack: { digest: string } }).pack.digest;
    });
    expect(noted.some((digest) => needed.has(workspace.artifacts.path(digest)))).toBe(true);
    const at = (days: number) => ({ workspace, clock: { nowMs: () => Date.now() + days * 24 * 60 * 60 * 1000 } });
    expect(clearAbandonedImports(at(RESUMABLE_DAYS - 1))).toEqual({ imports: 0, files: 0 });
    expect(artifactFiles()).toEqual(filesBefore);
    // Cut off in the middle, it goes on the next time.
    const remove = workspace.artifacts.remove.bind(workspace.artifacts);
    workspace.artifacts.remove = (digest) => {
      remove(digest);
      throw new Error('The power went out.');
    };
    expect(() => clearAbandonedImports(at(RESUMABLE_DAYS + 1))).toThrow('The power went out.');
    workspace.artifacts.remove = remove;
    expect(clearAbandonedImports(at(RESUMABLE_DAYS + 1)).imports).toBe(1);
    expect(artifactFiles()).toEqual(filesBefore.filter((path) => needed.has(path)));
    expect(notes(id)).toEqual([]);
    for (const { digest } of workspace.artifactRecords.list())
      expect(await workspace.artifacts.verify(digest)).toBe('intact');
    expect((await items(kept)).length).toBe(160);
    // Taken up after all, it begins anew.
    jobs.resume(id);
    expect(await jobs.wait(id, 60_000)).toMatchObject({ state: 'FINISHED' });
  });

  it('spares packs that another import which may go on has noted', async () => {
    await many();
    await restart();
    const ids = [];
    for (const name of ['one', 'two']) {
      const id = startImport(source, { name });
      await wait(() => notes(id).length >= 3);
      jobs.cancel(id);
      await jobs.wait(id, 10_000);
      ids.push(id);
    }
    const [old, young] = ids;
    const job = workspace.jobs.get(old);
    workspace.jobs.update({ ...job!, endedAt: '2020-01-01T00:00:00.000Z' });
    clearAbandonedImports({ workspace, clock: systemClock });
    expect(notes(old)).toEqual([]);
    jobs.resume(young);
    expect(await jobs.wait(young, 60_000)).toMatchObject({ state: 'FINISHED' });
    expect(
      workspace.jobs
        .log(young, 0)
        .lines.map(({ text }) => text)
        .join('\n'),
    ).toMatch(/\d+ images were already stored/);
  });

  it('can be cancelled and taken up again', async () => {
    await many();
    await restart();
    const id = startImport(source);
    await wait(() => notes(id).length >= 2);
    jobs.cancel(id);
    expect(await jobs.wait(id, 10_000)).toMatchObject({ state: 'KILLED', error: { code: 'job.cancelled' } });
    expect(readdirSync(join(workspace.artifacts.folder, 'incoming'))).toEqual([]);
    jobs.resume(id);
    expect(await jobs.wait(id, 60_000)).toMatchObject({ state: 'FINISHED' });
  });
});
