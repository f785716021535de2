/** Steps in one go: as many as fit into the time after which a pause may be noticed. */
const STEPS_AT_ONCE_MS = 100;
const MOST_STEPS_AT_ONCE = 32;
/** Slower steps gain nothing, and a short run is over before the second session has loaded. */
const QUICK_STEP_MS = 15;

/** A run that is shorter is over before a second session has loaded. */
export const STEPS_WORTH_A_LOOP = 200;

/** What a workstation does in a millisecond, roughly: for a guess before anything runs. */
const OPERATIONS_PER_MS = 5e7;
const STATE_BYTES_PER_MS = 4e6;

/** How many steps of so long are worth one run of the runtime. */
export function stepsAtOnce(stepMs: number): number {
  if (stepMs > QUICK_STEP_MS) return 1;
  return Math.min(MOST_STEPS_AT_ONCE, Math.max(1, Math.floor(STEPS_AT_ONCE_MS / stepMs)));
}

/**
 * How long a step probably takes.
 *
 * @param flops of one forward pass of one sample
 * @param stateBytes parameters and what the optimiser keeps of them
 */
export function expectedStepMs(flops: number, batchSize: number, stateBytes: number): number {
  // Backward costs about twice what forward does.
  return (3 * flops * batchSize) / OPERATIONS_PER_MS + stateBytes / STATE_BYTES_PER_MS;
}
