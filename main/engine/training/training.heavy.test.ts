import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { sha256 } from '../../storage/index.ts';
import { openTrainingEngine, type TrainingEngine } from './training.test-support.ts';

let folder: string;
let engine: TrainingEngine | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'training-heavy-'));
});
afterEach(async () => {
  await engine?.close();
  engine = undefined;
  rmSync(folder, { recursive: true, force: true });
});

const config = (model: string, training: string, more = '') => `
task: image-classification
data: { dataset: digits, batchSize: 64 }
model: ${model}
training: ${training}
threads: 2
${more}`;

describe('training on real digits', () => {
  it('a convolutional network reads 96 % of unseen digits after one epoch of 20,000', async () => {
    engine = openTrainingEngine(join(folder, 'workspace'));
    await engine.importDigits(folder, 20_000, 2000);
    const { runId, jobId } = await engine.call('training.start', {
      yaml: config('{ kind: cnn }', '{ epochs: 1 }'),
    });
    expect((await engine.jobs.wait(jobId, 500_000)).error).toBeNull();
    const { metrics } = engine.training.records.get(runId);
    expect(metrics['test.accuracy']).toBeGreaterThan(0.96);
    expect(metrics['validation.accuracy']).toBeGreaterThan(0.96);
    // What was said before the run is what the run took.
    const { estimated, measured } = memoryOf(engine, runId);
    expect(estimated / measured).toBeGreaterThan(0.85);
    expect(estimated / measured).toBeLessThan(1.15);
  });

  it('refuses a batch that does not fit, and trains with the largest that does, within the memory there is', async () => {
    engine = openTrainingEngine(join(folder, 'workspace'));
    await engine.importDigits(folder, 4000, 200);
    const yaml = (batchSize: number) => `
task: image-classification
data: { dataset: digits, batchSize: ${batchSize} }
model: { kind: cnn }
training: { epochs: 2 }
threads: 2`;
    const free = 700 * 2 ** 20;
    const memory = vi.spyOn(process, 'availableMemory').mockReturnValue(free);
    try {
      const { diagnostics } = await engine.call('training.validate', { yaml: yaml(2000) });
      expect(diagnostics).toMatchObject([{ severity: 'error', path: 'data.batchSize' }]);
      expect(diagnostics[0]?.message).toMatch(/^The run needs about \d+\.\d GiB and 0\.7 GiB are free\.$/);
      const fitting = Number(diagnostics[0]?.suggestion.match(/^A batchSize of (\d+) fits\.$/)?.[1]);
      expect(fitting).toBeGreaterThan(32);
      await expect(engine.call('training.start', { yaml: yaml(fitting + 1) })).rejects.toMatchObject({
        code: 'training.out_of_memory',
      });
      const { runId, jobId } = await engine.call('training.start', { yaml: yaml(fitting) });
      expect((await engine.jobs.wait(jobId, 500_000)).error).toBeNull();
      const { estimated, measured } = memoryOf(engine, runId);
      expect(estimated).toBeLessThanOrEqual(free);
      expect(measured).toBeLessThan(1.15 * free);
      expect(measured).toBeGreaterThan(0.8 * free);
    } finally {
      memory.mockRestore();
    }
  });

  it('two threads and the fast convolutions give the same bits again, also through kill -9 of the trainer', async () => {
    engine = openTrainingEngine(join(folder, 'workspace'));
    await engine.importDigits(folder, 3000, 200);
    const yaml = config('{ kind: resnet, channels: [16, 32] }', '{ epochs: 2, checkpointEverySteps: 10, clipNorm: 1 }');
    const first = await engine.call('training.start', { yaml });
    await engine.jobs.wait(first.jobId, 500_000);

    const { runId, jobId } = await engine.call('training.start', { yaml });
    await engine.until(() => (engine?.training.records.get(runId).step ?? 0) >= 25);
    for (const pid of trainers()) process.kill(pid, 'SIGKILL');
    const died = await engine.jobs.wait(jobId, 60_000);
    expect(died).toMatchObject({ state: 'FAILED', error: { code: 'worker.crashed' } });
    const step = engine.workspace.runs.checkpoints(runId).at(-1)?.step ?? 0;
    expect(step).toBeGreaterThanOrEqual(20);
    await engine.call('runs.resume', { runId });
    expect((await engine.jobs.wait(jobId, 500_000)).state).toBe('FINISHED');
    const [a, b] = [first.runId, runId].map((id) => engine?.training.records.get(id));
    expect(b?.lastCheckpoint).toBe(a?.lastCheckpoint);
    expect(b?.bestCheckpoint).toBe(a?.bestCheckpoint);
    expect(b?.metrics['test.loss']).toBe(a?.metrics['test.loss']);
  });

  const tmpfs = process.platform === 'linux' && process.getuid?.() === 0;
  it.runIf(tmpfs)(
    'a full disk at a checkpoint fails the run and keeps the last good checkpoint; more room resumes it',
    async () => {
      const mount = join(folder, 'small');
      mkdirSync(mount);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', mount]);
      try {
        engine = openTrainingEngine(join(mount, 'workspace'));
        await engine.importDigits(folder, 2000, 100);
        // 7 MB a checkpoint: the best, the last and a new one do not fit at once.
        const { runId, jobId } = await engine.call('training.start', {
          yaml: config('{ kind: mlp, hidden: [740] }', '{ epochs: 40, checkpointEverySteps: 5 }'),
        });
        const failed = await engine.jobs.wait(jobId, 200_000);
        expect(failed).toMatchObject({ state: 'FAILED', error: { code: 'storage.disk_full' } });
        const run = engine.training.records.get(runId);
        // The run says so at once, also where its end itself did not fit on the disk.
        expect(run).toMatchObject({ status: 'FAILED', error: { code: 'storage.disk_full' } });
        const { artifacts } = engine.workspace;
        expect(sha256(artifacts.read(run.lastCheckpoint as string))).toBe(run.lastCheckpoint);
        expect(readdirSync(join(artifacts.folder, 'incoming'))).toEqual([]);
        expect(engine.workspace.ledger.verify().intact).toBe(true);

        execFileSync('mount', ['-o', 'remount,size=200m', mount]);
        await engine.call('runs.resume', { runId });
        await engine.until(() => (engine?.training.records.get(runId).step ?? 0) > run.step);
        await engine.call('runs.stop', { runId });
        expect((await engine.jobs.wait(jobId, 200_000)).state).toBe('FINISHED');
        await engine.close();
        engine = undefined;
      } finally {
        await engine?.close();
        engine = undefined;
        execFileSync('umount', [mount]);
      }
    },
  );
});

/** Trainer processes that this very process has started. */
function trainers(): number[] {
  const lines = execFileSync('ps', ['-o', 'pid=,args=', '--ppid', String(process.pid)], { encoding: 'utf8' }).split(
    '\n',
  );
  return lines.filter((line) => line.includes('trainer.ts')).map((line) => Number.parseInt(line, 10));
}

/** What was said of a run before it, and the most that it was seen to hold. Bytes. */
function memoryOf({ workspace: { runs } }: TrainingEngine, runId: string) {
  return {
    estimated: runs.summary(runId)?.memoryBytes ?? 0,
    measured: Math.max(...runs.points(runId).map(({ values }) => values.memory_bytes)),
  };
}
