import type { JobProgress } from '../../contract/jobs.ts';

const WINDOW_MS = 5000;

/** Rate over the last seconds of a phase, and the time left at that rate. A new phase starts anew. */
export class ProgressMeter {
  #phase = '';
  #samples: { readonly atMs: number; readonly done: number }[] = [];

  measure(progress: Pick<JobProgress, 'phase' | 'done' | 'total' | 'unit'>, nowMs: number): JobProgress {
    if (progress.phase !== this.#phase) {
      this.#phase = progress.phase;
      this.#samples = [];
    }
    this.#samples.push({ atMs: nowMs, done: progress.done });
    while (this.#samples.length > 2 && nowMs - this.#samples[0].atMs > WINDOW_MS) this.#samples.shift();
    const first = this.#samples[0];
    const seconds = (nowMs - first.atMs) / 1000;
    const rate = seconds > 0.05 && progress.done > first.done ? (progress.done - first.done) / seconds : null;
    const remainingMs =
      rate === null || progress.total === null ? null : Math.max(0, ((progress.total - progress.done) / rate) * 1000);
    return { ...progress, ratePerSecond: rate, remainingMs };
  }
}
