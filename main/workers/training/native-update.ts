import type { NativeRuntime } from '../../runtime/index.ts';
import {
  type SharedParameter,
  type Stretch,
  type StretchUpdate,
  UPDATE_PHASES,
  type UpdatePhase,
  type UpdateTask,
} from './update-task.ts';

/** An update by the addon, which goes over each array once. Results equal those of the graph to rounding. */
export class NativeUpdate implements StretchUpdate {
  readonly #task: UpdateTask;
  readonly #native: NativeRuntime;
  readonly #memory: Uint8Array;
  /** By the set that is read. */
  readonly #places: readonly [Float64Array, Float64Array];

  constructor(task: UpdateTask, stretches: readonly Stretch[], native: NativeRuntime) {
    this.#task = task;
    this.#native = native;
    this.#memory = new Uint8Array(task.memory.buffer);
    this.#places = [placesOf(task.parameters, stretches, 0), placesOf(task.parameters, stretches, 1)];
  }

  run(phase: UpdatePhase, set: 0 | 1): number {
    const { numbers, parts, beta1, beta2 } = this.#task;
    const number = UPDATE_PHASES.indexOf(phase);
    return this.#native.update(this.#memory, number, this.#places[set], numbers, parts, beta1, beta2);
  }
}

const placesOf = (parameters: readonly SharedParameter[], stretches: readonly Stretch[], set: 0 | 1): Float64Array =>
  Float64Array.from(
    parameters.flatMap(({ sets, gradients }, index) => {
      const [first, end] = stretches[index];
      const places = [...sets[set], ...sets[set === 0 ? 1 : 0], ...gradients];
      return [(end - first) / Float32Array.BYTES_PER_ELEMENT, ...places.map((place) => place + first)];
    }),
  );
