import { type ChildProcess, spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';

const EVERY_S = 2;

/** What the process of a run takes of the machine, from one reading to the next. */
export class ResourceGauge {
  #cpu = process.cpuUsage();
  #at = performance.now();
  #gpu: Record<string, number> = {};
  readonly #watcher: ChildProcess | null;

  /** @param watchGpu asks NVIDIA's own tool every two seconds; where there is none, nothing is said of a GPU */
  constructor(watchGpu: boolean) {
    this.#watcher = watchGpu ? this.#watchGpu() : null;
  }

  /** `cpu_share` of all processors since the last reading; of a GPU its share of time at work and its used memory. */
  read(): Record<string, number> {
    const now = performance.now();
    const { user, system } = process.cpuUsage(this.#cpu);
    const wallMs = now - this.#at;
    this.#cpu = process.cpuUsage();
    this.#at = now;
    const share = (user + system) / 1000 / wallMs / availableParallelism();
    return { ...(wallMs > 0 ? { cpu_share: Math.min(1, share) } : {}), ...this.#gpu };
  }

  close(): void {
    this.#watcher?.kill();
  }

  #watchGpu(): ChildProcess {
    const query = ['--query-gpu=utilization.gpu,memory.used', '--format=csv,noheader,nounits', `--loop=${EVERY_S}`];
    const child = spawn('nvidia-smi', query, { stdio: ['ignore', 'pipe', 'ignore'] });
    child.on('error', () => {});
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const reading = readGpuLine(text);
      if (reading !== null) this.#gpu = reading;
    });
    child.unref();
    return child;
  }
}

/** `37, 2048` (per cent, MiB) of the first GPU. */
export function readGpuLine(text: string): Record<string, number> | null {
  const [share, mebibytes] = (text.trim().split('\n')[0] ?? '').split(',').map(Number);
  if (!Number.isFinite(share) || !Number.isFinite(mebibytes)) return null;
  return { gpu_share: share / 100, gpu_memory_bytes: mebibytes * 1024 ** 2 };
}
