import type { Stage } from './stage.ts';

const jobTimeoutMs = 900_000;

/** Trains a run to its end, and gives its id. */
export async function trainModel(call: Stage['call'], yaml: string): Promise<string> {
  const { runId, jobId } = await call('training.start', { yaml });
  await finish(call, jobId);
  return runId;
}

/** Registers a run, exports it with its proof, and puts it behind an endpoint, all under one name. */
export async function serveModel(call: Stage['call'], runId: string, name: string): Promise<void> {
  const { version } = await call('registry.register', { runId, modelName: name, description: '' });
  await finish(call, (await call('bundles.export', { modelName: name, version })).jobId);
  const [bundle] = await call('bundles.list', { modelName: name });
  await finish(call, (await call('deployments.deploy', { endpoint: name, bundleDigest: bundle?.digest ?? '' })).jobId);
}

/** Waits for a job to end well. */
export async function finish(call: Stage['call'], id: string): Promise<void> {
  const job = await call('jobs.wait', { id, timeoutMs: jobTimeoutMs });
  if (job.state !== 'FINISHED') throw new Error(`${job.title}: ${job.error?.cause ?? job.state}`);
}
