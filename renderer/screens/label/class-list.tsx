import { ActionIcon, Group, Kbd, Text, TextInput } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useState } from 'react';
import type { LabelSet } from '../../../main/contract/labeling.ts';
import { useCommand } from '../../client/index.ts';
import { Keys } from '../../components/small.tsx';
import classes from './label-bench.module.css';

export interface ClassListProps {
  readonly labelSet: LabelSet;
  /** The label of what is on view; null: several items, or none. */
  readonly current: number | null;
  readonly heading: string;
  readonly onLabel: (label: number) => void;
}

/** The classes with their keys; a click does what the key does. */
export function ClassList({ labelSet, current, heading, onLabel }: ClassListProps) {
  const [name, setName] = useState('');
  const add = useCommand('labels.addClass', { onSuccess: () => setName('') });
  return (
    <aside className={classes.classes} aria-label="Classes">
      <div className={classes.classesHead} role="status">
        {heading}
      </div>
      <div className={classes.classesBody}>
        {labelSet.classes.map((label, index) => {
          const key = labelSet.keys[index] ?? '';
          return (
            <button
              key={label}
              type="button"
              className={classes.class}
              aria-pressed={index === current}
              onClick={(event) => {
                onLabel(index);
                // The next key must reach the bench, not this button.
                event.currentTarget.blur();
              }}
            >
              {key === '' ? <span className={classes.noKey} /> : <Kbd>{key.toUpperCase()}</Kbd>}
              <span className={classes.className}>{label}</span>
            </button>
          );
        })}
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (name.trim() !== '') add.mutate({ labelSetId: labelSet.id, name });
          }}
        >
          <TextInput
            mt="sm"
            placeholder="New class"
            aria-label="New class"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            rightSection={
              <ActionIcon
                size="sm"
                type="submit"
                aria-label="Add the class"
                disabled={name.trim() === ''}
                loading={add.isPending}
              >
                <IconPlus size={14} />
              </ActionIcon>
            }
          />
        </form>
      </div>
      <div className={classes.classesFoot}>
        <Hint keys={['left', 'right']} text="previous, next" />
        <Hint keys={['backspace']} text="remove the label" />
        <Hint keys={['mod+z']} text="undo" />
        <Hint keys={['?']} text="all keys" />
      </div>
    </aside>
  );
}

function Hint({ keys, text }: { readonly keys: readonly string[]; readonly text: string }) {
  return (
    <Group gap={6} wrap="nowrap" py={2}>
      {keys.map((key) => (
        <Keys key={key} shortcut={key} />
      ))}
      <Text size="xs" c="dimmed">
        {text}
      </Text>
    </Group>
  );
}
