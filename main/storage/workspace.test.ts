import { execFileSync, spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../base/clock.ts';
import type { LightbenchError } from '../contract/errors.ts';
import { newestSchema } from './migrations/index.ts';
import { Workspace } from './workspace.ts';

let root: string;
const open = (folder: string, clock = systemClock) => Workspace.open({ folder, clock, application: 'Lightbench test' });
const refusal = (action: () => unknown): LightbenchError => {
  try {
    action();
  } catch (error) {
    return error as LightbenchError;
  }
  throw new Error('It was not refused');
};
const append = (workspace: Workspace, action: string) =>
  workspace.transaction(() =>
    workspace.ledger.append({ actor: 'ada', action, subject: 's', summary: 'S', payload: { n: 1 } }),
  );

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'workspace-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('a workspace', () => {
  it('is one movable folder', () => {
    const before = open(join(root, 'a'));
    const { digest } = before.artifacts.put(Buffer.from('content'));
    append(before, 'first');
    before.close();
    renameSync(join(root, 'a'), join(root, 'b'));
    const after = open(join(root, 'b'));
    expect(after.artifacts.read(digest).toString()).toBe('content');
    expect(after.ledger.list({ limit: 10 })).toHaveLength(1);
    after.close();
  });

  it('refuses a second holder in the same process by name', () => {
    const first = open(join(root, 'a'));
    const error = refusal(() => open(join(root, 'a')));
    expect(error.code).toBe('workspace.locked');
    expect(error.message).toContain('Lightbench test of ');
    expect(error.message).toContain(`process ${process.pid}`);
    first.close();
    open(join(root, 'a')).close();
  });

  it('refuses a second process, and is free again the moment the first is killed', async () => {
    const folder = join(root, 'a');
    const script = `import { Workspace } from ${JSON.stringify(join(import.meta.dirname, 'workspace.ts'))};
      Workspace.open({ folder: ${JSON.stringify(folder)}, clock: { nowMs: () => Date.now() }, application: 'The other one' });
      console.log('open'); setInterval(() => {}, 1000);`;
    const other = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = new Promise((resolve) => other.once('close', resolve));
    try {
      await new Promise((resolve) => other.stdout.once('data', resolve));
      expect(refusal(() => open(folder)).message).toContain('The other one of ');
    } finally {
      other.kill('SIGKILL');
    }
    await ended;
    open(folder).close();
  });

  it('leaves a workspace of a newer version untouched', () => {
    open(join(root, 'a')).close();
    const path = join(root, 'a', 'workspace.sqlite');
    const database = new Database(path);
    database.pragma(`user_version = ${newestSchema + 1}`);
    database.close();
    const before = readFileSync(path);
    const modified = statSync(path).mtimeMs;
    expect(refusal(() => open(join(root, 'a'))).code).toBe('workspace.newer');
    expect(readFileSync(path).equals(before)).toBe(true);
    expect(statSync(path).mtimeMs).toBe(modified);
  });

  it('refuses a folder with other things in it, and the database of another program', () => {
    mkdirSync(join(root, 'photos'));
    writeFileSync(join(root, 'photos', 'a.txt'), 'mine');
    expect(refusal(() => open(join(root, 'photos'))).code).toBe('workspace.not_a_workspace');
    expect(readdirSync(join(root, 'photos'))).toEqual(['a.txt']);

    mkdirSync(join(root, 'other'));
    const database = new Database(join(root, 'other', 'workspace.sqlite'));
    database.exec('CREATE TABLE t (x)');
    database.close();
    expect(refusal(() => open(join(root, 'other'))).code).toBe('workspace.not_a_workspace');
  });

  it('says that a damaged database is damaged', () => {
    open(join(root, 'a')).close();
    writeFileSync(
      join(root, 'a', 'workspace.sqlite'),
      'this is no database, and long enough to be looked at'.repeat(100),
    );
    expect(refusal(() => open(join(root, 'a'))).code).toBe('workspace.damaged');
  });

  it('keeps going when the clock goes backwards', () => {
    let now = Date.parse('2026-06-01T00:00:00Z');
    const workspace = open(join(root, 'a'), { nowMs: () => now });
    append(workspace, 'first');
    now -= 86_400_000;
    append(workspace, 'second');
    expect(workspace.ledger.verify()).toMatchObject({ intact: true, entries: 2 });
    expect(workspace.ledger.list({ limit: 2 }).map((entry) => entry.action)).toEqual(['second', 'first']);
    workspace.close();
  });
});

