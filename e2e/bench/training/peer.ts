import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const SCRIPT = join(import.meta.dirname, 'peer.py');

export type Mode = 'train' | 'forward';

/** `cpu` counts the process's own processor time, for machines that others use too; with one thread only. */
export type Clock = 'wall' | 'cpu';

/** The Python to use, or undefined where it has no PyTorch. */
export function findPython(): { readonly command: string; readonly torchVersion: string } | undefined {
  const command = process.env.LIGHTBENCH_PYTHON ?? 'python3';
  const probe = spawnSync(command, ['-c', 'import torch; print(torch.__version__)'], { encoding: 'utf8' });
  return probe.status === 0 ? { command, torchVersion: probe.stdout.trim() } : undefined;
}

/** One fresh PyTorch process with one workload loaded. */
export class Peer {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #answers: AsyncIterator<string>;

  constructor(python: string) {
    this.#child = spawn(python, [SCRIPT]);
    this.#child.stderr.pipe(process.stderr);
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async load(name: string, threads: number, clock: Clock): Promise<void> {
    await this.#ask({ load: name, threads, clock });
  }

  /** Milliseconds of each of `count` runs. */
  async time(mode: Mode, count: number): Promise<readonly number[]> {
    const answer = (await this.#ask({ mode, count })) as { readonly times: readonly number[] };
    return answer.times;
  }

  /** The most memory the process ever held above what it held before the workload was loaded. */
  async peakBytes(): Promise<number> {
    const answer = (await this.#ask({ memory: true })) as { readonly bytes: number };
    return answer.bytes;
  }

  close(): void {
    this.#child.stdin.end();
  }

  async #ask(request: object): Promise<unknown> {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    const answer = await this.#answers.next();
    if (answer.done) throw new Error('The PyTorch process ended without an answer.');
    return JSON.parse(answer.value);
  }
}
