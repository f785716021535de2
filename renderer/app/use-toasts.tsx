import { Anchor, Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useEffect, useRef } from 'react';
import type { Job, JobState } from '../../main/contract/jobs.ts';
import type { LightbenchError } from '../client/index.ts';
import { unhandledErrors, useJobs, workspaceEvents } from '../client/index.ts';
import { jobLink } from '../components/job-link.ts';

const errorStaysMs = 12_000;

/** What happened elsewhere: jobs that ended, and errors of commands that no screen showed itself. */
export function useToasts(): void {
  const states = useRef(new Map<string, JobState>());
  useEffect(() => {
    const stopErrors = unhandledErrors.on(showError);
    const stopEvents = workspaceEvents.on((event) => {
      if (event.type !== 'job') return;
      const { job } = event;
      const before = states.current.get(job.id);
      states.current.set(job.id, job.state);
      if (before !== job.state) showJob(job);
    });
    // Jobs that had ended before this window opened are no news.
    const stopJobs = useJobs.subscribe(({ byId }) => {
      for (const job of Object.values(byId)) if (!states.current.has(job.id)) states.current.set(job.id, job.state);
    });
    return () => {
      stopErrors();
      stopEvents();
      stopJobs();
    };
  }, []);
}

function showError(error: LightbenchError): void {
  notifications.show({
    id: `error-${error.code}-${error.message}`,
    color: 'red',
    title: error.title,
    message: <Lines first={error.message} second={error.suggestion} />,
    autoClose: errorStaysMs,
  });
}

function showJob(job: Job): void {
  const link = jobLink(job);
  if (job.state === 'FINISHED')
    notifications.show({
      id: `job-${job.id}`,
      color: 'green',
      title: job.title,
      message: (
        <Stack gap={2}>
          {job.subject.remark !== undefined && <Text>{job.subject.remark}</Text>}
          {link === null ? 'Finished.' : <JobAnchor to={link.to}>{link.label}</JobAnchor>}
        </Stack>
      ),
    });
  else if (job.state === 'FAILED')
    notifications.show({
      id: `job-${job.id}`,
      color: 'red',
      title: `${job.title}: ${job.error?.title ?? 'failed'}`,
      message: <Lines first={job.error?.cause ?? 'The job failed.'} second={job.error?.suggestion ?? ''} />,
      autoClose: errorStaysMs,
    });
}

function Lines({ first, second }: { readonly first: string; readonly second: string }) {
  return (
    <Stack gap={2}>
      <Text style={{ overflowWrap: 'anywhere' }}>{first}</Text>
      {second !== '' && <Text c="dimmed">{second}</Text>}
    </Stack>
  );
}

function JobAnchor({ to, children }: { readonly to: string; readonly children: string }) {
  // Toasts are drawn outside the router.
  return <Anchor href={`#${to}`}>{children}</Anchor>;
}
