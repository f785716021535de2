import type { z } from 'zod';
import type { Split } from '../../contract/datasets.ts';
import type { evaluationMessage } from '../../contract/training-worker.ts';
import { writeSafetensors } from '../../formats/safetensors/safetensors.ts';
import type { ParameterValues } from '../../graph/index.ts';
import type { ArtifactStore } from '../../storage/artifacts/artifact-store.ts';
import type { Experiment } from './experiment.ts';

export type EvaluationMessage = z.infer<typeof evaluationMessage>;

export interface Evaluated {
  readonly message: EvaluationMessage;
  /** What stands in the run's row: `test.accuracy`. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** Evaluates weights on a split and stores what was predicted; null when the split is empty. */
export async function evaluate(
  { task, computing }: Experiment,
  parameters: ParameterValues,
  split: Split,
  store: ArtifactStore,
  onProgress: (done: number, total: number) => void,
): Promise<Evaluated | null> {
  const items = task.sets[split];
  if (items.length === 0) return null;
  const found = await task.evaluate(computing, parameters, split, items, onProgress);
  const predictions = store.put(writeSafetensors(found.predictions));
  return {
    message: { type: 'evaluation', evaluation: found.evaluation, predictions },
    metrics: Object.fromEntries(Object.entries(found.metrics).map(([key, value]) => [`${split}.${key}`, value])),
  };
}
