import { useEffect } from 'react';
import { create } from 'zustand';
import type { Run } from '../../../main/contract/training.ts';
import { call, LightbenchError, useConnection, workspaceEvents } from '../../client/index.ts';

interface RunsState {
  readonly runs: readonly Run[] | null;
  readonly error: LightbenchError | null;
}

/** A training run reports every second; ten thousand runs are not read again for that, only the one that changed. */
const refreshMs = 500;
const readOneByOneUpTo = 20;

const useStore = create<RunsState>(() => ({ runs: null, error: null }));

/** All runs, newest first, kept up to date while somebody looks. */
export function useRuns(): RunsState & { readonly reload: () => void } {
  const state = useStore();
  useEffect(() => {
    const changed = new Set<string>();
    let everything = false;
    let timer: ReturnType<typeof setTimeout> | null = null;
    const flush = () => {
      timer = null;
      const ids = [...changed];
      changed.clear();
      if (everything || ids.length > readOneByOneUpTo) void reload();
      else void refresh(ids);
      everything = false;
    };
    const stopEvents = workspaceEvents.on((event) => {
      if (event.type !== 'changed' || (event.topic !== 'runs' && event.topic !== 'evaluation')) return;
      if (event.ids.length === 0) everything = true;
      for (const id of event.ids) changed.add(id);
      timer ??= setTimeout(flush, refreshMs);
    });
    const stopConnection = useConnection.subscribe((now, before) => {
      if (now.state === 'open' && before.state === 'lost') void reload();
    });
    void reload();
    return () => {
      if (timer !== null) clearTimeout(timer);
      stopEvents();
      stopConnection();
    };
  }, []);
  return { ...state, reload: () => void reload() };
}

async function reload(): Promise<void> {
  try {
    useStore.setState({ runs: await call('runs.list', {}), error: null });
  } catch (error) {
    useStore.setState({ error: LightbenchError.from(error) });
  }
}

async function refresh(ids: readonly string[]): Promise<void> {
  const answers = await Promise.allSettled(ids.map((runId) => call('runs.get', { runId })));
  const fresh = new Map<string, Run>();
  const gone = new Set<string>();
  answers.forEach((answer, position) => {
    if (answer.status === 'fulfilled') fresh.set(answer.value.run.id, answer.value.run);
    else if (LightbenchError.from(answer.reason).code === 'record.not_found') gone.add(ids[position] as string);
  });
  const known = useStore.getState().runs ?? [];
  const kept = known.filter(({ id }) => !gone.has(id)).map((run) => fresh.get(run.id) ?? run);
  const knownIds = new Set(known.map(({ id }) => id));
  const added = [...fresh.values()].filter(({ id }) => !knownIds.has(id));
  added.sort((a, b) => b.createdAt.localeCompare(a.createdAt));
  useStore.setState({ runs: [...added, ...kept] });
}
