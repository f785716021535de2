import type { Split } from '../../contract/datasets.ts';
import type { InputLayout, TensorValue } from '../training/index.ts';

export type InputTensors = Readonly<Record<string, TensorValue>>;

/** Items of a dataset as a deployed model receives them: raw pixels, raw columns. */
export interface RawSamples {
  /** Indices of the items of a split, ascending. @throws LightbenchError record.not_found */
  indices(datasetDigest: string, split: Split): readonly number[];
  /**
   * The inputs of a shipped model by name. The first answers are those of the items, in their order; of a graph, others
   * follow: those of the nodes around.
   *
   * @throws LightbenchError record.not_found, deployment.bad_input when the dataset does not have what the model takes
   */
  batch(datasetDigest: string, indices: readonly number[], layout: InputLayout): Promise<InputTensors>;
}
