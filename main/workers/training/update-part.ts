// Not by the index: threads that only update need not load the runtime, which takes some 10 MiB in each.
import { type NativeRuntime, nativeRuntime } from '../../runtime/native.ts';
import { AdamKernelUpdate } from './adam-kernel-update.ts';
import { NativeUpdate } from './native-update.ts';
import { GRAIN_BYTES } from './shared-memory.ts';
import type { Stretch, StretchUpdate, UpdatePhase, UpdateTask } from './update-task.ts';

/** A thread's part of an update: a stretch of every parameter, the same at every step. */
export class UpdatePart {
  readonly #squares: Float64Array;
  readonly #update: StretchUpdate;
  readonly #thread: number;

  /** @param native the addon, or null for its twin, a small WebAssembly program */
  constructor(task: UpdateTask, thread: number, native: NativeRuntime | null = nativeRuntime()) {
    const stretches = task.parameters.map(({ bytes }): Stretch => {
      const edge = (of: number): number => Math.floor(((bytes / GRAIN_BYTES) * of) / task.threads) * GRAIN_BYTES;
      return [edge(thread), edge(thread + 1)];
    });
    this.#squares = task.squares;
    this.#update = native ? new NativeUpdate(task, stretches, native) : new AdamKernelUpdate(task, stretches);
    this.#thread = thread;
  }

  run(phase: UpdatePhase, set: 0 | 1): void {
    const sum = this.#update.run(phase, set);
    if (phase !== 'clipped') this.#squares[this.#thread] = sum;
  }
}
