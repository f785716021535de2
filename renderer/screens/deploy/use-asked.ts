import { useState } from 'react';
import { LightbenchError, queryClient } from '../../client/index.ts';

export interface Asked<T> {
  /** The newest answer. */
  readonly answer: T | null;
  readonly error: LightbenchError | null;
  readonly asking: boolean;
  /** @param send may tell what it has so far */
  ask(send: (soFar: (answer: T) => void) => Promise<T>): Promise<void>;
}

/** Asks an endpoint now and then; its log and its figures follow. */
export function useAsked<T>(): Asked<T> {
  const [answer, setAnswer] = useState<T | null>(null);
  const [error, setError] = useState<LightbenchError | null>(null);
  const [asking, setAsking] = useState(false);
  const ask: Asked<T>['ask'] = async (send) => {
    setAsking(true);
    setError(null);
    try {
      setAnswer(await send(setAnswer));
      void queryClient.invalidateQueries({
        predicate: ({ queryKey }) => String(queryKey[0]).startsWith('deployments.'),
      });
    } catch (thrown) {
      setError(LightbenchError.from(thrown));
    } finally {
      setAsking(false);
    }
  };
  return { answer, error, asking, ask };
}
