import { Checkbox, CloseButton, Popover, ScrollArea, Stack, TextInput, UnstyledButton } from '@mantine/core';
import { IconChevronDown } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useState } from 'react';
import classes from './filter-chip.module.css';

export interface FilterChipProps {
  readonly label: string;
  /** What is chosen, in words; null: nothing is, the filter is off. */
  readonly value: string | null;
  readonly onClear: () => void;
  readonly children: ReactNode;
  readonly widthPx?: number;
}

/** One condition of a filter bar: shows what is chosen, opens to change it, clears with one click. */
export function FilterChip({ label, value, onClear, children, widthPx = 220 }: FilterChipProps) {
  const [opened, setOpened] = useState(false);
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-start" width={widthPx} trapFocus withinPortal>
      <div className={classes.chip} data-active={value !== null}>
        <Popover.Target>
          <UnstyledButton className={classes.button} onClick={() => setOpened(!opened)}>
            <span className={classes.label}>{label}</span>
            {value !== null && <span className={classes.value}>{value}</span>}
            {value === null && <IconChevronDown size={12} aria-hidden />}
          </UnstyledButton>
        </Popover.Target>
        {value !== null && <CloseButton size={18} aria-label={`Clear ${label}`} onClick={onClear} />}
      </div>
      <Popover.Dropdown p="sm" aria-label={label}>
        {children}
      </Popover.Dropdown>
    </Popover>
  );
}

export interface Choice<T> {
  readonly value: T;
  readonly label: string;
}

export interface ChoiceChipProps<T> {
  readonly label: string;
  readonly choices: readonly Choice<T>[];
  readonly chosen: readonly T[] | undefined;
  readonly onChange: (chosen: readonly T[] | undefined) => void;
}

const searchableFrom = 12;
const namesShown = 2;

/** Any of several values. */
export function ChoiceChip<T extends string | number>({ label, choices, chosen = [], onChange }: ChoiceChipProps<T>) {
  const [search, setSearch] = useState('');
  const names = choices.filter((choice) => chosen.includes(choice.value)).map((choice) => choice.label);
  const value =
    chosen.length === 0
      ? null
      : names.length > namesShown
        ? `${names.slice(0, namesShown).join(', ')} +${names.length - namesShown}`
        : names.join(', ') || chosen.join(', ');
  const found = choices.filter((choice) => choice.label.toLowerCase().includes(search.trim().toLowerCase()));
  const toggle = (one: T) => {
    const next = chosen.includes(one) ? chosen.filter((value) => value !== one) : [...chosen, one];
    onChange(next.length === 0 ? undefined : next);
  };
  return (
    <FilterChip label={label} value={value} onClear={() => onChange(undefined)}>
      <Stack gap="sm">
        {choices.length >= searchableFrom && (
          <TextInput
            placeholder="Find"
            aria-label={`Find in ${label}`}
            value={search}
            onChange={(event) => setSearch(event.currentTarget.value)}
          />
        )}
        <ScrollArea.Autosize mah={280} type="auto">
          <Stack gap={6} py={2}>
            {found.map((choice) => (
              <Checkbox
                key={choice.value}
                label={choice.label}
                checked={chosen.includes(choice.value)}
                onChange={() => toggle(choice.value)}
              />
            ))}
          </Stack>
        </ScrollArea.Autosize>
      </Stack>
    </FilterChip>
  );
}
