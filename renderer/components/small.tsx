import { Badge, Code, CopyButton, Group, Kbd, Text, Tooltip, UnstyledButton } from '@mantine/core';
import type { ReactNode } from 'react';
import { useEffect, useState } from 'react';
import type { JobState } from '../../main/contract/jobs.ts';
import { formatRelative, formatTime, shortDigest } from './format.ts';
import { shortcutKeys } from './shortcut.ts';

const relativeRefreshMs = 30_000;

const stateTone: Readonly<Record<JobState, { readonly color: string; readonly label: string }>> = {
  SCHEDULED: { color: 'gray', label: 'Scheduled' },
  RUNNING: { color: 'accent', label: 'Running' },
  PAUSED: { color: 'yellow', label: 'Paused' },
  FINISHED: { color: 'green', label: 'Finished' },
  FAILED: { color: 'red', label: 'Failed' },
  KILLED: { color: 'gray', label: 'Stopped' },
};

/** The state of a job or run. */
export function StateBadge({ state }: { readonly state: JobState }) {
  return <Badge color={stateTone[state].color}>{stateTone[state].label}</Badge>;
}

/** A digest, shortened; a click copies the whole. */
export function Digest({ value, label }: { readonly value: string; readonly label?: string }) {
  return (
    <CopyButton value={value} timeout={1500}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? 'Copied' : `${label === undefined ? '' : `${label}: `}${value}`} multiline maw={420}>
          <UnstyledButton onClick={copy} aria-label={`Copy ${label ?? 'digest'} ${shortDigest(value)}`}>
            <Code fz={12}>{shortDigest(value)}</Code>
          </UnstyledButton>
        </Tooltip>
      )}
    </CopyButton>
  );
}

/** "3 minutes ago", with the exact time on hover. */
export function When({ time }: { readonly time: string }) {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), relativeRefreshMs);
    return () => clearInterval(timer);
  }, []);
  return (
    <Tooltip label={formatTime(time)}>
      <time dateTime={time} style={{ whiteSpace: 'nowrap' }}>
        {formatRelative(time, now)}
      </time>
    </Tooltip>
  );
}

/** The keys of a shortcut. */
export function Keys({ shortcut }: { readonly shortcut: string }) {
  return (
    <Group gap={3} wrap="nowrap" display="inline-flex">
      {shortcutKeys(shortcut).map((key) => (
        <Kbd key={key}>{key}</Kbd>
      ))}
    </Group>
  );
}

/** A name and its value, stacked: the small facts at the head of a page. */
export function Fact({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    <div style={{ minWidth: 0 }}>
      <Text size="xs" c="dimmed">
        {label}
      </Text>
      <Text component="div" style={{ overflowWrap: 'anywhere' }}>
        {children}
      </Text>
    </div>
  );
}
