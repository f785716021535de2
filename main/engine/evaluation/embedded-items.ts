import { LightbenchError } from '../../contract/errors.ts';
import type { Neighbour } from '../../contract/evaluation.ts';
import { readSafetensors } from '../../formats/safetensors/safetensors.ts';
import { nearestNeighbours } from '../../stats/retrieval.ts';

/** What an evaluation of embeddings stored: `indices` [items], `embeddings` [items, dimensions] and `labels` [items]. */
export interface EmbeddedItems {
  readonly indices: Int32Array;
  readonly embeddings: Float32Array;
  readonly dimensions: number;
  readonly labels: Int32Array;
}

/** @throws LightbenchError workspace.damaged */
export function embeddedItems(bytes: Uint8Array, digest: string): EmbeddedItems {
  const { tensors } = readSafetensors(bytes, digest);
  const [indices, embeddings, labels] = ['indices', 'embeddings', 'labels'].map((name) => tensors.get(name));
  if (
    indices === undefined ||
    labels === undefined ||
    !(embeddings?.data instanceof Float32Array) ||
    embeddings.shape[0] !== indices.data.length
  )
    throw new LightbenchError('workspace.damaged', `The embeddings ${digest} cannot be read.`, { details: { digest } });
  return {
    indices: Int32Array.from(indices.data as ArrayLike<number>),
    embeddings: embeddings.data,
    dimensions: embeddings.shape[1],
    labels: Int32Array.from(labels.data as ArrayLike<number>),
  };
}

/** @param without the item that is asked about */
export function nearestItems(
  items: EmbeddedItems,
  embedding: readonly number[],
  count: number,
  without?: number,
): Neighbour[] {
  const skip = without === undefined ? -1 : items.indices.indexOf(without);
  return nearestNeighbours(items, Float32Array.from(embedding), count, skip).map(({ row, similarity }) => ({
    index: items.indices[row],
    label: items.labels[row],
    similarity,
  }));
}
