import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Run } from '../../contract/training.ts';
import { Workspace } from '../workspace.ts';

const clock = { nowMs: () => Date.UTC(2026, 0, 1) };
const digest = 'a'.repeat(64);
let folder: string;
let workspace: Workspace;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'runs-'));
  workspace = Workspace.open({ folder, clock, application: 'test' });
  workspace.runs.insertConfig(digest, 'task: x', { task: 'x' });
  workspace.runs.insert(run('run_1', 'first', '2026-01-01T00:00:00.000Z'), summary, { a: 1 });
  workspace.runs.insert(run('run_2', 'second', '2026-01-02T00:00:00.000Z'), summary, null);
});
afterEach(() => {
  workspace.close();
  rmSync(folder, { recursive: true, force: true });
});

const summary = { layers: [], parameters: 0, flops: 0, memoryBytes: 0 };
const run = (id: string, experiment: string, createdAt: string): Run => ({
  id,
  name: id,
  experiment,
  status: 'SCHEDULED',
  jobId: 'job_1',
  createdAt,
  createdBy: 'ada',
  startedAt: null,
  endedAt: null,
  configDigest: digest,
  datasetDigest: digest,
  datasetName: 'digits@1',
  labelSetDigest: null,
  task: 'image-classification',
  device: 'cpu',
  threads: 1,
  seed: 0,
  codeVersion: '0',
  parameters: 0,
  params: {},
  metrics: {},
  tags: {},
  note: '',
  epoch: 0,
  step: 0,
  totalSteps: 1,
  bestCheckpoint: null,
  lastCheckpoint: null,
  error: null,
});
const point = (step: number) => ({ step, epoch: step / 10, elapsedMs: step, values: { train_loss: 1 / step } });

describe('the table of runs', () => {
  it('lists the newest first, filters by experiment and keeps what was updated', () => {
    workspace.runs.update({ ...run('run_1', 'first', '2026-01-01T00:00:00.000Z'), status: 'RUNNING', step: 5 });
    expect(workspace.runs.list({ limit: 10 }).map(({ id }) => id)).toEqual(['run_2', 'run_1']);
    expect(workspace.runs.list({ limit: 10, experiment: 'first' })).toMatchObject([{ status: 'RUNNING', step: 5 }]);
    expect(workspace.runs.plan('run_1')).toEqual({ a: 1 });
  });

  it('forgets the points after a checkpoint that a resumed run goes over again', () => {
    workspace.runs.appendPoints('run_1', [point(1), point(2)]);
    workspace.runs.appendPoints('run_1', [point(3), point(4)]);
    workspace.runs.deletePointsAfter('run_1', 2);
    workspace.runs.appendPoints('run_1', [point(3)]);
    expect(workspace.runs.points('run_1')).toEqual([point(1), point(2), point(3)]);
  });

  it('takes points, checkpoints and evaluations with a deleted run', () => {
    workspace.runs.appendPoints('run_1', [point(1)]);
    workspace.runs.putCheckpoint({
      digest,
      runId: 'run_1',
      step: 1,
      epoch: 0.1,
      createdAt: '2026-01-01T00:00:00.000Z',
      metrics: {},
      best: false,
      sizeBytes: 1,
    });
    workspace.runs.delete('run_1');
    expect(workspace.runs.points('run_1')).toEqual([]);
    expect(workspace.runs.checkpoints('run_1')).toEqual([]);
    expect(workspace.databaseProblems()).toEqual([]);
  });
});
