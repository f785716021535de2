import { useEffect, useRef } from 'react';
import type { StreamInput } from '../../../main/contract/index.ts';
import type { Completion } from '../../../main/contract/serving.ts';
import { LightbenchError, subscribe } from '../../client/index.ts';
import { type Asked, useAsked } from './use-asked.ts';

export interface Written {
  /** What was to go on. */
  readonly text: string;
  readonly completion: Completion;
}

export interface Writing extends Pick<Asked<Written>, 'answer' | 'error' | 'asking'> {
  ask(wanted: StreamInput<'deployments.complete'>): void;
  /** What is written so far stays. */
  stop(): void;
}

/** Has an endpoint go on with a text, token by token, until it is done, stopped, or the screen is left. */
export function useWriting(): Writing {
  const { answer, error, asking, ask } = useAsked<Written | null>();
  const stop = useRef(() => {});
  useEffect(() => () => stop.current(), []);
  return {
    answer,
    error,
    asking,
    stop: () => stop.current(),
    ask: (wanted) =>
      void ask(
        (soFar) =>
          new Promise((resolve, reject) => {
            let written: Written | null = null;
            const leave = subscribe(
              'deployments.complete',
              wanted,
              (event) => {
                if (event.state === 'failed') {
                  leave();
                  reject(LightbenchError.fromRecord(event.error));
                  return;
                }
                written = { text: wanted.text, completion: event.completion };
                if (event.state === 'writing') soFar(written);
                else stop.current();
              },
              reject,
            );
            stop.current = () => {
              leave();
              resolve(written);
            };
          }),
      ),
  };
}
