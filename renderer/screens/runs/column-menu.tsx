import { ActionIcon, Button, Checkbox, Popover, ScrollArea, Stack, TextInput } from '@mantine/core';
import {
  IconArrowDown,
  IconArrowUp,
  IconEyeOff,
  IconFilterFilled,
  IconMenu2,
  IconPin,
  IconPinnedOff,
} from '@tabler/icons-react';
import type { CSSProperties } from 'react';
import { useState } from 'react';
import type { ColumnFilterValue } from './run-filter.ts';
import { parseNumberFilter } from './run-filter.ts';
import classes from './runs-table.module.css';
import type { RunsTable } from './use-runs-table.ts';

type Header = ReturnType<RunsTable['getHeaderGroups']>[number]['headers'][number];

export interface ColumnMenuProps {
  readonly header: Header;
  readonly table: RunsTable;
  readonly style: CSSProperties;
}

const maximumChoices = 200;

/** A column's head: a click sorts, the menu sorts, pins, hides and filters, the edge resizes. */
export function ColumnMenu({ header, table, style }: ColumnMenuProps) {
  const [open, setOpen] = useState(false);
  const { column } = header;
  const definition = column.columnDef.meta?.column;
  const title = definition?.title ?? column.id;
  const sorted = column.getIsSorted();
  const filtered = column.getIsFiltered();
  return (
    // biome-ignore lint/a11y/useSemanticElements: the grid is made of divisions
    <div
      className={classes.header}
      role="columnheader"
      tabIndex={-1}
      aria-sort={sorted === 'asc' ? 'ascending' : sorted === 'desc' ? 'descending' : 'none'}
      data-number={definition?.kind === 'number' || undefined}
      data-pinned={column.getIsPinned() || undefined}
      style={style}
    >
      <button type="button" className={classes.sort} onClick={column.getToggleSortingHandler()} title={title}>
        <span className={classes.title}>{title}</span>
        {sorted === 'asc' && <IconArrowUp size={12} aria-hidden />}
        {sorted === 'desc' && <IconArrowDown size={12} aria-hidden />}
      </button>
      <Popover opened={open} onChange={setOpen} position="bottom-end" width={240} trapFocus withinPortal>
        <Popover.Target>
          <ActionIcon
            size="xs"
            className={classes.menu}
            data-active={filtered || open || undefined}
            aria-label={`Column ${title}: sort, pin, hide, filter`}
            onClick={() => setOpen(!open)}
          >
            {filtered ? <IconFilterFilled size={12} /> : <IconMenu2 size={12} />}
          </ActionIcon>
        </Popover.Target>
        <Popover.Dropdown p="sm">
          <Stack gap={2}>
            <Item icon={<IconArrowUp size={14} />} onClick={() => column.toggleSorting(false)}>
              Sort ascending
            </Item>
            <Item icon={<IconArrowDown size={14} />} onClick={() => column.toggleSorting(true)}>
              Sort descending
            </Item>
            {column.getIsPinned() ? (
              <Item icon={<IconPinnedOff size={14} />} onClick={() => column.pin(false)}>
                Unpin
              </Item>
            ) : (
              <Item icon={<IconPin size={14} />} onClick={() => column.pin('start')}>
                Pin to the left
              </Item>
            )}
            {column.getCanHide() && (
              <Item
                icon={<IconEyeOff size={14} />}
                onClick={() => {
                  setOpen(false);
                  column.toggleVisibility(false);
                }}
              >
                Hide
              </Item>
            )}
            {open && definition !== undefined && (
              <div className={classes.filter}>
                {definition.kind === 'choice' ? (
                  <ChoiceFilter table={table} columnId={column.id} title={title} />
                ) : (
                  <TextFilter table={table} columnId={column.id} number={definition.kind === 'number'} />
                )}
              </div>
            )}
          </Stack>
        </Popover.Dropdown>
      </Popover>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: a pointer's convenience; the content can be read without it */}
      <div
        className={classes.resizer}
        onMouseDown={header.getResizeHandler()}
        onTouchStart={header.getResizeHandler()}
        onDoubleClick={() => column.resetSize()}
      />
    </div>
  );
}

interface FilterProps {
  readonly table: RunsTable;
  readonly columnId: string;
}

function TextFilter({ table, columnId, number }: FilterProps & { readonly number: boolean }) {
  const column = table.getColumn(columnId);
  const value = (column?.getFilterValue() as string | undefined) ?? '';
  const wrong = number && value.trim() !== '' && parseNumberFilter(value) === null;
  return (
    <TextInput
      data-autofocus
      label="Filter"
      value={value}
      placeholder={number ? '> 0.9   or   0.1..0.5' : 'contains'}
      error={wrong ? 'Write a comparison: > 0.9, <= 1e-3, 0.1..0.5' : undefined}
      onChange={(event) => column?.setFilterValue(event.currentTarget.value || undefined)}
    />
  );
}

function ChoiceFilter({ table, columnId, title }: FilterProps & { readonly title: string }) {
  const column = table.getColumn(columnId);
  const chosen = (column?.getFilterValue() as ColumnFilterValue | undefined) ?? [];
  const counts = new Map<string, number>();
  for (const row of table.getCoreRowModel().rows) {
    const value = String(row.getValue(columnId) ?? '');
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  const choices = [...counts].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0])).slice(0, maximumChoices);
  const toggle = (value: string) => {
    const next = chosen.includes(value)
      ? (chosen as readonly string[]).filter((entry) => entry !== value)
      : [...chosen, value];
    column?.setFilterValue(next.length === 0 ? undefined : next);
  };
  return (
    <ScrollArea.Autosize mah={220} type="auto">
      <Stack gap={6} role="group" aria-label={`Filter ${title}`}>
        {choices.map(([value, count]) => (
          <Checkbox
            key={value}
            label={`${value === '' ? 'none' : value}  (${count})`}
            checked={chosen.includes(value)}
            onChange={() => toggle(value)}
          />
        ))}
      </Stack>
    </ScrollArea.Autosize>
  );
}

function Item(props: { readonly icon: React.ReactNode; readonly onClick: () => void; readonly children: string }) {
  return (
    <Button variant="subtle" color="gray" justify="flex-start" leftSection={props.icon} onClick={props.onClick}>
      {props.children}
    </Button>
  );
}
