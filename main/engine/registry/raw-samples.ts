import type { Column, Split } from '../../contract/datasets.ts';
import type { Signature } from '../../contract/registry.ts';
import type { ShippingModel, TensorValue } from '../training/index.ts';

/** How an item of a dataset becomes the input of a model: what was known when the model was trained. */
export interface InputLayout {
  readonly input: Signature['inputs'][number];
  /** Tables: the columns in the order of the input. Empty for images. */
  readonly columns: readonly Column[];
  /** Series: the column that the rows of a table are ordered by. */
  readonly orderedBy?: string | null;
  /** Models of tokens: how text becomes ids, and for those that write sequences, ids become text. */
  readonly tokens?: NonNullable<ShippingModel['tokens']>;
}

/** Items of a dataset as a deployed model receives them: raw pixels, raw columns. */
export interface RawSamples {
  /** Indices of the items of a split, ascending. @throws LightbenchError record.not_found */
  indices(datasetDigest: string, split: Split): readonly number[];
  /**
   * The input of a shipped model, the items along its first dimension.
   *
   * @throws LightbenchError record.not_found, deployment.bad_input when the dataset does not have what the model takes
   */
  batch(datasetDigest: string, indices: readonly number[], layout: InputLayout): Promise<TensorValue>;
}
