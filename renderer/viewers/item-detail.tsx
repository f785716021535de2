import { ActionIcon, Badge, Button, Group, Select, Stack, Text, Tooltip } from '@mantine/core';
import { IconArrowLeft, IconChevronLeft, IconChevronRight } from '@tabler/icons-react';
import { lazy, Suspense, useState } from 'react';
import type { DatasetVersion, Item } from '../../main/contract/datasets.ts';
import { assetUrl, useProcedure } from '../client/index.ts';
import { formatCount, formatNumber, formatPercent } from '../components/format.ts';
import { useScreenActions } from '../components/screen-actions.ts';
import { Digest, Fact } from '../components/small.tsx';
import { ErrorState, Loading } from '../components/states.tsx';
import { ImageCanvas } from './image-canvas.tsx';
import classes from './item-detail.module.css';
import { className, flagNames, splitNames } from './item-words.ts';

export interface ItemDetailProps {
  readonly dataset: DatasetVersion;
  /** What previous and next walk through. */
  readonly indices: readonly number[];
  readonly index: number;
  readonly labelSetId?: string | undefined;
  readonly runId?: string | undefined;
  readonly onIndex: (index: number) => void;
  readonly onClose: () => void;
}

const ExplanationPanel = lazy(() => import('./explanation/index.tsx'));

/** One item: the image with zoom, what is known of it, what a model says of it and why. */
export function ItemDetail({ dataset, indices, index, labelSetId, runId, onIndex, onClose }: ItemDetailProps) {
  const position = indices.indexOf(index);
  const runs = useProcedure('runs.list', { datasetDigest: dataset.digest }).data ?? [];
  const explained = runs.filter((run) => run.bestCheckpoint !== null);
  const [chosenRun, setChosenRun] = useState<string | null>(runId ?? null);
  const answer = useProcedure(
    'datasets.rows',
    {
      digest: dataset.digest,
      indices: [index],
      ...(labelSetId === undefined ? {} : { labelSetId }),
      ...(chosenRun === null ? {} : { runId: chosenRun }),
    },
    { keepPrevious: true },
  );
  const item = answer.data?.[0];
  const step = (by: number) => {
    const next = position < 0 ? indices[0] : indices[position + by];
    if (next !== undefined) onIndex(next);
  };
  useScreenActions('Item', [
    { id: 'previous', label: 'Previous item', shortcut: 'left', inPalette: false, run: () => step(-1) },
    { id: 'next', label: 'Next item', shortcut: 'right', inPalette: false, run: () => step(1) },
    { id: 'close', label: 'Back to all items', shortcut: 'escape', run: onClose },
  ]);
  return (
    <div className={classes.detail}>
      <div className={classes.stage}>
        <div className={classes.bar}>
          <Button variant="subtle" color="gray" leftSection={<IconArrowLeft size={14} />} onClick={onClose}>
            All items
          </Button>
          <Group gap={4}>
            <Step label="Previous" disabled={position <= 0} onClick={() => step(-1)} />
            <Text size="xs" c="dimmed" miw={96} ta="center">
              {position < 0 ? 'outside the filter' : `${formatCount(position + 1)} of ${formatCount(indices.length)}`}
            </Text>
            <Step label="Next" disabled={position >= indices.length - 1} onClick={() => step(1)} />
          </Group>
        </div>
        <ImageCanvas src={assetUrl('datasets.image', { digest: dataset.digest, index })} alt={`Item ${index}`} />
      </div>
      <aside className={classes.side} aria-label="About this item">
        {answer.error !== null && <ErrorState inline error={answer.error} />}
        {item !== undefined && <Facts item={item} dataset={dataset} />}
        {explained.length > 0 && (
          <Stack gap="sm">
            <Select
              label="Ask a model"
              placeholder="Choose a run"
              clearable
              searchable
              data={explained.map((run) => ({ value: run.id, label: run.name }))}
              value={chosenRun}
              onChange={setChosenRun}
            />
            {item !== undefined && <PredictionFacts item={item} classes={dataset.classes} />}
            {chosenRun !== null && (
              <Suspense fallback={<Loading lines={4} />}>
                <ExplanationPanel datasetDigest={dataset.digest} index={index} model={{ runId: chosenRun }} />
              </Suspense>
            )}
          </Stack>
        )}
      </aside>
    </div>
  );
}

function Step({
  label,
  disabled,
  onClick,
}: {
  readonly label: 'Previous' | 'Next';
  readonly disabled: boolean;
  readonly onClick: () => void;
}) {
  const Icon = label === 'Previous' ? IconChevronLeft : IconChevronRight;
  return (
    <Tooltip label={`${label} (${label === 'Previous' ? '←' : '→'})`}>
      <ActionIcon aria-label={`${label} item`} disabled={disabled} onClick={onClick}>
        <Icon size={16} />
      </ActionIcon>
    </Tooltip>
  );
}

function Facts({ item, dataset }: { readonly item: Item; readonly dataset: DatasetVersion }) {
  return (
    <Stack gap="sm">
      <Text fw={600} style={{ overflowWrap: 'anywhere' }}>
        {item.name}
      </Text>
      <div className={classes.facts}>
        <Fact label="Label">{className(dataset.classes, item.currentLabel)}</Fact>
        {item.label !== item.currentLabel && <Fact label="Imported as">{className(dataset.classes, item.label)}</Fact>}
        <Fact label="Split">{splitNames[item.split]}</Fact>
        {item.width !== null && item.height !== null && (
          <Fact label="Size">
            {item.width} × {item.height}
          </Fact>
        )}
        <Fact label="Item">{formatCount(item.index)}</Fact>
        <Fact label="Digest">
          <Digest value={item.digest} label="Item digest" />
        </Fact>
        {Object.entries(item.values ?? {}).map(([name, value]) => (
          <Fact key={name} label={name}>
            {typeof value === 'number'
              ? formatNumber(value)
              : Array.isArray(value)
                ? value.join(', ')
                : String(value ?? '–')}
          </Fact>
        ))}
      </div>
      {item.flags.length > 0 && (
        <Group gap={4}>
          {item.flags.map((flag) => (
            <Badge key={flag} color="yellow">
              {flagNames[flag]}
            </Badge>
          ))}
        </Group>
      )}
    </Stack>
  );
}

function PredictionFacts({ item, classes: names }: { readonly item: Item; readonly classes: readonly string[] }) {
  if (item.predicted === null || item.predicted < 0) return null;
  const right = item.predicted === item.currentLabel;
  return (
    <Group gap="lg">
      <Fact label="Prediction at evaluation">
        {className(names, item.predicted)} <Badge color={right ? 'green' : 'red'}>{right ? 'right' : 'wrong'}</Badge>
      </Fact>
      <Fact label="Confidence">{formatPercent(item.confidence, 1)}</Fact>
    </Group>
  );
}
