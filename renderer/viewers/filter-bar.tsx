import {
  Group,
  Menu,
  RangeSlider,
  SegmentedControl,
  Slider,
  Text,
  TextInput,
  Tooltip,
  UnstyledButton,
} from '@mantine/core';
import { IconArrowsSort, IconCheck, IconPhoto, IconSearch } from '@tabler/icons-react';
import type { DatasetVersion, ItemFilter } from '../../main/contract/datasets.ts';
import { qualityFlag, split } from '../../main/contract/datasets.ts';
import { useProcedure } from '../client/index.ts';
import { ChoiceChip, FilterChip } from '../components/filter-chip.tsx';
import { formatCount } from '../components/format.ts';
import classes from './filter-bar.module.css';
import { flagNames, splitNames } from './item-words.ts';

export interface FilterBarProps {
  readonly dataset: DatasetVersion;
  readonly filter: ItemFilter;
  readonly onChange: (filter: ItemFilter) => void;
  /** How many items match; undefined while that is not known. */
  readonly total: number | undefined;
  readonly selected: number;
  /** The label set is fixed by the screen and not a choice. */
  readonly labelSetFixed?: boolean;
  readonly tilePx?: number;
  readonly onTilePx?: (tilePx: number) => void;
}

const sortNames: Readonly<Record<ItemFilter['sort'], string>> = {
  index: 'Order of the dataset',
  name: 'Name',
  brightness: 'Brightness',
  confidence_descending: 'Most confident first',
  confidence_ascending: 'Least confident first',
};

const smallestTilePx = 28;
const largestTilePx = 224;

