import { ActionIcon, Group, Progress, Stack, Text, Tooltip } from '@mantine/core';
import { IconPlayerPlay, IconX } from '@tabler/icons-react';
import type { Job, JobProgress as Progressing } from '../../main/contract/jobs.ts';
import { useCommand } from '../client/index.ts';
import { formatCount, formatDuration, formatNumber } from './format.ts';
import { StateBadge } from './small.tsx';

const live: readonly Job['state'][] = ['SCHEDULED', 'RUNNING', 'PAUSED'];

const resumable: readonly Job['state'][] = ['PAUSED', 'FAILED', 'KILLED'];

export function isLive(job: Job): boolean {
  return live.includes(job.state);
}

/** Nobody acts on less than a second. */
const shortestLeftMs = 1000;

/** How far a job is, in words: "12,300 of 60,000 images · 4,100 images/s · 12 s left". */
export function progressText(progress: Progressing): string {
  const parts = [
    progress.total === null
      ? `${formatCount(progress.done)} ${progress.unit}`
      : `${formatCount(progress.done)} of ${formatCount(progress.total)} ${progress.unit}`,
  ];
  if (progress.ratePerSecond !== null && progress.ratePerSecond > 0)
    parts.push(`${formatRate(progress.ratePerSecond)} ${progress.unit}/s`);
  if (progress.remainingMs !== null)
    parts.push(`${formatDuration(Math.max(shortestLeftMs, progress.remainingMs))} left`);
  return parts.join(' · ');
}

function formatRate(perSecond: number): string {
  return perSecond < 10 ? formatNumber(Math.round(perSecond * 10) / 10) : formatCount(perSecond);
}

/** Done of total in percent; null when the end is not known. */
export function progressPercent(progress: Progressing | null): number | null {
  if (progress === null || progress.total === null || progress.total === 0) return null;
  return Math.min(100, (progress.done / progress.total) * 100);
}

/** One job with its bar, and the buttons that its state allows. */
export function JobLine({ job, hideTitle = false }: { readonly job: Job; readonly hideTitle?: boolean }) {
  const cancel = useCommand('jobs.cancel');
  const resume = useCommand('jobs.resume');
  const percent = progressPercent(job.progress);
  return (
    <Stack gap={4}>
      <Group justify="space-between" wrap="nowrap" gap="sm">
        <Text fw={500} truncate>
          {hideTitle ? (job.progress?.phase ?? '') : job.title}
        </Text>
        <Group gap={4} wrap="nowrap">
          <StateBadge state={job.state} />
          {isLive(job) && job.cancellable && (
            <Tooltip label="Cancel">
              <ActionIcon
                size="sm"
                aria-label={`Cancel ${job.title}`}
                loading={cancel.isPending}
                onClick={() => cancel.mutate({ id: job.id })}
              >
                <IconX size={14} />
              </ActionIcon>
            </Tooltip>
          )}
          {job.resumable && resumable.includes(job.state) && (
            <Tooltip label="Resume">
              <ActionIcon
                size="sm"
                aria-label={`Resume ${job.title}`}
                loading={resume.isPending}
                onClick={() => resume.mutate({ id: job.id })}
              >
                <IconPlayerPlay size={14} />
              </ActionIcon>
            </Tooltip>
          )}
        </Group>
      </Group>
      {isLive(job) && (
        <Progress
          size={4}
          value={percent ?? (job.state === 'RUNNING' ? 100 : 0)}
          animated={percent === null && job.state === 'RUNNING'}
          striped={percent === null && job.state === 'RUNNING'}
          aria-label={`Progress of ${job.title}`}
        />
      )}
      {job.progress !== null && isLive(job) && (
        <Text size="xs" c="dimmed">
          {hideTitle ? progressText(job.progress) : `${job.progress.phase} · ${progressText(job.progress)}`}
        </Text>
      )}
      {job.error !== null && !isLive(job) && (
        <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
          {job.error.title}: {job.error.cause}
        </Text>
      )}
    </Stack>
  );
}
