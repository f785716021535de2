import { ActionIcon, Button, Group, Progress, SegmentedControl, Select, Text, Tooltip } from '@mantine/core';
import { IconArrowBackUp, IconArrowForwardUp, IconHistory, IconRefresh } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useMemo, useState } from 'react';
import { useSearchParams } from 'react-router';
import type { DatasetVersion, ItemFilter } from '../../../main/contract/datasets.ts';
import type { LabelSet } from '../../../main/contract/labeling.ts';
import { useProcedure } from '../../client/index.ts';
import { formatCount, formatPercent } from '../../components/format.ts';
import { Page } from '../../components/page.tsx';
import { paths } from '../../components/paths.ts';
import type { ScreenAction } from '../../components/screen-actions.ts';
import { useScreenActions } from '../../components/screen-actions.ts';
import { ErrorState, LoadingPage, NothingHere } from '../../components/states.tsx';
import { FilterBar } from '../../viewers/filter-bar.tsx';
import { nothingSelected } from '../../viewers/grid-selection.ts';
import { emptyFilter, itemFilterFromSearch, writeItemFilter } from '../../viewers/item-filter.ts';
import { className } from '../../viewers/item-words.ts';
import { ClassList } from './class-list.tsx';
import { ConflictNotice } from './conflict-notice.tsx';
import { HistoryDrawer } from './history-drawer.tsx';
import classes from './label-bench.module.css';
import { LabelGrid } from './label-grid.tsx';
import { LabelOne } from './label-one.tsx';
import type { LabelSession } from './label-session.ts';
import type { QueueOrder } from './queue.ts';
import { mistakesOf, nextUnlabeled } from './queue.ts';
import { useLabelState } from './use-label-session.ts';
import { useQueue } from './use-queue.ts';

export interface LabelBenchProps {
  readonly labelSet: LabelSet;
  readonly dataset: DatasetVersion;
  readonly session: LabelSession;
}

const defaultTilePx = 80;

