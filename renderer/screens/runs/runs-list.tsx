import { Badge, Button, CloseButton, Group, Modal, Pill, Stack, Text, TextInput } from '@mantine/core';
import { IconChartLine, IconGitCompare, IconPlayerPlay, IconSearch, IconTrash } from '@tabler/icons-react';
import { useDeferredValue, useEffect, useMemo, useState } from 'react';
import { Link, useNavigate } from 'react-router';
import type { Run } from '../../../main/contract/training.ts';
import { useCommand } from '../../client/index.ts';
import { formatCount, formatPlural } from '../../components/format.ts';
import { Page } from '../../components/page.tsx';
import { paths } from '../../components/paths.ts';
import { useScreenActions } from '../../components/screen-actions.ts';
import { ErrorState, LoadingPage, NothingHere } from '../../components/states.tsx';
import { ColumnPicker } from './column-picker.tsx';
import { comparePath, maximumCompared } from './compare-path.ts';
import { runColumns } from './run-columns.ts';
import type { ColumnFilterValue } from './run-filter.ts';
import { filterText } from './run-filter.ts';
import { RunsTable } from './runs-table.tsx';
import { useRuns } from './use-runs.ts';
import { useRunsTable } from './use-runs-table.ts';

/** Every run, to be found, sorted and chosen for comparison. */
export function RunsList() {
  const { runs, error, reload } = useRuns();
  if (runs === null)
    return (
      <Page crumbs={[{ label: 'Runs' }]}>
        {error === null ? <LoadingPage /> : <ErrorState error={error} retry={reload} />}
      </Page>
    );
  if (runs.length === 0)
    return (
      <Page crumbs={[{ label: 'Runs' }]}>
        <NothingHere
          icon={<IconChartLine size={28} />}
          title="No runs yet"
          actions={
            <Button component={Link} to={paths.train()} leftSection={<IconPlayerPlay size={14} />}>
              Train a model
            </Button>
          }
        >
          Every training run is kept here with its config, its curves and what it got right and wrong.
        </NothingHere>
      </Page>
    );
  return <Listing runs={runs} />;
}

function Listing({ runs }: { readonly runs: readonly Run[] }) {
  // Only a column that appears or goes makes new columns; a metric that moves does not.
  const signature = useMemo(() => columnSignature(runs), [runs]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the signature stands for the runs
  const columns = useMemo(() => runColumns(runs), [signature]);
  const table = useRunsTable(runs, columns);
  const navigate = useNavigate();
  const [search, setSearch] = useState('');
  const [asking, setAsking] = useState(false);
  const deferred = useDeferredValue(search);
  useEffect(() => {
    table.setGlobalFilter(deferred === '' ? undefined : deferred);
  }, [deferred, table]);

  const selected = Object.keys(table.state.rowSelection);
  const shown = table.getRowModel().rows.length;
  const compare = () => void navigate(comparePath(selected));
  const canCompare = selected.length >= 2 && selected.length <= maximumCompared;
  useScreenActions('Runs', [
    { id: 'compare', label: 'Compare the selected runs', shortcut: 'c', disabled: !canCompare, run: compare },
    {
      id: 'unselect',
      label: 'Select none',
      shortcut: 'escape',
      disabled: selected.length === 0,
      run: () => table.resetRowSelection(true),
    },
  ]);
  return (
    <Page
      crumbs={[{ label: 'Runs' }]}
      aside={
        <Text c="dimmed" size="sm">
          {shown === runs.length ? formatCount(runs.length) : `${formatCount(shown)} of ${formatCount(runs.length)}`}
        </Text>
      }
      fill
      actions={
        <Button component={Link} to={paths.train()} leftSection={<IconPlayerPlay size={14} />}>
          New run
        </Button>
      }
      toolbar={
        <Group gap="sm" wrap="nowrap" flex={1} miw={0}>
          <TextInput
            w={260}
            aria-label="Search runs"
            placeholder="Search name, experiment, dataset, tag …"
            leftSection={<IconSearch size={14} />}
            value={search}
            onChange={(event) => setSearch(event.currentTarget.value)}
            rightSection={search !== '' && <CloseButton size="xs" aria-label="Clear" onClick={() => setSearch('')} />}
          />
          <Group gap={4} flex={1} miw={0} style={{ overflow: 'hidden' }} wrap="nowrap">
            {table.state.columnFilters.map(({ id, value }) => (
              <Pill
                key={id}
                withRemoveButton
                removeButtonProps={{ 'aria-label': `Remove the filter on ${id}`, 'aria-hidden': false, tabIndex: 0 }}
                onRemove={() => table.getColumn(id)?.setFilterValue(undefined)}
              >
                {columns.find((column) => column.id === id)?.title}: {filterText(value as ColumnFilterValue)}
              </Pill>
            ))}
          </Group>
          {selected.length > 0 && (
            <>
              <Badge>{formatPlural(selected.length, 'run')} selected</Badge>
              <Button
                variant="light"
                leftSection={<IconGitCompare size={14} />}
                disabled={!canCompare}
                title={selected.length > maximumCompared ? `At most ${maximumCompared} at a time` : undefined}
                onClick={compare}
              >
                Compare
              </Button>
              <Button
                variant="subtle"
                color="red"
                leftSection={<IconTrash size={14} />}
                onClick={() => setAsking(true)}
              >
                Delete
              </Button>
            </>
          )}
          <ColumnPicker table={table} columns={columns} />
        </Group>
      }
    >
      {shown === 0 ? (
        <NothingHere
          title="No run matches"
          actions={
            <Button
              variant="default"
              onClick={() => {
                setSearch('');
                table.resetColumnFilters(true);
              }}
            >
              Show all runs
            </Button>
          }
        >
          Loosen the search or the filters of the columns.
        </NothingHere>
      ) : (
        <RunsTable table={table} />
      )}
      <DeleteDialog
        ids={selected}
        opened={asking}
        close={() => setAsking(false)}
        done={() => table.resetRowSelection(true)}
      />
    </Page>
  );
}

interface DeleteDialogProps {
  readonly ids: readonly string[];
  readonly opened: boolean;
  readonly close: () => void;
  readonly done: () => void;
}

function DeleteDialog({ ids, opened, close, done }: DeleteDialogProps) {
  const remove = useCommand('runs.delete', {
    onSuccess: () => {
      done();
      close();
    },
  });
  return (
    <Modal opened={opened} onClose={close} title={`Delete ${formatPlural(ids.length, 'run')}?`}>
      <Stack>
        <Text>
          Curves, checkpoints and evaluations go with them. Runs that a registered model depends on are refused.
        </Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            Keep
          </Button>
          <Button color="red" loading={remove.isPending} onClick={() => remove.mutate({ runIds: [...ids] })}>
            Delete
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

function columnSignature(runs: readonly Run[]): string {
  const keys = new Set<string>();
  for (const run of runs) {
    for (const key in run.metrics) keys.add(`m${key}`);
    for (const key in run.params) keys.add(`p${key}${typeof run.params[key]}`);
    for (const key in run.tags) keys.add(`t${key}`);
  }
  return [...keys].sort().join('\n');
}
