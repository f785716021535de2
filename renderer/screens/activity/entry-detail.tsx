import { ActionIcon, Anchor, Code, Group, Stack, Text } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { Link } from 'react-router';
import type { LedgerEntry } from '../../../main/contract/governance.ts';
import { formatTime } from '../../components/format.ts';
import { paths } from '../../components/paths.ts';
import { useScreenActions } from '../../components/screen-actions.ts';
import { Digest, Fact } from '../../components/small.tsx';
import classes from './activity.module.css';

/** One entry in full: what it says, what it carries, how it is chained. */
export function EntryDetail({ entry, close }: { readonly entry: LedgerEntry; readonly close: () => void }) {
  useScreenActions('Entry', [
    { id: 'close', label: 'Close the entry', shortcut: 'escape', inPalette: false, run: close },
  ]);
  return (
    <aside className={classes.detail} aria-label="Entry">
      <Stack gap="md">
        <Group justify="space-between" wrap="nowrap" align="flex-start">
          <Text fw={600}>{entry.summary}</Text>
          <ActionIcon aria-label="Close" onClick={close}>
            <IconX size={16} />
          </ActionIcon>
        </Group>
        <div className={classes.facts}>
          <Fact label="Entry">#{entry.sequence}</Fact>
          <Fact label="Action">{entry.action}</Fact>
          <Fact label="By">{entry.actor}</Fact>
          <Fact label="When">{formatTime(entry.time)}</Fact>
        </div>
        <Fact label="Subject">
          <Anchor component={Link} to={paths.activity(`subject=${encodeURIComponent(entry.subject)}`)}>
            {entry.subject}
          </Anchor>
        </Fact>
        <Fact label="Payload">
          <Code block fz={12} mt={4} tabIndex={0} className={classes.payload}>
            {JSON.stringify(entry.payload, null, 2)}
          </Code>
        </Fact>
        <div className={classes.facts}>
          <Fact label="Hash">
            <Digest value={entry.hash} label="Hash" />
          </Fact>
          <Fact label="Hash of the entry before">
            {entry.previousHash === '' ? (
              'none: this is the first'
            ) : (
              <Digest value={entry.previousHash} label="Previous hash" />
            )}
          </Fact>
        </div>
        <Text size="xs" c="dimmed">
          The hash is SHA-256 over the previous hash and everything above, so an entry cannot be edited, removed or
          moved without breaking every one after it.
        </Text>
      </Stack>
    </aside>
  );
}
