import { useEffect, useState, useSyncExternalStore } from 'react';
import type { LabelSet } from '../../../main/contract/labeling.ts';
import { call, LightbenchError, unhandledErrors } from '../../client/index.ts';
import type { LabelSessionState, LabelSnapshot } from './label-session.ts';
import { LabelSession } from './label-session.ts';

/** Opens the session of a label set and keeps it in step with what others do. */
export function useLabelSession(labelSet: LabelSet): {
  readonly session: LabelSession | null;
  readonly error: LightbenchError | null;
} {
  const [session, setSession] = useState<LabelSession | null>(null);
  const [error, setError] = useState<LightbenchError | null>(null);
  const { id, head } = labelSet;
  useEffect(() => {
    let left = false;
    const read = async (): Promise<LabelSnapshot> => {
      const { labels, version } = await call('labels.values', { labelSetId: id });
      return { labels, head: version };
    };
    const open = async () => {
      try {
        const made = new LabelSession(await read(), {
          send: async (expectedHead, changes) =>
            (await call('labels.apply', { labelSetId: id, expectedHead, changes: [...changes] })).digest,
          reload: read,
          onError: (failure) => unhandledErrors.emit(failure),
        });
        if (!left) setSession(made);
      } catch (failure) {
        if (!left) setError(LightbenchError.from(failure));
      }
    };
    void open();
    return () => {
      left = true;
    };
  }, [id]);
  useEffect(() => {
    session?.follow(head).catch((failure: unknown) => unhandledErrors.emit(LightbenchError.from(failure)));
  }, [session, head]);
  return { session, error };
}

export function useLabelState(session: LabelSession): LabelSessionState {
  return useSyncExternalStore(session.subscribe, session.state);
}
