import type { DatasetVersion } from '../../../contract/datasets.ts';

/** A dataset may fit several tasks: what is there for each of them is told apart by its name. */
export const taskWords = (task: string): string => task.replaceAll('-', ' ');

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
