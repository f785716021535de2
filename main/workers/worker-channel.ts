import type { z } from 'zod';
import { LightbenchError } from '../contract/errors.ts';

export interface WorkerChannel {
  /** Tells the engine something on the way; parsed there by the schema it expects. */
  send(message: unknown): void;
  /** Words of the engine after the start, e.g. `{type: 'pause'}`. */
  onMessage(listener: (message: { readonly type: string } & Record<string, unknown>) => void): void;
  /** Aborted when the engine asks to stop. */
  readonly signal: AbortSignal;
}

/**
 * The other end of the engine's `startWorker`: waits for the start message, runs `work` once, answers with its result or
 * its error, ends. Ends also when the engine is gone.
 */
export function runWorker<Input extends z.ZodType>(
  schema: Input,
  work: (input: z.output<Input>, channel: WorkerChannel) => Promise<unknown>,
): void {
  const stop = new AbortController();
  const listeners: ((message: { readonly type: string } & Record<string, unknown>) => void)[] = [];
  const send = (message: unknown, sent?: () => void) => process.send?.(message, undefined, undefined, () => sent?.());
  const channel: WorkerChannel = {
    send: (message) => void send({ type: 'message', message }),
    onMessage: (listener) => void listeners.push(listener),
    signal: stop.signal,
  };
  process.on('disconnect', () => process.exit(3));
  process.on('message', (raw: { type: string; input?: unknown } & Record<string, unknown>) => {
    if (raw.type === 'stop') stop.abort();
    if (raw.type !== 'start') {
      for (const listener of listeners) listener(raw);
      return;
    }
    void (async () => {
      try {
        const result = await work(schema.parse(raw.input), channel);
        send({ type: 'result', result }, () => process.exit(0));
      } catch (error) {
        if (!(error instanceof LightbenchError)) console.error(error);
        send({ type: 'error', error: LightbenchError.from(error).toRecord() }, () => process.exit(1));
      }
    })();
  });
}