/** The conditions under which items are shown. Those about predictions appear once a run is chosen. */
export function FilterBar({
  dataset,
  filter,
  onChange,
  total,
  selected,
  labelSetFixed = false,
  tilePx,
  onTilePx,
}: FilterBarProps) {
  const runs = useProcedure('runs.list', { datasetDigest: dataset.digest }).data ?? [];
  const evaluated = runs.filter((run) => run.status === 'FINISHED' || run.id === filter.runId);
  const labelSets = useProcedure('labels.list', { datasetDigest: dataset.digest }).data ?? [];
  const labelSet = labelSets.find((set) => set.id === filter.labelSetId);
  const classNames = labelSet?.classes ?? dataset.classes;
  const set = (changes: Partial<ItemFilter>) => onChange({ ...filter, ...changes });
  const classChoices = classNames.map((label, value) => ({ value, label }));
  const flags = qualityFlag.options.filter((flag) => dataset.kind === 'table' || flag !== 'missing_value');
  const withRun = filter.runId !== undefined;
  return (
    <div className={classes.bar}>
      <TextInput
        w={150}
        leftSection={<IconSearch size={14} />}
        placeholder="Name or number"
        aria-label="Find by name or number"
        value={filter.search ?? ''}
        onChange={(event) => set({ search: event.currentTarget.value || undefined })}
      />
      <ChoiceChip
        label="Split"
        choices={split.options.map((value) => ({ value, label: splitNames[value] }))}
        chosen={filter.splits}
        onChange={(splits) => set({ splits: splits && [...splits] })}
      />
      {classNames.length > 0 && (
        <ChoiceChip
          label="Class"
          choices={[...classChoices, { value: -1, label: 'Unlabelled' }]}
          chosen={filter.labels}
          onChange={(labels) => set({ labels: labels && [...labels] })}
        />
      )}
      {labelSets.length > 0 && !labelSetFixed && (
        <OneOfChip
          label="Labels of"
          choices={labelSets.map((entry) => ({ value: entry.id, label: entry.name }))}
          chosen={filter.labelSetId}
          onChange={(labelSetId) => set({ labelSetId })}
        />
      )}
      <ChoiceChip
        label="Quality"
        choices={flags.map((value) => ({ value, label: flagNames[value] }))}
        chosen={filter.flags}
        onChange={(chosen) => set({ flags: chosen && [...chosen] })}
      />
      {evaluated.length > 0 && (
        <OneOfChip
          label="Run"
          choices={evaluated.map((run) => ({ value: run.id, label: run.name }))}
          chosen={filter.runId}
          onChange={(runId) => (runId === undefined ? onChange(withoutPredictions(filter)) : set({ runId }))}
        />
      )}
      {withRun && (
        <>
          <ChoiceChip
            label="Predicted"
            choices={classChoices}
            chosen={filter.predicted}
            onChange={(predicted) => set({ predicted: predicted && [...predicted] })}
          />
          <ConfidenceChip filter={filter} set={set} />
          <SegmentedControl
            aria-label="Right or wrong"
            value={filter.correct === undefined ? 'all' : String(filter.correct)}
            onChange={(value) => set({ correct: value === 'all' ? undefined : value === 'true' })}
            data={[
              { value: 'all', label: 'All' },
              { value: 'true', label: 'Right' },
              { value: 'false', label: 'Wrong' },
            ]}
          />
        </>
      )}
      <Menu position="bottom-start">
        <Menu.Target>
          <Tooltip label={`Sorted by: ${sortNames[filter.sort]}`}>
            <UnstyledButton
              className={classes.sort}
              aria-label={`Sort: ${sortNames[filter.sort]}`}
              data-active={filter.sort !== 'index'}
            >
              <IconArrowsSort size={14} aria-hidden />
            </UnstyledButton>
          </Tooltip>
        </Menu.Target>
        <Menu.Dropdown>
          {Object.entries(sortNames).map(([value, label]) => (
            <Menu.Item
              key={value}
              disabled={value.startsWith('confidence') && !withRun}
              rightSection={value === filter.sort ? <IconCheck size={14} /> : undefined}
              onClick={() => set({ sort: value as ItemFilter['sort'] })}
            >
              {label}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <Group gap="md" ml="auto" wrap="nowrap">
        <Text size="xs" c="dimmed" style={{ whiteSpace: 'nowrap' }} role="status">
          {total === undefined ? '' : `${formatCount(total)} of ${formatCount(dataset.rows)}`}
          {selected > 0 && ` · ${formatCount(selected)} selected`}
        </Text>
        {tilePx !== undefined && (
          <Group gap={6} wrap="nowrap">
            <IconPhoto size={13} color="var(--lb-text-muted)" aria-hidden />
            <Slider
              w={90}
              size="xs"
              thumbSize={12}
              label={null}
              min={smallestTilePx}
              max={largestTilePx}
              step={4}
              value={tilePx}
              onChange={onTilePx}
              thumbLabel="Size of the images"
            />
          </Group>
        )}
      </Group>
    </div>
  );
}

function withoutPredictions(filter: ItemFilter): ItemFilter {
  const {
    runId: _run,
    predicted: _predicted,
    correct: _correct,
    minimumConfidence: _low,
    maximumConfidence: _high,
    ...rest
  } = filter;
  return { ...rest, sort: rest.sort.startsWith('confidence') ? 'index' : rest.sort };
}

interface OneOfChipProps {
  readonly label: string;
  readonly choices: readonly { readonly value: string; readonly label: string }[];
  readonly chosen: string | undefined;
  readonly onChange: (chosen: string | undefined) => void;
}

function OneOfChip({ label, choices, chosen, onChange }: OneOfChipProps) {
  return (
    <ChoiceChip
      label={label}
      choices={choices}
      chosen={chosen === undefined ? undefined : [chosen]}
      onChange={(values) => onChange(values?.at(-1))}
    />
  );
}

interface ConfidenceChipProps {
  readonly filter: ItemFilter;
  readonly set: (changes: Partial<ItemFilter>) => void;
}

function ConfidenceChip({ filter, set }: ConfidenceChipProps) {
  const low = filter.minimumConfidence ?? 0;
  const high = filter.maximumConfidence ?? 1;
  const value = low === 0 && high === 1 ? null : `${Math.round(low * 100)}–${Math.round(high * 100)} %`;
  return (
    <FilterChip
      label="Confidence"
      value={value}
      onClear={() => set({ minimumConfidence: undefined, maximumConfidence: undefined })}
      widthPx={260}
    >
      <RangeSlider
        my="sm"
        mx="xs"
        min={0}
        max={100}
        minRange={0}
        label={(percent) => `${percent} %`}
        defaultValue={[low * 100, high * 100]}
        thumbFromLabel="Lowest confidence"
        thumbToLabel="Highest confidence"
        onChangeEnd={([from, to]) =>
          set({
            minimumConfidence: from === 0 ? undefined : from / 100,
            maximumConfidence: to === 100 ? undefined : to / 100,
          })
        }
      />
    </FilterChip>
  );
}
