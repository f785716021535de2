import { create } from 'zustand';
import { Emitter } from '../../main/base/emitter.ts';
import type { Topic, WorkspaceEvent } from '../../main/contract/events.ts';
import type { Job } from '../../main/contract/jobs.ts';
import { call } from './call.ts';
import { useConnection } from './connection.ts';
import { queryClient, unhandledErrors } from './queries.ts';
import { wantSignIn } from './session.ts';
import { subscribe } from './subscribe.ts';
import { isStale } from './topics.ts';

/** Bursts of changes (a run reports every second) become one round of reading again. */
const coalesceMs = 200;
const jobsKept = 200;

interface JobsState {
  /** Every job this window has heard of, by id. */
  readonly byId: Readonly<Record<string, Job>>;
}

export const useJobs = create<JobsState>(() => ({ byId: {} }));

/** Every event of the workspace, after the cache has heard of it. */
export const workspaceEvents = new Emitter<WorkspaceEvent>();

/** Jobs newest first. */
export function sortedJobs(state: JobsState): readonly Job[] {
  return Object.values(state.byId).sort((a, b) => b.createdAt.localeCompare(a.createdAt) || b.id.localeCompare(a.id));
}

/** One job as it is now; undefined until the engine has told of it. */
export function useJob(id: string | undefined): Job | undefined {
  return useJobs((state) => (id === undefined ? undefined : state.byId[id]));
}

/** Begins to listen. Called once by the shell; the returned function ends it. */
export function listenToWorkspace(): () => void {
  let pending = new Set<Topic>();
  let timer: ReturnType<typeof setTimeout> | null = null;

  const flush = () => {
    timer = null;
    const topics = pending;
    pending = new Set();
    void queryClient.invalidateQueries({ predicate: (query) => isStale(String(query.queryKey[0]), topics) });
  };
  const stop = subscribe(
    'workspace.events',
    {},
    (event) => {
      if (event.type === 'job') remember([event.job]);
      else {
        pending.add(event.topic);
        timer ??= setTimeout(flush, coalesceMs);
      }
      workspaceEvents.emit(event);
    },
    (error) => {
      // Listening begins again when somebody has signed in.
      if (error.code === 'access.sign_in_required') wantSignIn(true);
      else unhandledErrors.emit(error);
    },
  );
  const stopConnection = useConnection.subscribe((now, before) => {
    if (now.state !== 'open' || before.state === 'open') return;
    void readJobs();
    // What happened while nobody listened is unknown: everything on screen is read again.
    if (before.state !== 'connecting') void queryClient.invalidateQueries();
  });
  void readJobs();
  return () => {
    if (timer !== null) clearTimeout(timer);
    stop();
    stopConnection();
  };
}

async function readJobs(): Promise<void> {
  try {
    remember(await call('jobs.list', { limit: jobsKept }));
  } catch {
    // The connection banner or the sign-in dialog already says why.
  }
}

function remember(jobs: readonly Job[]): void {
  if (jobs.length === 0) return;
  const byId = { ...useJobs.getState().byId };
  for (const job of jobs) byId[job.id] = job;
  useJobs.setState({ byId });
}
