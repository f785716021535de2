import { type ChildProcess, fork } from 'node:child_process';
import type { z } from 'zod';
import { errorRecord, LightbenchError } from '../../contract/errors.ts';
import type { WorkerEntry } from '../core/context.ts';

/** How long a worker may take to end by itself after it was asked to. */
const GRACE_MS = 5000;
const STDERR_TAIL_BYTES = 4000;

export interface WorkerOptions<Message extends z.ZodType> {
  readonly entry: WorkerEntry;
  readonly name: string;
  /** Sent as the first message. Must survive structured cloning. */
  readonly input: unknown;
  /** What the worker may say; anything else ends it. */
  readonly messages: Message;
  readonly onMessage: (message: z.output<Message>) => void;
  readonly onStderr?: (line: string) => void;
  readonly environment?: Readonly<Record<string, string>>;
  /** Abort asks the worker to stop (`{type: 'stop'}`) and kills it after a grace period. */
  readonly signal?: AbortSignal;
}

export interface WorkerProcess {
  readonly processId: number;
  send(message: unknown): void;
  /** Resolves with what the worker returned. Rejects with its error, or worker.crashed when it died without one. */
  readonly result: Promise<unknown>;
  kill(): void;
}

/**
 * One job, one process: a native crash in here loses one job and never the workspace. The protocol is four words:
 * `{type:'start', input}` in; `{type:'message', message}`, then `{type:'result', result}` or `{type:'error', error}` out.
 * A worker whose parent dies sees its channel close and ends.
 */
export function startWorker<Message extends z.ZodType>(options: WorkerOptions<Message>): WorkerProcess {
  const { path, execPath, execArgv } = options.entry(options.name);
  const child: ChildProcess = fork(path, [], {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    execArgv: [...(execArgv ?? [])],
    ...(execPath === undefined ? {} : { execPath }),
    env: { ...process.env, ...options.environment },
  });
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-STDERR_TAIL_BYTES);
    for (const line of text.split('\n')) if (line.trim() !== '') options.onStderr?.(line);
  });

  const result = new Promise<unknown>((resolve, reject) => {
    let settled = false;
    const settle = (finish: () => void) => {
      if (settled) return;
      settled = true;
      finish();
    };
    child.on('message', (raw: { type: string; message?: unknown; result?: unknown; error?: unknown }) => {
      try {
        if (raw.type === 'message') options.onMessage(options.messages.parse(raw.message));
        else if (raw.type === 'result') settle(() => resolve(raw.result));
        else if (raw.type === 'error') settle(() => reject(LightbenchError.fromRecord(errorRecord.parse(raw.error))));
      } catch (error) {
        settle(() => reject(LightbenchError.from(error)));
        child.kill('SIGKILL');
      }
    });
    child.on('error', (error) =>
      settle(() =>
        reject(
          new LightbenchError('worker.crashed', `The ${options.name} process could not be started: ${error.message}`, {
            cause: error,
          }),
        ),
      ),
    );
    child.on('close', (code, signal) => {
      const how = signal === null ? `with exit code ${code}` : `by ${signal}`;
      settle(() =>
        reject(
          new LightbenchError(
            'worker.crashed',
            `The ${options.name} process ended ${how}.${stderr.trim() === '' ? '' : ` It last said: ${stderr.trim().split('\n').slice(-6).join(' ⏎ ')}`}`,
          ),
        ),
      );
    });
  });
  // The caller may look at the result later than it fails.
  result.catch(() => {});

  const send = (message: unknown) => {
    if (child.connected) child.send(message as Parameters<ChildProcess['send']>[0]);
  };
  let timer: NodeJS.Timeout | undefined;
  const stop = () => {
    send({ type: 'stop' });
    timer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
  };
  if (options.signal?.aborted) stop();
  else options.signal?.addEventListener('abort', stop, { once: true });
  child.on('close', () => {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', stop);
  });

  send({ type: 'start', input: options.input });
  return { processId: child.pid ?? -1, send, result, kill: () => void child.kill('SIGKILL') };
}
