import { useQueries } from '@tanstack/react-query';
import { useCallback, useMemo, useState } from 'react';
import type { Item } from '../../main/contract/datasets.ts';
import { call } from '../client/index.ts';

const blockLength = 256;

export interface ItemSource {
  readonly datasetDigest: string;
  readonly indices: readonly number[];
  readonly labelSetId?: string | undefined;
  readonly runId?: string | undefined;
}

export interface Items {
  /** What is known of an item; undefined until it has been read. */
  readonly of: (index: number) => Item | undefined;
  /** Tell it which positions are in view. */
  readonly look: (first: number, end: number) => void;
}

/** Reads the items in view, in blocks, and keeps them fresh when labels or predictions change. */
export function useItems({ datasetDigest, indices, labelSetId, runId }: ItemSource): Items {
  const [view, setView] = useState({ first: 0, end: 0 });
  const blocks: number[] = [];
  const lastBlock = Math.floor((Math.min(view.end, indices.length) - 1) / blockLength);
  for (let block = Math.floor(view.first / blockLength); block <= lastBlock; block += 1) blocks.push(block);

  const found = useQueries({
    queries: blocks.map((block) => {
      const input = {
        digest: datasetDigest,
        indices: indices.slice(block * blockLength, (block + 1) * blockLength),
        ...(labelSetId === undefined ? {} : { labelSetId }),
        ...(runId === undefined ? {} : { runId }),
      };
      return {
        queryKey: ['datasets.rows', input],
        queryFn: ({ signal }: { signal: AbortSignal }) => call('datasets.rows', input, signal),
      };
    }),
    combine: (results) => results.map((result) => result.data),
  });
  const byIndex = useMemo(() => {
    const map = new Map<number, Item>();
    for (const block of found) for (const item of block ?? []) map.set(item.index, item);
    return map;
  }, [found]);
  const of = useCallback((index: number) => byIndex.get(index), [byIndex]);
  const look = useCallback(
    (first: number, end: number) =>
      setView((before) => (before.first === first && before.end === end ? before : { first, end })),
    [],
  );
  return useMemo(() => ({ of, look }), [of, look]);
}
