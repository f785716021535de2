import type { ItemFilter } from '../../../main/contract/datasets.ts';

export const queueOrders = ['unlabeled', 'filter'] as const;
export type QueueOrder = (typeof queueOrders)[number];

/** The order of work: what has no label comes first, each part in the order of the filter. */
export function orderedQueue(
  indices: readonly number[],
  labels: readonly number[],
  order: QueueOrder,
): readonly number[] {
  if (order === 'filter') return indices;
  const open: number[] = [];
  const done: number[] = [];
  for (const index of indices) ((labels[index] ?? -1) < 0 ? open : done).push(index);
  return [...open, ...done];
}

/** The mistakes of a run, the most confident first: where labels are most likely wrong. */
export function mistakesOf(runId: string): ItemFilter {
  return { runId, correct: false, sort: 'confidence_descending' };
}

/** The next position that still has no label, after the current one and then from the start; null when all have one. */
export function nextUnlabeled(queue: readonly number[], labels: readonly number[], position: number): number | null {
  for (let step = 1; step <= queue.length; step += 1) {
    const candidate = (position + step) % queue.length;
    if ((labels[queue[candidate] ?? -1] ?? -1) < 0) return candidate;
  }
  return null;
}
