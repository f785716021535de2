import { LightbenchError } from '../contract/errors.ts';
import type { WorkspaceEvent } from '../contract/events.ts';
import type { ProcedureInput, ProcedureName, ProcedureOutput } from '../contract/index.ts';
import { callReply } from '../contract/wire.ts';
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
  const { applicationVersion, workerEntry } = findLayout();
  const engine = createEngine({ workspaceFolder: options.workspace, applicationVersion, workerEntry });
  try {
    const token = options.user === undefined ? undefined : await signIn(engine, options.user);
    return connection(engine, token);
  } catch (error) {
    await engine.close();
    throw error;
  }
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
  const password = process.env.LIGHTBENCH_PASSWORD;
  if (password === undefined)
    throw new LightbenchError('access.sign_in_required', `--user ${name} needs a password.`, {
      suggestion: 'Put it into the environment variable LIGHTBENCH_PASSWORD.',
    });
  return ((await invoke(engine, 'session.signIn', { name, password }, undefined)) as { token: string }).token;
}

async function invoke(engine: Engine, procedure: string, input: unknown, token: string | undefined): Promise<unknown> {
  const reply = callReply.parse(await engine.call({ procedure, input, ...(token === undefined ? {} : { token }) }));
  if (!reply.ok) throw LightbenchError.fromRecord(reply.error);
  return reply.result;
}
