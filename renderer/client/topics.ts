import type { Topic } from '../../main/contract/events.ts';

/** Which answers a change of a topic makes stale: procedures whose name starts with one of these. */
export const staleAfter: Readonly<Record<Topic, readonly string[]>> = {
  workspace: ['workspace.info', 'samples.'],
  datasets: ['datasets.', 'samples.', 'lineage.', 'training.templates', 'workspace.info'],
  labels: ['labels.', 'datasets.items', 'datasets.rows', 'lineage.'],
  runs: ['runs.', 'lineage.', 'training.templates'],
  evaluation: ['evaluation.', 'runs.', 'datasets.items', 'datasets.rows'],
  registry: ['registry.', 'lineage.'],
  bundles: ['bundles.', 'registry.', 'lineage.'],
  deployments: ['deployments.', 'lineage.'],
  users: ['users.', 'session.'],
  ledger: ['ledger.list'],
  devices: ['devices.'],
  model_files: ['modelFiles.', 'training.validate'],
};

export function isStale(procedure: string, topics: ReadonlySet<Topic>): boolean {
  for (const topic of topics) if (staleAfter[topic].some((prefix) => procedure.startsWith(prefix))) return true;
  return false;
}
