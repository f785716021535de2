import { type AdamPlan, clipFactor, SMALLEST_WEIGHT } from '../../graph/index.ts';
import { type NativeRuntime, nativeRuntime } from '../../runtime/index.ts';
import { grainsOf } from './shared-memory.ts';
import { UpdatePart } from './update-part.ts';
import type { SharedSlots, UpdatePhase, UpdateTask } from './update-task.ts';

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
    native: NativeRuntime | null = nativeRuntime(),
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
      parts,
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
    this.#part = new UpdatePart(this.task, 0, native);
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
