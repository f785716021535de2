/** Where the time comes from; an argument everywhere, so that tests can move it (also backwards). */
export interface Clock {
  /** Milliseconds since the Unix epoch. May go backwards when the user sets the system clock. */
  nowMs(): number;
}

export const systemClock: Clock = { nowMs: () => Date.now() };

/** ISO 8601 in UTC with milliseconds, the only form of time in records. */
export function isoTime(clock: Clock): string {
  return new Date(clock.nowMs()).toISOString();
}