describe('the artifact store', () => {
  it('stores the same bytes once, and finds what is damaged or gone', async () => {
    const workspace = open(join(root, 'a'));
    const { artifacts } = workspace;
    const first = artifacts.put(Buffer.from('abc'));
    expect(artifacts.put(Buffer.from('abc'))).toEqual(first);
    const writer = artifacts.writer();
    writer.write(Buffer.from('a'));
    writer.write(Buffer.from('bc'));
    expect(writer.commit()).toEqual(first);
    expect(readdirSync(join(artifacts.folder, 'incoming'))).toEqual([]);
    expect(await artifacts.verify(first.digest)).toBe('intact');
    writeFileSync(artifacts.path(first.digest), 'abd');
    expect(await artifacts.verify(first.digest)).toBe('altered');
    rmSync(artifacts.path(first.digest));
    expect(await artifacts.verify(first.digest)).toBe('missing');
    expect(refusal(() => artifacts.read(first.digest)).code).toBe('workspace.damaged');
    workspace.close();
  });

  it('removes what a killed writer left, and nothing of it is ever visible', () => {
    const workspace = open(join(root, 'a'));
    workspace.artifacts.writer().write(Buffer.from('half'));
    workspace.close();
    expect(readdirSync(join(root, 'a', 'artifacts', 'incoming'))).toHaveLength(1);
    const again = open(join(root, 'a'));
    expect(again.clearedFiles).toBe(1);
    expect(readdirSync(join(root, 'a', 'artifacts'))).toEqual(['incoming']);
    again.close();
  });

  const tmpfs = process.platform === 'linux' && process.getuid?.() === 0;
  it.runIf(tmpfs)('says that the disk is full and leaves nothing half-written', () => {
    const mount = join(root, 'small');
    mkdirSync(mount);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', mount]);
    try {
      const workspace = open(join(mount, 'a'));
      expect(refusal(() => workspace.artifacts.put(Buffer.alloc(8 * 1024 * 1024, 1))).code).toBe('storage.disk_full');
      expect(readdirSync(join(workspace.artifacts.folder, 'incoming'))).toEqual([]);
      append(workspace, 'still works');
      expect(workspace.ledger.verify().intact).toBe(true);
      workspace.close();
    } finally {
      execFileSync('umount', [mount]);
    }
  });
});

describe('the ledger', () => {
  const tampered: readonly (readonly [string, string, number])[] = [
    ['an edited summary', "UPDATE ledger SET summary = 'X' WHERE sequence = 2", 2],
    ['an edited payload', `UPDATE ledger SET payload = '{"n":2}' WHERE sequence = 1`, 1],
    ['an edited time', "UPDATE ledger SET time = '2000-01-01T00:00:00.000Z' WHERE sequence = 3", 3],
    ['a removed row', 'DELETE FROM ledger WHERE sequence = 2', 2],
    ['a removed last row', 'DELETE FROM ledger WHERE sequence = 4', 4],
    [
      'reordered rows',
      'UPDATE ledger SET sequence = 9 WHERE sequence = 2; UPDATE ledger SET sequence = 2 WHERE sequence = 3; UPDATE ledger SET sequence = 3 WHERE sequence = 9',
      2,
    ],
    ['a replaced hash', `UPDATE ledger SET hash = '${'a'.repeat(64)}' WHERE sequence = 3`, 3],
  ];
  for (const [what, sql, sequence] of tampered) {
    it(`finds ${what}`, () => {
      const folder = join(root, 'a');
      const workspace = open(folder);
      for (const action of ['one', 'two', 'three', 'four']) append(workspace, action);
      expect(workspace.ledger.verify()).toMatchObject({ intact: true, entries: 4, firstBroken: null });
      workspace.close();
      const database = new Database(join(folder, 'workspace.sqlite'));
      database.exec(sql);
      database.close();
      const again = open(folder);
      expect(again.ledger.verify()).toMatchObject({ intact: false, firstBroken: sequence });
      again.close();
    });
  }

  it('rolls back with the change it records', () => {
    const workspace = open(join(root, 'a'));
    expect(() =>
      workspace.transaction(() => {
        workspace.ledger.append({ actor: 'ada', action: 'a', subject: 's', summary: 'S' });
        throw new Error('the change failed');
      }),
    ).toThrow('the change failed');
    expect(workspace.ledger.verify().entries).toBe(0);
    expect(() => workspace.ledger.append({ actor: 'ada', action: 'a', subject: 's', summary: 'S' })).toThrow(
      'transaction',
    );
    workspace.close();
  });

  it('survives a kill in mid-commit: the ledger verifies and holds only whole changes', async () => {
    const folder = join(root, 'a');
    open(folder).close();
    const script = `import { Workspace } from ${JSON.stringify(join(import.meta.dirname, 'workspace.ts'))};
      const workspace = Workspace.open({ folder: ${JSON.stringify(folder)}, clock: { nowMs: () => Date.now() }, application: 'Killed' });
      console.log('open');
      for (let n = 0; ; n++) workspace.transaction(() => {
        workspace.lineage.node({ digest: 'd' + n, kind: 'run', title: 't' });
        workspace.ledger.append({ actor: 'a', action: 'x', subject: 'd' + n, summary: 'S' });
      });`;
    for (let round = 0; round < 5; round++) {
      const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await new Promise((resolve) => child.stdout.once('data', resolve));
      const ended = new Promise((resolve) => child.once('close', resolve));
      await new Promise((resolve) => setTimeout(resolve, 20 + round * 17));
      child.kill('SIGKILL');
      await ended;
    }
    const workspace = open(folder);
    const { intact, entries } = workspace.ledger.verify();
    expect(intact).toBe(true);
    expect(entries).toBeGreaterThan(0);
    for (const { subject } of workspace.ledger.list({ limit: 1000 }))
      expect(workspace.lineage.around(subject, 'both').nodes).toHaveLength(1);
    workspace.close();
  });
});

it('copies of a workspace open side by side', () => {
  open(join(root, 'a')).close();
  cpSync(join(root, 'a'), join(root, 'b'), { recursive: true });
  const [a, b] = [open(join(root, 'a')), open(join(root, 'b'))];
  expect(existsSync(join(b.folder, 'workspace.sqlite'))).toBe(true);
  a.close();
  b.close();
});
