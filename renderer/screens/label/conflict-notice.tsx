import { Alert, Button, Group, Text } from '@mantine/core';
import { IconUsers } from '@tabler/icons-react';
import { formatPlural } from '../../components/format.ts';

export interface ConflictNoticeProps {
  /** How many changes were not saved. */
  readonly refused: number;
  readonly resolve: (how: 'apply' | 'drop') => void;
}

/** Two people labelled at once: nothing is overwritten unseen. */
export function ConflictNotice({ refused, resolve }: ConflictNoticeProps) {
  return (
    <Alert
      color="yellow"
      radius={0}
      icon={<IconUsers size={18} />}
      title="Somebody else changed these labels in the meantime"
      style={{ flex: 'none' }}
    >
      <Group justify="space-between">
        <Text>
          You now see their labels. Your last {formatPlural(refused, 'change')} {refused === 1 ? 'was' : 'were'} not
          saved.
        </Text>
        <Group gap="sm">
          <Button variant="default" onClick={() => resolve('drop')}>
            Leave theirs
          </Button>
          <Button onClick={() => resolve('apply')}>Apply mine on top</Button>
        </Group>
      </Group>
    </Alert>
  );
}
