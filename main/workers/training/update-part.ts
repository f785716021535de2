import { type AdamKernel, openAdamKernel } from './adam-kernel.ts';

/** Bytes of each array that are worked on at a time: all of them together stay in the cache next to the core. */
const BLOCK_BYTES = 4096;
const GRAIN_BYTES = 16;

/** One parameter in the memory of all threads, by addresses. */
export interface SharedParameter {
  readonly bytes: number;
  /** Parameter, first and second moment of both sets of the state. */
  readonly sets: readonly [SharedSlots, SharedSlots];
  /** One per part of the batch. */
  readonly gradients: readonly number[];
}

export type SharedSlots = readonly [number, number, number];

/** What every thread needs to do its part. */
export interface UpdateTask {
  readonly memory: WebAssembly.Memory;
  readonly threads: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly parameters: readonly SharedParameter[];
  /** Shared: what the gradients are clipped by, the share of each part of the batch, then rate, offset and decay per parameter. */
  readonly numbers: Float32Array;
  /** Shared, one per thread: the sum of squares of its part of the gradient. */
  readonly squares: Float64Array;
}

export type UpdatePhase = 'whole' | 'merge' | 'clipped';

/** A thread's part of an update: a stretch of every parameter, the same at every step. */
export class UpdatePart {
  readonly #task: UpdateTask;
  readonly #kernel: AdamKernel;
  readonly #thread: number;

  constructor(task: UpdateTask, thread: number) {
    this.#task = task;
    this.#kernel = openAdamKernel(task.memory);
    this.#thread = thread;
  }

  /**
   * `whole` merges the gradients of all parts and updates; with clipping their norm must be known in between, so that
   * `merge` comes first and, once all threads have done it, `clipped`.
   * @param set which set of the state is read; the other is written
   */
  run(phase: UpdatePhase, set: 0 | 1): void {
    const { parameters, threads, numbers, squares } = this.#task;
    let sum = 0;
    parameters.forEach((parameter, index) => {
      const grains = parameter.bytes / GRAIN_BYTES;
      const edge = (thread: number): number => Math.floor((grains * thread) / threads) * GRAIN_BYTES;
      const end = edge(this.#thread + 1);
      const [rate, offset, decay] = numbers.subarray(1 + parameter.gradients.length + 3 * index);
      for (let from = edge(this.#thread); from < end; from += BLOCK_BYTES) {
        const bytes = Math.min(BLOCK_BYTES, end - from);
        if (phase !== 'clipped') sum += this.#merge(parameter, from, bytes);
        if (phase !== 'merge') this.#update(parameter, set, from, bytes, { rate, offset, decay }, phase === 'clipped');
      }
    });
    if (phase !== 'clipped') squares[this.#thread] = sum;
  }

  /** Leaves the weighted mean in the place of the first part's gradient; yields the sum of its squares. */
  #merge({ gradients }: SharedParameter, from: number, bytes: number): number {
    const [target, ...others] = gradients.map((gradient) => gradient + from);
    const { numbers } = this.#task;
    this.#kernel.weigh(target, target, bytes, numbers[1]);
    others.forEach((other, index) => {
      this.#kernel.addWeighted(target, other, bytes, numbers[2 + index]);
    });
    return this.#kernel.squares(target, bytes);
  }

  #update(
    { sets, gradients }: SharedParameter,
    set: 0 | 1,
    from: number,
    bytes: number,
    { rate, offset, decay }: { readonly rate: number; readonly offset: number; readonly decay: number },
    isClipped: boolean,
  ): void {
    const { beta1, beta2, numbers } = this.#task;
    const [p, m, v] = sets[set].map((address) => address + from);
    const [nextP, nextM, nextV] = sets[set === 0 ? 1 : 0].map((address) => address + from);
    const g = gradients[0] + from;
    if (isClipped) this.#kernel.weigh(g, g, bytes, numbers[0]);
    this.#kernel.adam(p, g, m, v, nextP, nextM, nextV, bytes, beta1, beta2, rate, offset, decay);
  }
}
