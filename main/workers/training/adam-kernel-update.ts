import { type AdamKernel, openAdamKernel } from './adam-kernel.ts';
import type { SharedParameter, Stretch, StretchUpdate, UpdatePhase, UpdateTask } from './update-task.ts';

/** Bytes of each array that are worked on at a time: all of them together stay in the cache next to the core. */
const BLOCK_BYTES = 4096;

/** An update where there is no addon, to the bits of the graph. */
export class AdamKernelUpdate implements StretchUpdate {
  readonly #task: UpdateTask;
  readonly #stretches: readonly Stretch[];
  readonly #kernel: AdamKernel;

  constructor(task: UpdateTask, stretches: readonly Stretch[]) {
    this.#task = task;
    this.#stretches = stretches;
    this.#kernel = openAdamKernel(task.memory);
  }

  run(phase: UpdatePhase, set: 0 | 1): number {
    const { parameters, numbers, parts } = this.#task;
    let sum = 0;
    parameters.forEach((parameter, index) => {
      const [first, end] = this.#stretches[index];
      const [rate, offset, decay] = numbers.subarray(1 + parts + 3 * index);
      for (let from = first; from < end; from += BLOCK_BYTES) {
        const bytes = Math.min(BLOCK_BYTES, end - from);
        if (phase !== 'clipped') sum += this.#merge(parameter, from, bytes);
        if (phase !== 'merge') this.#update(parameter, set, from, bytes, { rate, offset, decay }, phase === 'clipped');
      }
    });
    return sum;
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
