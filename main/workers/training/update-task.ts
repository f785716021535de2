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
  /** Of the batch. */
  readonly parts: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly parameters: readonly SharedParameter[];
  /** Shared: what the gradients are clipped by, the share of each part of the batch, then rate, offset and decay per parameter. */
  readonly numbers: Float32Array;
  /** Shared, one per thread: the sum of squares of its part of the gradient. */
  readonly squares: Float64Array;
}

/** In the order in which the addon numbers them. */
export const UPDATE_PHASES = ['whole', 'merge', 'clipped'] as const;
/**
 * `whole` merges the gradients of all parts and updates; with clipping their norm must be known in between, so that `merge`
 * comes first and, once all threads have done it, `clipped`.
 */
export type UpdatePhase = (typeof UPDATE_PHASES)[number];

/** What of a parameter falls to one thread, in bytes from its beginning. */
export type Stretch = readonly [first: number, end: number];

export interface StretchUpdate {
  /**
   * @param set which set of the state is read; the other is written
   * @returns the sum of squares of the merged gradient; any number for `clipped`
   */
  run(phase: UpdatePhase, set: 0 | 1): number;
}
