import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { ProcedureInput, ProcedureName, ProcedureOutput } from '../../main/contract/index.ts';
import type { Job } from '../../main/contract/jobs.ts';

const ROOT = join(import.meta.dirname, '../..');

/** `lightbench serve` in a process of its own, asked over HTTP, as a script on a workstation would. */
export interface HeadlessStudio {
  readonly url: string;
  readonly process: ChildProcess;
  call<N extends ProcedureName>(name: N, input: ProcedureInput<N>): Promise<ProcedureOutput<N>>;
  /** Starts something that answers with a job and waits for its end. */
  job(id: string): Promise<Job>;
  /** Asks it to end, and waits. */
  stop(): Promise<void>;
  /** SIGKILL, and waits until the process is gone. */
  kill(): Promise<void>;
}

type Call = HeadlessStudio['call'];

/** The contract of an engine that is running already, by the URL that it printed. */
export function contractAt(url: string): Call {
  const { origin, searchParams } = new URL(url);
  return async <N extends ProcedureName>(procedure: N, input: ProcedureInput<N>): Promise<ProcedureOutput<N>> => {
    const response = await fetch(`${origin}/api/call`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${searchParams.get('token')}` },
      body: JSON.stringify({ procedure, input }),
    });
    const reply = (await response.json()) as
      | { ok: true; result: ProcedureOutput<N> }
      | { ok: false; error: { code: string; cause: string } };
    if (!reply.ok) throw Object.assign(new Error(reply.error.cause), reply.error);
    return reply.result;
  };
}

export async function startHeadless(workspace: string): Promise<HeadlessStudio> {
  const child = spawn(process.execPath, [join(ROOT, 'main/cli/main.ts'), 'serve', '--workspace', workspace], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const url = await new Promise<string>((resolve, reject) => {
    let complaint = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint += text;
    });
    child.stdout.setEncoding('utf8').once('data', (line: string) => resolve((JSON.parse(line) as { url: string }).url));
    child.once('exit', (code) => reject(new Error(`lightbench serve ended with ${code}: ${complaint}`)));
  });
  const call = contractAt(url);
  const end = (signal: NodeJS.Signals) =>
    new Promise<void>((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null) return resolve();
      child.once('close', () => resolve());
      child.kill(signal);
    });
  return {
    url,
    process: child,
    call,
    job: (id) => call('jobs.wait', { id, timeoutMs: 600_000 }),
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  };
}
