import { useState } from 'react';
import { LightbenchError, queryClient } from '../../client/index.ts';

export interface Asked<T> {
  /** The newest answer. */
  readonly answer: T | null;
  readonly error: LightbenchError | null;
  readonly asking: boolean;
  ask(send: () => Promise<T>): Promise<void>;
}

/** Asks an endpoint now and then; its log and its figures follow. */
export function useAsked<T>(): Asked<T> {
  const [answer, setAnswer] = useState<T | null>(null);
  const [error, setError] = useState<LightbenchError | null>(null);
  const [asking, setAsking] = useState(false);
  const ask = async (send: () => Promise<T>) => {
    setAsking(true);
    setError(null);
    try {
      setAnswer(await send());
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
