import { errorRecord, LightbenchError } from '../contract/errors.ts';
import type { WorkspaceEvent } from '../contract/events.ts';
import type { ProcedureInput, ProcedureName, ProcedureOutput } from '../contract/index.ts';
import { type CallMessage, type CallReply, callReply } from '../contract/wire.ts';
import { createEngine, type Engine } from '../engine/create-engine.ts';
import { findLayout } from '../server/layout.ts';
import type { Arguments } from './arguments.ts';

/** The contract as a command sees it: typed, throwing. */
export interface Connection {
  call<N extends ProcedureName>(name: N, input: ProcedureInput<N>): Promise<ProcedureOutput<N>>;
  callByName(name: string, input: unknown): Promise<unknown>;
  onEvent(listener: (event: WorkspaceEvent) => void): () => void;
  close(): Promise<void>;
}

/** Opens the workspace in this process, signed in as `--user` with LIGHTBENCH_PASSWORD when given. */
export async function connect(options: Pick<Arguments, 'workspace' | 'user'>): Promise<Connection> {
  const engine = createEngine({ ...findLayout(), workspaceFolder: options.workspace });
  try {
    const token = options.user === undefined ? undefined : await signIn(engine, options.user);
    return connection(engine, token);
  } catch (error) {
    await engine.close();
    throw error;
  }
}

/**
 * The same contract through an engine that is already running: `--engine URL`, as `lightbench serve` printed it.
 *
 * @throws LightbenchError source.not_found when nothing answers there.
 */
export async function connectTo(url: string, user: string | undefined): Promise<Omit<Connection, 'onEvent'>> {
  const { origin, searchParams } = new URL(url);
  const authorization = `Bearer ${searchParams.get('token') ?? ''}`;
  const send = async (message: CallMessage): Promise<unknown> => {
    const response = await fetch(`${origin}/api/call`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization },
      body: JSON.stringify(message),
    }).catch((error: Error) => {
      throw new LightbenchError('source.not_found', `No engine answers at ${origin}.`, {
        suggestion: 'Start one with `lightbench serve` and use the URL it prints.',
        cause: error,
      });
    });
    const body: unknown = await response.json();
    const refusal = errorRecord.safeParse(body);
    return answer(refusal.success ? { ok: false, error: refusal.data } : callReply.parse(body));
  };
  const token =
    user === undefined
      ? undefined
      : ((await send({ procedure: 'session.signIn', input: credentials(user) })) as { token: string }).token;
  const callByName = (procedure: string, input: unknown) =>
    send({ procedure, input, ...(token === undefined ? {} : { token }) });
  return {
    callByName,
    call: async <N extends ProcedureName>(name: N, input: ProcedureInput<N>) =>
      (await callByName(name, input)) as ProcedureOutput<N>,
    close: async () => {},
  };
}

function connection(engine: Engine, token: string | undefined): Connection {
  const callByName = (procedure: string, input: unknown) => invoke(engine, procedure, input, token);
  return {
    callByName,
    call: async <N extends ProcedureName>(name: N, input: ProcedureInput<N>) =>
      (await callByName(name, input)) as ProcedureOutput<N>,
    onEvent: (listener) =>
      engine.subscribe(
        {
          type: 'subscribe',
          id: 'events',
          stream: 'workspace.events',
          input: {},
          ...(token === undefined ? {} : { token }),
        },
        (reply) => {
          if (reply.type === 'event') listener(reply.event as WorkspaceEvent);
        },
      ),
    close: () => engine.close(),
  };
}

async function signIn(engine: Engine, name: string): Promise<string> {
  return ((await invoke(engine, 'session.signIn', credentials(name), undefined)) as { token: string }).token;
}

/** A password on the command line would be seen by every process of the machine. */
function credentials(name: string): { name: string; password: string } {
  const password = process.env.LIGHTBENCH_PASSWORD;
  if (password === undefined)
    throw new LightbenchError('access.sign_in_required', `--user ${name} needs a password.`, {
      suggestion: 'Put it into the environment variable LIGHTBENCH_PASSWORD.',
    });
  return { name, password };
}

async function invoke(engine: Engine, procedure: string, input: unknown, token: string | undefined): Promise<unknown> {
  return answer(callReply.parse(await engine.call({ procedure, input, ...(token === undefined ? {} : { token }) })));
}

function answer(reply: CallReply): unknown {
  if (!reply.ok) throw LightbenchError.fromRecord(reply.error);
  return reply.result;
}
