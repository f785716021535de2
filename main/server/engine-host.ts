import { parseArgs } from 'node:util';
import { LightbenchError } from '../contract/errors.ts';
import { type HostReply, hostRequest } from '../contract/wire.ts';
import { createEngine, type Engine, type EngineOptions } from '../engine/create-engine.ts';
import { findLayout } from './layout.ts';

/** The ways in which a shell can start this process: Electron's utility process, or a fork with an IPC channel. */
interface HostPort {
  post(reply: HostReply): void;
  onMessage(listener: (message: unknown) => void): void;
  onClose(listener: () => void): void;
}

/** A shell that closed its end is gone; work that does not end by then is interrupted and found at the next start. */
const shutdownMs = 4500;

// Inside Electron the workers are forked from Electron's executable, which has to behave as Node then.
if (process.versions.electron !== undefined) process.env.ELECTRON_RUN_AS_NODE = '1';
run(openPort());

/** The headless engine behind one message port: the third door beside HTTP and the command line. */
function run(port: HostPort): void {
  let engine: Engine;
  try {
    engine = createEngine(engineOptions());
  } catch (error) {
    port.post({ kind: 'refused', error: LightbenchError.from(error).toRecord() });
    process.exitCode = 1;
    // Leaves the port the time to deliver the refusal.
    setTimeout(() => process.exit(1), 500);
    return;
  }

  const streams = new Map<string, () => void>();
  let ending = false;
  const end = (): void => {
    if (ending) return;
    ending = true;
    for (const leave of streams.values()) leave();
    setTimeout(() => process.exit(1), shutdownMs).unref();
    engine.close().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  };
  port.onClose(end);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, end);

  port.onMessage((raw) => {
    const parsed = hostRequest.safeParse(raw);
    if (!parsed.success) {
      console.error(`The shell sent a message outside the contract: ${parsed.error.message}`);
      return;
    }
    const request = parsed.data;
    if (request.kind === 'shutdown') end();
    else if (request.kind === 'call') {
      void engine.call(request.message).then((reply) => port.post({ kind: 'call', number: request.number, reply }));
    } else if (request.kind === 'asset') {
      void engine.asset(request.message).then((reply) => {
        const failed = reply instanceof LightbenchError;
        port.post({
          kind: 'asset',
          number: request.number,
          // A view would take its whole underlying buffer across the port.
          reply: failed ? null : { ...reply, bytes: new Uint8Array(reply.bytes) },
          error: failed ? reply.toRecord() : null,
        });
      });
    } else {
      const { message } = request;
      streams.get(message.id)?.();
      streams.delete(message.id);
      if (message.type === 'subscribe')
        streams.set(
          message.id,
          engine.subscribe(message, (reply) => port.post({ kind: 'stream', message: reply })),
        );
    }
  });
  port.post({ kind: 'ready', workspacePath: engine.workspaceFolder });
}

function engineOptions(): EngineOptions {
  const { values } = parseArgs({ options: { workspace: { type: 'string' } } });
  if (values.workspace === undefined)
    throw new LightbenchError('request.invalid', 'The engine host needs --workspace DIR.');
  return { ...findLayout(), workspaceFolder: values.workspace };
}

function openPort(): HostPort {
  // Electron puts the port of a utility process on `process`; Node's typings do not know it.
  const utility = (process as NodeJS.Process & { readonly parentPort?: UtilityPort }).parentPort;
  if (utility !== undefined)
    return {
      post: (reply) => utility.postMessage(reply),
      onMessage: (listener) => utility.on('message', (event) => listener(event.data)),
      // A utility process dies with its shell.
      onClose: () => undefined,
    };
  if (process.send === undefined)
    throw new Error('The engine host is started by the desktop shell; for a server use `lightbench serve`.');
  return {
    post: (reply) => void (process.connected && process.send?.(reply)),
    onMessage: (listener) => void process.on('message', listener),
    onClose: (listener) => void process.once('disconnect', listener),
  };
}

interface UtilityPort {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (event: { readonly data: unknown }) => void): void;
}
