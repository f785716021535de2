import { type AdamPlan, clipFactor, SMALLEST_WEIGHT } from '../../graph/index.ts';
import { type AdamKernel, openAdamKernel } from './adam-kernel.ts';
import { grainsOf } from './shared-memory.ts';

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

/** The update of a replicated step on all threads, without a graph. The trainer's side. */
export class SharedUpdate {
  readonly task: UpdateTask;
  readonly #plan: AdamPlan;
  readonly #part: UpdatePart;

  /**
   * @param sets both sets of the state, by name, in the given memory
   * @param gradients by name, one map per part of the batch, in the given memory
   */
  constructor(
    plan: AdamPlan,
    memory: WebAssembly.Memory,
    threads: number,
    sets: readonly [ReadonlyMap<string, Float32Array>, ReadonlyMap<string, Float32Array>],
    gradients: readonly ReadonlyMap<string, Float32Array>[],
  ) {
    const address = (values: ReadonlyMap<string, Float32Array>, name: string): number =>
      (values.get(name) as Float32Array).byteOffset;
    const slots = (set: ReadonlyMap<string, Float32Array>, name: string): SharedSlots => [
      address(set, name),
      address(set, `firstMoment.${name}`),
      address(set, `secondMoment.${name}`),
    ];
    const parts = gradients.length;
    this.#plan = plan;
    this.task = {
      memory,
      threads,
      beta1: plan.beta1,
      beta2: plan.beta2,
      parameters: plan.parameters.map(({ name }) => ({
        bytes: grainsOf((gradients[0].get(name) as Float32Array).length),
        sets: [slots(sets[0], name), slots(sets[1], name)],
        gradients: gradients.map((own) => address(own, name)),
      })),
      numbers: new Float32Array(new SharedArrayBuffer(4 * (1 + parts + 3 * plan.parameters.length))),
      squares: new Float64Array(new SharedArrayBuffer(8 * threads)),
    };
    this.#part = new UpdatePart(this.task, 0);
  }

  /**
   * @param weights what the gradients of each part count for
   * @param onAll has the other threads do a phase while this one does `meanwhile`; resolved when all have
   * @returns the norm of the gradient before clipping
   */
  async run(
    { set, step, learningRate, weights }: UpdateCall,
    onAll: (phase: UpdatePhase, meanwhile: () => void) => Promise<void>,
  ): Promise<number> {
    const { numbers, squares } = this.task;
    const total = Math.max(SMALLEST_WEIGHT, sumOf(weights));
    numbers.set(
      weights.map((weight) => weight / total),
      1,
    );
    this.#plan.parameters.forEach(({ scalars }, index) => {
      const { rate, offset, decay } = scalars(learningRate, step);
      numbers.set([rate, offset, decay], 1 + weights.length + 3 * index);
    });
    const run = (phase: UpdatePhase): Promise<void> => onAll(phase, () => this.#part.run(phase, set));
    const { clipNorm } = this.#plan;
    await run(clipNorm === null ? 'whole' : 'merge');
    const norm = Math.fround(Math.sqrt(sumOf(squares)));
    if (clipNorm !== null) {
      numbers[0] = clipFactor(norm, clipNorm);
      await run('clipped');
    }
    return norm;
  }
}

export interface UpdateCall {
  readonly set: 0 | 1;
  /** From 1. */
  readonly step: number;
  readonly learningRate: number;
  readonly weights: readonly number[];
}

function sumOf(values: Iterable<number>): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}
