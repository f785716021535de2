import { Button } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconFilterOff, IconPhotoOff } from '@tabler/icons-react';
import { useCallback, useMemo, useState } from 'react';
import { useSearchParams } from 'react-router';
import type { DatasetVersion, ItemFilter } from '../../../main/contract/datasets.ts';
import { useProcedure } from '../../client/index.ts';
import { ErrorState, LoadingPage, NothingHere } from '../../components/states.tsx';
import { FilterBar } from '../../viewers/filter-bar.tsx';
import { nothingSelected } from '../../viewers/grid-selection.ts';
import { ImageGrid } from '../../viewers/image-grid.tsx';
import { ItemDetail } from '../../viewers/item-detail.tsx';
import { emptyFilter, itemFilterFromSearch, writeItemFilter } from '../../viewers/item-filter.ts';
import { ItemTable } from '../../viewers/item-table.tsx';
import { decorationOf, describeItem, nativeSide } from '../../viewers/item-words.ts';
import { useItems } from '../../viewers/use-items.ts';

const noIndices: readonly number[] = [];
const defaultTilePx = 112;
/** Tiny images need no large tiles. */
const smallImageTilePx = 72;
const smallImagePx = 64;
const typingMs = 250;

/** Every item of a dataset version: a grid or a table under a filter, and one item in detail. */
export function ItemsTab({ dataset }: { readonly dataset: DatasetVersion }) {
  const [search, setSearch] = useSearchParams();
  const filter = useMemo(() => itemFilterFromSearch(search), [search]);
  const [asked] = useDebouncedValue(filter, typingMs);
  const [tilePx, setTilePx] = useState(
    (nativeSide(dataset) ?? defaultTilePx) <= smallImagePx ? smallImageTilePx : defaultTilePx,
  );
  const [selection, setSelection] = useState(nothingSelected);
  const [active, setActive] = useState(0);

  const answer = useProcedure('datasets.items', { digest: dataset.digest, filter: asked }, { keepPrevious: true });
  const indices = answer.data?.indices ?? noIndices;
  const items = useItems({
    datasetDigest: dataset.digest,
    indices,
    labelSetId: asked.labelSetId,
    runId: asked.runId,
  });
  const setFilter = (next: ItemFilter) => {
    setSelection(nothingSelected);
    setActive(0);
    setSearch(
      (before) => {
        const after = new URLSearchParams(before);
        writeItemFilter(after, next);
        return after;
      },
      { replace: true },
    );
  };
  const showItem = (index: number | null) =>
    setSearch(
      (before) => {
        const after = new URLSearchParams(before);
        if (index === null) after.delete('item');
        else after.set('item', String(index));
        return after;
      },
      { replace: search.has('item') && index !== null },
    );

  const decorate = useCallback(
    (index: number) => {
      const item = items.of(index);
      return item === undefined ? undefined : decorationOf(item, dataset.classes);
    },
    [items, dataset],
  );
  const describe = useCallback(
    (index: number) => describeItem(index, items.of(index), dataset.classes),
    [items, dataset],
  );

  const opened = search.get('item');
  if (opened !== null && dataset.kind !== 'table') {
    return (
      <ItemDetail
        dataset={dataset}
        indices={indices}
        index={Number(opened)}
        labelSetId={filter.labelSetId}
        runId={filter.runId}
        onIndex={(index) => {
          setActive(Math.max(0, indices.indexOf(index)));
          showItem(index);
        }}
        onClose={() => showItem(null)}
      />
    );
  }
  return (
    <>
      <FilterBar
        dataset={dataset}
        filter={filter}
        onChange={setFilter}
        total={answer.data?.total}
        selected={selection.size}
        {...(dataset.kind === 'table' ? {} : { tilePx, onTilePx: setTilePx })}
      />
      {answer.error !== null && answer.data === undefined ? (
        <ErrorState error={answer.error} retry={() => void answer.refetch()} />
      ) : answer.data === undefined ? (
        <LoadingPage />
      ) : indices.length === 0 ? (
        <NothingHere
          icon={<IconPhotoOff size={32} stroke={1.4} />}
          title="Nothing matches"
          actions={
            <Button
              variant="default"
              leftSection={<IconFilterOff size={14} />}
              onClick={() =>
                setFilter(
                  filter.labelSetId === undefined ? emptyFilter : { ...emptyFilter, labelSetId: filter.labelSetId },
                )
              }
            >
              Clear the filter
            </Button>
          }
        >
          No item meets all conditions of the filter.
        </NothingHere>
      ) : dataset.kind === 'table' ? (
        <ItemTable dataset={dataset} indices={indices} items={items} />
      ) : (
        <ImageGrid
          datasetDigest={dataset.digest}
          indices={indices}
          tilePx={tilePx}
          nativePx={nativeSide(dataset)}
          decorate={decorate}
          describe={describe}
          selection={selection}
          onSelectionChange={setSelection}
          active={Math.min(active, indices.length - 1)}
          onActiveChange={setActive}
          onRest={items.look}
          onOpen={(position) => showItem(indices[position] ?? null)}
          label={`Images of ${dataset.name}`}
        />
      )}
    </>
  );
}
