import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import { Emitter } from '../../base/emitter.ts';
import { LightbenchError } from '../../contract/errors.ts';
import type { WorkspaceEvent } from '../../contract/events.ts';
import { Workspace } from '../../storage/index.ts';
import type { EngineContext } from '../core/context.ts';
import { type JobContext, Jobs } from './index.ts';

let folder: string;
let workspace: Workspace;
let jobs: Jobs;
let events: Emitter<WorkspaceEvent>;

function open(): void {
  workspace = Workspace.open({ folder, clock: systemClock, application: 'test' });
  events = new Emitter();
  const context: EngineContext = {
    workspace,
    clock: systemClock,
    events,
    applicationVersion: '0',
    workerEntry: (name) => ({ path: name }),
    changed: () => {},
  };
  jobs = new Jobs(context);
}
const define = (
  run: (specification: unknown, context: JobContext) => Promise<'finished' | 'paused'>,
  concurrency = 1,
) => jobs.define({ kind: 'import', concurrency, run });
const begin = (specification: unknown = {}, resumable = true) =>
  jobs.start({ kind: 'import', title: 'Import', createdBy: 'ada', specification, resumable });
const untilAborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'jobs-'));
  open();
});
afterEach(async () => {
  await jobs.close();
  workspace.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('jobs', () => {
  it('run, report, and end with what they made', async () => {
    const heard: string[] = [];
    events.on((event) => event.type === 'job' && heard.push(event.job.state));
    define(async (specification, context) => {
      expect(specification).toEqual({ path: '/data' });
      for (let done = 0; done <= 10; done++) {
        context.progress({ phase: 'Reading', done, total: 10, unit: 'images' });
        await new Promise((resolve) => setTimeout(resolve, 15));
      }
      context.subject({ datasetDigest: 'abc' });
      return 'finished';
    });
    const ended = await jobs.wait(begin({ path: '/data' }).id, 5000);
    expect(ended).toMatchObject({
      state: 'FINISHED',
      subject: { datasetDigest: 'abc' },
      error: null,
      cancellable: false,
    });
    expect(ended.progress).toMatchObject({ done: 10, total: 10, unit: 'images' });
    expect(ended.progress?.ratePerSecond).toBeGreaterThan(0);
    expect(heard[0]).toBe('SCHEDULED');
    expect(heard.at(-1)).toBe('FINISHED');
    expect(workspace.jobs.get(ended.id)).toEqual(ended);
  });

  it('fail with the error of the closed list and can then be resumed', async () => {
    let broken = true;
    define(async (_, context) => {
      if (broken) throw new LightbenchError('source.damaged', 'a.png ends early.');
      expect(context.resumed).toBe(true);
      return 'finished';
    });
    const { id } = begin();
    expect(await jobs.wait(id, 5000)).toMatchObject({
      state: 'FAILED',
      error: { code: 'source.damaged', cause: 'a.png ends early.' },
    });
    expect(workspace.jobs.log(id, 0).lines.at(-1)?.text).toContain('a.png ends early.');
    broken = false;
    jobs.resume(id);
    expect(await jobs.wait(id, 5000)).toMatchObject({ state: 'FINISHED', error: null });
    expect(() => jobs.resume(id)).toThrow('cannot be resumed');
  });

  it('wait their turn, and are cancelled while waiting and while running', async () => {
    define((_, context) => untilAborted(context.signal));
    const [first, second] = [begin(), begin()];
    expect(jobs.get(first.id).state).toBe('RUNNING');
    expect(jobs.get(second.id).state).toBe('SCHEDULED');
    expect(jobs.cancel(second.id)).toMatchObject({ state: 'KILLED', error: { code: 'job.cancelled' } });
    jobs.cancel(first.id);
    expect(await jobs.wait(first.id, 5000)).toMatchObject({ state: 'KILLED', error: { code: 'job.cancelled' } });
    expect(() => jobs.cancel(first.id)).toThrow('already ended');
  });

  it('pause and go on', async () => {
    define(async (_, context) => (context.resumed ? 'finished' : 'paused'));
    const { id } = begin();
    expect(await jobs.wait(id, 5000)).toMatchObject({ state: 'PAUSED', error: null });
    jobs.resume(id);
    expect(await jobs.wait(id, 5000)).toMatchObject({ state: 'FINISHED' });
  });

  it('never stay running for ever: what a dead engine left is marked at the next start', async () => {
    define((_, context) => untilAborted(context.signal));
    const [running, waiting] = [begin(), begin()];
    // The engine is gone without a word: another one opens a copy of what is on the disk.
    const states = [running, waiting].map(({ id }) => workspace.jobs.get(id)?.state);
    expect(states).toEqual(['RUNNING', 'SCHEDULED']);
    const successor = new Jobs({
      workspace,
      clock: systemClock,
      events: new Emitter(),
      applicationVersion: '0',
      workerEntry: (name) => ({ path: name }),
      changed: () => {},
    });
    const told: string[] = [];
    successor.define({
      kind: 'import',
      concurrency: 1,
      run: async () => 'finished',
      ended: (_, job) => told.push(job.id),
    });
    expect(successor.recover().map((job) => job.error?.code)).toEqual(['job.interrupted', 'job.interrupted']);
    expect(told.toSorted()).toEqual([running.id, waiting.id].toSorted());
    told.length = 0;
    successor.resume(running.id);
    expect(await successor.wait(running.id, 5000)).toMatchObject({ state: 'FINISHED' });
    expect(told).toEqual([running.id]);
  });

  it('end together with what they were about: both are stored, or known, until there is room', async () => {
    let room = false;
    const ends: string[] = [];
    jobs.define({
      kind: 'import',
      concurrency: 1,
      run: async (_, { resumed }) => {
        if (!resumed) throw new LightbenchError('storage.disk_full', 'No room for a checkpoint.');
        return 'finished';
      },
      ended: (_, job) => {
        if (!room) throw new LightbenchError('storage.disk_full', 'No room for the end.');
        ends.push(job.state);
      },
    });
    const { id } = begin();
    expect(await jobs.wait(id, 5000)).toMatchObject({ state: 'FAILED', error: { cause: 'No room for a checkpoint.' } });
    expect(jobs.unstoredEnd(id)).toMatchObject({ state: 'FAILED' });
    expect(workspace.jobs.get(id)?.state).toBe('RUNNING');
    expect(() => jobs.resume(id)).toThrow('No room for the end.');
    expect(jobs.get(id).state).toBe('FAILED');
    room = true;
    jobs.resume(id);
    expect(jobs.unstoredEnd(id)).toBeUndefined();
    expect(await jobs.wait(id, 5000)).toMatchObject({ state: 'FINISHED' });
    expect(ends).toEqual(['FAILED', 'FINISHED']);
    const texts = workspace.jobs.log(id, 0).lines.map(({ text }) => text);
    expect(texts).toEqual(['Started', 'The disk is full: No room for a checkpoint.', 'Resumed', 'Finished']);
  });

  it('end with the engine, resumable', async () => {
    define((_, context) => untilAborted(context.signal));
    const { id } = begin();
    await jobs.close();
    expect(jobs.get(id)).toMatchObject({ state: 'FAILED', resumable: true, error: { code: 'job.interrupted' } });
  });
});
