import { ActionIcon, Button, Checkbox, Popover, ScrollArea, Stack, Text, TextInput, Tooltip } from '@mantine/core';
import { IconColumns3 } from '@tabler/icons-react';
import { useState } from 'react';
import type { RunColumn } from './run-columns.ts';
import type { RunsTable } from './use-runs-table.ts';
import { resetArrangement } from './use-runs-table.ts';

const groups: readonly RunColumn['group'][] = ['Run', 'Metrics', 'Config'];

/** Which columns are shown. */
export function ColumnPicker({
  table,
  columns,
}: {
  readonly table: RunsTable;
  readonly columns: readonly RunColumn[];
}) {
  const [search, setSearch] = useState('');
  const matching = columns.filter(({ title }) => title.toLowerCase().includes(search.trim().toLowerCase()));
  return (
    <Popover position="bottom-end" width={280} trapFocus withinPortal>
      <Popover.Target>
        <Tooltip label="Choose columns">
          <ActionIcon variant="default" aria-label="Choose columns">
            <IconColumns3 size={15} />
          </ActionIcon>
        </Tooltip>
      </Popover.Target>
      <Popover.Dropdown p="sm">
        <Stack gap="sm">
          <TextInput
            data-autofocus
            aria-label="Find a column"
            placeholder="Find a column"
            value={search}
            onChange={(event) => setSearch(event.currentTarget.value)}
          />
          <ScrollArea.Autosize mah={360} type="auto">
            <Stack gap="md">
              {groups.map((group) => {
                const members = matching.filter((column) => column.group === group);
                return members.length === 0 ? null : (
                  <Stack key={group} gap={6} role="group" aria-label={group}>
                    <Text size="xs" c="dimmed" fw={600}>
                      {group}
                    </Text>
                    {members.map(({ id, title }) => (
                      <Checkbox
                        key={id}
                        label={title}
                        disabled={id === 'name'}
                        checked={table.state.columnVisibility[id] !== false}
                        onChange={(event) => table.getColumn(id)?.toggleVisibility(event.currentTarget.checked)}
                      />
                    ))}
                  </Stack>
                );
              })}
              {matching.length === 0 && <Text c="dimmed">No column is called that.</Text>}
            </Stack>
          </ScrollArea.Autosize>
          <Button variant="subtle" onClick={() => resetArrangement(table, columns)}>
            Back to the usual columns
          </Button>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
