import { LightbenchError } from '../../main/contract/errors.ts';
import type { StreamEvent, StreamInput, StreamName } from '../../main/contract/index.ts';
import { streams } from '../../main/contract/index.ts';
import { transport } from './connection.ts';
import { sessionToken } from './session.ts';

interface Subscription {
  readonly stream: StreamName;
  readonly onEvent: (event: unknown) => void;
  readonly onError: ((error: LightbenchError) => void) | undefined;
}

const subscriptions = new Map<string, Subscription>();
let counter = 0;

transport.onStream((reply) => {
  const subscription = subscriptions.get(reply.id);
  if (subscription === undefined) return;
  if (reply.type === 'failed') {
    subscriptions.delete(reply.id);
    subscription.onError?.(LightbenchError.fromRecord(reply.error));
    return;
  }
  const event = streams[subscription.stream].event.safeParse(reply.event);
  if (event.success) subscription.onEvent(event.data);
});

/** Listens to a stream until the returned function is called. Survives a lost connection: it subscribes again. */
export function subscribe<N extends StreamName>(
  name: N,
  input: StreamInput<N>,
  onEvent: (event: StreamEvent<N>) => void,
  onError?: (error: LightbenchError) => void,
): () => void {
  const id = `s${++counter}`;
  const token = sessionToken();
  subscriptions.set(id, { stream: name, onEvent: onEvent as (event: unknown) => void, onError });
  transport.stream({ type: 'subscribe', id, stream: name, input, ...(token === null ? {} : { token }) });
  return () => {
    if (subscriptions.delete(id)) transport.stream({ type: 'unsubscribe', id });
  };
}
