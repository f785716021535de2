import type { Job } from '../../main/contract/jobs.ts';
import { paths } from './paths.ts';

export interface JobLink {
  readonly to: string;
  readonly label: string;
}

/** Where to look at what a job made. */
export function jobLink(job: Pick<Job, 'subject'>): JobLink | null {
  const { runId, datasetDigest, endpoint, modelName, version } = job.subject;
  if (endpoint !== undefined) return { to: paths.endpoint(endpoint), label: 'Open the endpoint' };
  if (runId !== undefined) return { to: paths.run(runId), label: 'Open the run' };
  if (modelName !== undefined)
    return {
      to: version === undefined ? paths.model(modelName) : paths.modelVersion(modelName, Number(version)),
      label: 'Open the model',
    };
  if (datasetDigest !== undefined) return { to: paths.dataset(datasetDigest), label: 'Open the dataset' };
  return null;
}
