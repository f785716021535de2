import { stepsAtOnce } from '../../graph/index.ts';

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
    if (!this.#allowed || this.#seen < 10) return;
    const worth = stepsAtOnce(this.#quickest);
    if (worth > 1) this.steps = worth;
  }
}
