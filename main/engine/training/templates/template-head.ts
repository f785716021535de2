import type { DatasetVersion } from '../../../contract/datasets.ts';

/** The YAML up to the end of what every data section has. */
export function head(title: string, task: string, dataset: DatasetVersion | undefined, batchSize: number): string {
  const reference = dataset === undefined ? 'your-dataset' : `${dataset.name}@${dataset.version}`;
  const experiment = dataset?.name ?? 'default';
  return `# ${title}. Every key has an explanation: point at it, or press Ctrl-Space.
experiment: ${JSON.stringify(experiment)}
task: ${task}
seed: 0
data:
  dataset: ${JSON.stringify(reference)}
  batchSize: ${batchSize}
`;
}
