import { useCallback, useEffect, useState } from 'react';
import type { ItemFilter } from '../../../main/contract/datasets.ts';
import { call, LightbenchError } from '../../client/index.ts';
import type { LabelSession } from './label-session.ts';
import type { QueueOrder } from './queue.ts';
import { orderedQueue } from './queue.ts';

export interface Queue {
  /** Null while it is being read. */
  readonly indices: readonly number[] | null;
  readonly error: LightbenchError | null;
  readonly refresh: () => void;
}

/**
 * The items to work through. It is drawn up once per filter and order and then stands still: an item that no longer
 * matches because it has just been labelled must not vanish under one's eyes.
 */
export function useQueue(
  datasetDigest: string,
  labelSetId: string,
  filter: ItemFilter,
  order: QueueOrder,
  session: LabelSession,
): Queue {
  const [indices, setIndices] = useState<readonly number[] | null>(null);
  const [error, setError] = useState<LightbenchError | null>(null);
  const [round, setRound] = useState(0);
  const filterText = JSON.stringify(filter);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `round` draws the queue up again
  useEffect(() => {
    const controller = new AbortController();
    setError(null);
    const read = async () => {
      try {
        const asked: ItemFilter = { ...(JSON.parse(filterText) as ItemFilter), labelSetId };
        const answer = await call('datasets.items', { digest: datasetDigest, filter: asked }, controller.signal);
        setIndices(orderedQueue(answer.indices, session.state().labels, order));
      } catch (failure) {
        if (!controller.signal.aborted) setError(LightbenchError.from(failure));
      }
    };
    void read();
    return () => controller.abort();
  }, [datasetDigest, labelSetId, filterText, order, session, round]);
  const refresh = useCallback(() => setRound((before) => before + 1), []);
  return { indices, error, refresh };
}