/** The place where labels are given: one image at a time or a selection in a grid, by single keys. */
export function LabelBench({ labelSet, dataset, session }: LabelBenchProps) {
  const [search, setSearch] = useSearchParams();
  const filter = useMemo(() => itemFilterFromSearch(search), [search]);
  const grid = search.get('view') === 'grid';
  const order: QueueOrder = search.get('order') === 'filter' ? 'filter' : 'unlabeled';
  const state = useLabelState(session);
  const queue = useQueue(dataset.digest, labelSet.id, filter, order, session);
  const [position, setPosition] = useState(0);
  const [selection, setSelection] = useState(nothingSelected);
  const [tilePx, setTilePx] = useState(defaultTilePx);
  const [historyOpen, setHistoryOpen] = useState(false);

  const indices = queue.indices ?? [];
  const here = Math.min(position, Math.max(0, indices.length - 1));
  const index = indices[here];
  const labelled = useMemo(() => state.labels.reduce((sum, label) => sum + (label >= 0 ? 1 : 0), 0), [state.labels]);

  const change = (changes: Readonly<Record<string, string | null>>, next?: ItemFilter) => {
    setPosition(0);
    setSelection(nothingSelected);
    setSearch(
      (before) => {
        const after = new URLSearchParams(before);
        for (const [key, value] of Object.entries(changes)) {
          if (value === null) after.delete(key);
          else after.set(key, value);
        }
        if (next !== undefined) writeItemFilter(after, next);
        return after;
      },
      { replace: true },
    );
  };
  const go = (to: number) => setPosition(Math.max(0, Math.min(indices.length - 1, to)));
  const setLabel = (label: number) => {
    if (grid && selection.size > 0) {
      session.label([...selection], label);
      setSelection(nothingSelected);
      return;
    }
    if (index === undefined) return;
    session.label([index], label);
    if (label >= 0) go(here + 1);
  };
  const showStep = (step: ReturnType<LabelSession['undo']>) => {
    const place = indices.indexOf(step?.[0]?.index ?? -1);
    if (place >= 0) setPosition(place);
  };
  const undo = () => showStep(session.undo());
  const redo = () => showStep(session.redo());
  const toNextUnlabeled = () => {
    const next = nextUnlabeled(indices, state.labels, here);
    if (next !== null) setPosition(next);
  };
  const canUndo = state.stack.past.length > 0;
  const canRedo = state.stack.future.length > 0;

  useScreenActions('Label', [
    { id: 'undo', label: 'Undo', shortcut: 'mod+z', disabled: !canUndo, run: undo },
    { id: 'redo', label: 'Redo', shortcut: 'mod+shift+z', disabled: !canRedo, run: redo },
    {
      id: 'view',
      label: grid ? 'One image at a time' : 'Label in a grid',
      shortcut: 'shift+g',
      run: () => change({ view: grid ? null : 'grid' }),
    },
    { id: 'open', label: 'Next without a label', shortcut: 'shift+n', run: toNextUnlabeled },
    { id: 'clear', label: 'Remove the label', shortcut: 'backspace', run: () => setLabel(-1) },
    { id: 'history', label: 'History of versions', shortcut: 'shift+h', run: () => setHistoryOpen(true) },
    ...(grid
      ? []
      : ([
          { id: 'back', label: 'Previous image', shortcut: 'left', inPalette: false, run: () => go(here - 1) },
          {
            id: 'skip',
            label: 'Next image, label unchanged',
            shortcut: 'right',
            inPalette: false,
            run: () => go(here + 1),
          },
        ] satisfies ScreenAction[])),
  ]);
  useScreenActions(
    'Classes',
    labelSet.classes.flatMap((name, label) => {
      const key = labelSet.keys[label];
      return key === undefined || key === ''
        ? []
        : [{ id: `class-${label}`, label: name, shortcut: key, inPalette: false, run: () => setLabel(label) }];
    }),
  );

  return (
    <Page
      fill
      crumbs={[{ label: 'Label', to: paths.label() }, { label: labelSet.name }]}
      aside={
        <Text c="dimmed">
          {dataset.name} v{dataset.version}
        </Text>
      }
      actions={
        <Group gap="sm" wrap="nowrap">
          <Text size="xs" c="dimmed" role="status">
            {state.saving ? 'Saving…' : 'Saved'}
          </Text>
          <Act label="Undo (Ctrl Z)" disabled={!canUndo} onClick={undo} icon={<IconArrowBackUp size={16} />} />
          <Act label="Redo (Ctrl Shift Z)" disabled={!canRedo} onClick={redo} icon={<IconArrowForwardUp size={16} />} />
          <Act label="History" onClick={() => setHistoryOpen(true)} icon={<IconHistory size={16} />} />
          <SegmentedControl
            aria-label="How to label"
            value={grid ? 'grid' : 'one'}
            onChange={(value) => change({ view: value === 'grid' ? 'grid' : null })}
            data={[
              { value: 'one', label: 'One by one' },
              { value: 'grid', label: 'Grid' },
            ]}
          />
        </Group>
      }
      toolbar={
        <>
          <QueueSelect dataset={dataset} filter={filter} order={order} onChange={change} />
          {indices.length > 0 && (
            <Text size="xs" c="dimmed">
              {formatCount(here + 1)} of {formatCount(indices.length)}
            </Text>
          )}
          <Act label="Draw the queue up again" onClick={queue.refresh} icon={<IconRefresh size={15} />} />
          <Group gap="sm" ml="auto" wrap="nowrap">
            <Text size="xs" c="dimmed">
              {formatCount(labelled)} of {formatCount(dataset.rows)} labelled ·{' '}
              {formatPercent(dataset.rows === 0 ? 0 : labelled / dataset.rows, 1)}
            </Text>
            <Progress
              w={140}
              size={4}
              value={dataset.rows === 0 ? 0 : (labelled / dataset.rows) * 100}
              aria-label="Labelled"
            />
          </Group>
        </>
      }
    >
      {state.refused !== null && (
        <ConflictNotice refused={state.refused.length} resolve={(how) => session.resolve(how)} />
      )}
      {grid && (
        <FilterBar
          dataset={dataset}
          filter={{ ...filter, labelSetId: labelSet.id }}
          onChange={(next) => change({}, { ...next, labelSetId: undefined })}
          total={queue.indices?.length}
          selected={selection.size}
          labelSetFixed
          tilePx={tilePx}
          onTilePx={setTilePx}
        />
      )}
      {queue.error !== null ? (
        <ErrorState error={queue.error} retry={queue.refresh} />
      ) : queue.indices === null ? (
        <LoadingPage />
      ) : index === undefined ? (
        <NothingHere
          title="The queue is empty"
          actions={
            <Button variant="default" onClick={() => change({ order: null }, emptyFilter)}>
              All images
            </Button>
          }
        >
          No image meets the filter.
        </NothingHere>
      ) : (
        <div className={classes.split}>
          {grid ? (
            <LabelGrid
              dataset={dataset}
              labelSet={labelSet}
              filter={filter}
              indices={indices}
              labels={state.labels}
              tilePx={tilePx}
              selection={selection}
              onSelectionChange={setSelection}
              active={here}
              onActiveChange={setPosition}
              onOpen={(place) => {
                change({ view: null });
                setPosition(place);
              }}
            />
          ) : (
            <LabelOne
              dataset={dataset}
              labelSet={labelSet}
              indices={indices}
              position={here}
              labels={state.labels}
              onPosition={go}
            />
          )}
          <ClassList
            labelSet={labelSet}
            current={grid && selection.size > 0 ? null : (state.labels[index] ?? -1)}
            heading={
              grid && selection.size > 0
                ? `${formatCount(selection.size)} selected`
                : `Item ${formatCount(index)}: ${className(labelSet.classes, state.labels[index] ?? -1)}`
            }
            onLabel={setLabel}
          />
        </div>
      )}
      <HistoryDrawer labelSet={labelSet} opened={historyOpen} close={() => setHistoryOpen(false)} />
    </Page>
  );
}

