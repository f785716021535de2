import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { LightbenchError } from '../contract/errors.ts';
import { procedures } from '../contract/index.ts';
import { createEngine } from '../engine/create-engine.ts';
import { startHttpServer } from '../server/http-server.ts';
import { findLayout } from '../server/layout.ts';
import type { Arguments } from './arguments.ts';
import { connect, connectTo } from './connection.ts';
import { demo } from './demo.ts';

interface Command {
  readonly usage: string;
  readonly summary: string;
  /** Returns the exit code. */
  run(options: Arguments): Promise<number>;
}

export const commands: Readonly<Record<string, Command>> = {
  call: {
    usage: "<procedure> ['<json>'] [--workspace DIR | --engine URL]",
    summary: 'Calls any procedure of the contract; prints its result',
    run: call,
  },
  procedures: { usage: '', summary: 'Lists the procedures of the contract', run: listProcedures },
  serve: {
    usage: '[--workspace DIR] [--port N]',
    summary: 'Browser mode: serves the studio on loopback, prints its URL',
    run: (options) => serve(options, false),
  },
  open: {
    usage: '[--workspace DIR]',
    summary: 'The same, and opens the URL in a browser',
    run: (options) => serve(options, options.browser),
  },
  demo: {
    usage: '[--json] [--keep] [--workspace DIR]',
    summary: 'The whole life of a digit classifier, on all 70,000 digits',
    run: demo,
  },
};

async function call(options: Arguments): Promise<number> {
  const [procedure, text = '{}'] = options.positionals;
  if (procedure === undefined)
    throw new LightbenchError('request.invalid', 'Name a procedure.', {
      suggestion: '`lightbench procedures` lists them.',
    });
  let input: unknown;
  try {
    input = JSON.parse(text);
  } catch (error) {
    throw new LightbenchError('request.invalid', `The input is not JSON: ${(error as Error).message}.`, {
      suggestion: 'Put it in single quotes so that the shell leaves it alone.',
    });
  }
  const connection =
    options.engine === undefined ? await connect(options) : await connectTo(options.engine, options.user);
  try {
    const result = (await connection.callByName(procedure, input)) as { jobId?: string } | undefined;
    // A job lives in this process: what the command started, it sees through.
    const started = [result?.jobId, ...((result as { jobIds?: string[] } | undefined)?.jobIds ?? [])].filter(
      (id) => id !== undefined,
    );
    const jobs = [];
    for (const id of started) jobs.push(await connection.call('jobs.wait', { id, timeoutMs: 86_400_000 }));
    process.stdout.write(`${JSON.stringify(jobs.length > 0 ? { ...result, jobs } : result, null, 2)}\n`);
    const failed = jobs.find((job) => job.error !== null);
    if (failed?.error) throw LightbenchError.fromRecord(failed.error);
    return 0;
  } finally {
    await connection.close();
  }
}

async function listProcedures(): Promise<number> {
  for (const [name, { kind, summary }] of Object.entries(procedures))
    process.stdout.write(`${name.padEnd(28)} ${kind.padEnd(8)} ${summary}\n`);
  return 0;
}

async function serve(options: Arguments, openBrowser: boolean): Promise<number> {
  const { rendererFolder } = findLayout();
  if (!existsSync(join(rendererFolder, 'index.html'))) {
    throw new LightbenchError('internal.unexpected', 'The window has not been built yet.', {
      suggestion: 'Run `npm run build` once, or `npm start`, which builds what is stale.',
    });
  }
  const engine = createEngine({ ...findLayout(), workspaceFolder: options.workspace });
  const server = await startHttpServer({
    engine,
    rendererFolder,
    port: options.port,
    ...(process.env.LIGHTBENCH_TOKEN ? { token: process.env.LIGHTBENCH_TOKEN } : {}),
  }).catch(async (error) => {
    await engine.close();
    throw (error as { code?: string }).code === 'EADDRINUSE'
      ? new LightbenchError('deployment.port_in_use', `Port ${options.port} is taken.`)
      : error;
  });
  process.stdout.write(`${JSON.stringify({ url: server.url, workspace: engine.workspaceFolder })}\n`);
  process.stderr.write(`Lightbench is at ${server.url}\nCtrl-C ends it.\n`);
  if (openBrowser) openInBrowser(server.url);
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  await server.close();
  await engine.close();
  return 0;
}

/** Asks the system; where there is no browser the printed URL is what remains. */
function openInBrowser(url: string): void {
  const [program, ...rest] =
    process.platform === 'darwin' ? ['open'] : process.platform === 'win32' ? ['cmd', '/c', 'start', ''] : ['xdg-open'];
  const child = spawn(program, [...rest, url], { stdio: 'ignore', detached: true });
  child.on('error', () =>
    process.stderr.write('No browser could be opened here: open the address above in one on this machine.\n'),
  );
  child.unref();
}
