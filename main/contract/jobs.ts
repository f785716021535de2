import { z } from 'zod';
import { id, time } from './common.ts';
import { errorRecord } from './errors.ts';
import { command, query } from './procedure.ts';

export const jobKind = z.enum(['import', 'training', 'evaluation', 'export', 'deployment', 'verification', 'trial']);
export type JobKind = z.infer<typeof jobKind>;

/** MLflow's run states plus PAUSED. FINISHED, FAILED and KILLED are final, though FAILED and KILLED jobs may be resumable. */
export const jobState = z.enum(['SCHEDULED', 'RUNNING', 'PAUSED', 'FINISHED', 'FAILED', 'KILLED']);
export type JobState = z.infer<typeof jobState>;

export const jobProgress = z.object({
  phase: z.string().describe('What it is doing, in words: "Reading images"'),
  done: z.number().nonnegative(),
  total: z.number().nonnegative().nullable(),
  unit: z.string().describe('images, rows, steps, bytes …'),
  ratePerSecond: z.number().nonnegative().nullable(),
  remainingMs: z.number().nonnegative().nullable(),
});
export type JobProgress = z.infer<typeof jobProgress>;

export const job = z.object({
  id,
  kind: jobKind,
  title: z.string(),
  state: jobState,
  progress: jobProgress.nullable(),
  createdAt: time,
  createdBy: z.string(),
  startedAt: time.nullable(),
  endedAt: time.nullable(),
  error: errorRecord.nullable(),
  cancellable: z.boolean(),
  resumable: z.boolean(),
  /** What the job is about and, at the end, what it made: datasetDigest, runId, bundleDigest, …; a `remark` is shown as it is. */
  subject: z.record(z.string(), z.string()),
});
export type Job = z.infer<typeof job>;

export const jobLogLine = z.object({ time, level: z.enum(['info', 'warning', 'error']), text: z.string() });
export type JobLogLine = z.infer<typeof jobLogLine>;

export const procedures = {
  'jobs.list': query(
    'Jobs, newest first',
    z.object({
      states: z.array(jobState).optional(),
      kind: jobKind.optional(),
      limit: z.int().min(1).max(1000).default(100),
    }),
    z.array(job),
  ),
  'jobs.get': query('One job', z.object({ id }), job),
  'jobs.wait': query(
    'Waits until the job has ended, or until the timeout; returns it as it then is',
    z.object({ id, timeoutMs: z.int().min(0).max(86_400_000).default(600_000) }),
    job,
  ),
  'jobs.log': query(
    'The log of a job, oldest line first',
    z.object({ id, after: z.int().min(0).default(0) }),
    z.object({ lines: z.array(jobLogLine), next: z.int() }),
  ),
  'jobs.cancel': command('Asks a running job to stop; what it finished is kept', z.object({ id }), job),
  'jobs.resume': command('Continues a job that was interrupted, from what was saved', z.object({ id }), job),
};