interface ActProps {
  readonly label: string;
  readonly icon: ReactNode;
  readonly disabled?: boolean;
  readonly onClick: () => void;
}

function Act({ label, icon, disabled = false, onClick }: ActProps) {
  return (
    <Tooltip label={label}>
      <ActionIcon aria-label={label} disabled={disabled} onClick={onClick}>
        {icon}
      </ActionIcon>
    </Tooltip>
  );
}

interface QueueSelectProps {
  readonly dataset: DatasetVersion;
  readonly filter: ItemFilter;
  readonly order: QueueOrder;
  readonly onChange: (changes: Readonly<Record<string, string | null>>, filter?: ItemFilter) => void;
}

/** What to label next: what has no label, the order of the dataset, or where a model contradicts the labels. */
function QueueSelect({ dataset, filter, order, onChange }: QueueSelectProps) {
  const runs = useProcedure('runs.list', { datasetDigest: dataset.digest }).data ?? [];
  const evaluated = runs.filter((run) => run.status === 'FINISHED' || run.id === filter.runId);
  const mistakes = filter.runId !== undefined && filter.correct === false;
  return (
    <Select
      w={280}
      aria-label="Queue"
      allowDeselect={false}
      value={mistakes ? `run:${filter.runId}` : order}
      data={[
        { value: 'unlabeled', label: 'Without a label first' },
        { value: 'filter', label: 'In the order of the dataset' },
        ...evaluated.map((run) => ({ value: `run:${run.id}`, label: `Confident mistakes of ${run.name}` })),
      ]}
      onChange={(value) => {
        if (value === null) return;
        const runId = value.startsWith('run:') ? value.slice(4) : null;
        if (runId !== null) onChange({ order: 'filter' }, mistakesOf(runId));
        else onChange({ order: value === 'filter' ? 'filter' : null }, mistakes ? emptyFilter : filter);
      }}
    />
  );
}
