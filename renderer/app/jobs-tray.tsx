import { Anchor, Popover, RingProgress, ScrollArea, Stack, Text, UnstyledButton } from '@mantine/core';
import { IconListCheck } from '@tabler/icons-react';
import { useState } from 'react';
import { Link } from 'react-router';
import { useShallow } from 'zustand/react/shallow';
import { sortedJobs, useJobs } from '../client/index.ts';
import { formatPlural } from '../components/format.ts';
import { jobLink } from '../components/job-link.ts';
import { isLive, JobLine, progressPercent } from '../components/job-progress.tsx';
import classes from './rail.module.css';

const recentCount = 8;

/** What is running, and what ended lately. */
export function JobsTray() {
  const [opened, setOpened] = useState(false);
  const jobs = useJobs(useShallow(sortedJobs));
  const running = jobs.filter(isLive);
  const ended = jobs.filter((job) => !isLive(job)).slice(0, recentCount);
  const first = running[0];
  const percent = first === undefined ? null : progressPercent(first.progress);
  const label = running.length === 0 ? 'No jobs' : formatPlural(running.length, 'job');
  return (
    <Popover opened={opened} onChange={setOpened} position="right-end" width={380} withinPortal trapFocus>
      <Popover.Target>
        <UnstyledButton className={classes.footButton} onClick={() => setOpened(!opened)}>
          {running.length === 0 ? (
            <IconListCheck size={16} stroke={1.6} aria-hidden />
          ) : (
            <RingProgress
              size={18}
              thickness={3}
              m={-1}
              sections={[{ value: percent ?? 25, color: 'var(--lb-accent)' }]}
              aria-hidden
            />
          )}
          <span className={classes.footLabel}>
            {label}
            {percent !== null && ` · ${Math.floor(percent)} %`}
          </span>
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown p={0} aria-label="Jobs">
        <ScrollArea.Autosize mah={460} p="md">
          <Stack gap="lg">
            {jobs.length === 0 && (
              <Text c="dimmed">Imports, runs, exports and deployments show here while they work.</Text>
            )}
            {running.map((job) => (
              <JobLine key={job.id} job={job} />
            ))}
            {ended.length > 0 && (
              <Stack gap="md">
                <Text size="xs" c="dimmed" fw={600}>
                  Ended
                </Text>
                {ended.map((job) => {
                  const link = jobLink(job);
                  return (
                    <div key={job.id}>
                      <JobLine job={job} />
                      {link !== null && job.state === 'FINISHED' && (
                        <Anchor component={Link} to={link.to} size="xs" onClick={() => setOpened(false)}>
                          {link.label}
                        </Anchor>
                      )}
                    </div>
                  );
                })}
              </Stack>
            )}
          </Stack>
        </ScrollArea.Autosize>
      </Popover.Dropdown>
    </Popover>
  );
}
