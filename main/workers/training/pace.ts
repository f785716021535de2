/** Steps in one go: as many as fit into the time after which a pause may be noticed. */
const STEPS_AT_ONCE_MS = 100;
const MOST_STEPS_AT_ONCE = 32;
/** Slower steps gain nothing, and a short run is over before the second session has loaded. */
const QUICK_STEP_MS = 15;

/** How many steps to run in one go, from how long steps take. What they compute does not depend on it. */
export class Pace {
  steps = 1;
  readonly #allowed: boolean;
  #quickest = Number.POSITIVE_INFINITY;
  #seen = 0;

  constructor(allowed: boolean) {
    this.#allowed = allowed;
  }

  took(steps: number, durationMs: number): void {
    this.#seen += steps;
    this.#quickest = Math.min(this.#quickest, durationMs / steps);
    // The first steps allocate and say nothing.
    if (!this.#allowed || this.#seen < 10 || this.#quickest > QUICK_STEP_MS) return;
    this.steps = Math.min(MOST_STEPS_AT_ONCE, Math.max(1, Math.floor(STEPS_AT_ONCE_MS / this.#quickest)));
  }
}
