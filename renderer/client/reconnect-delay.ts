const firstDelayMs = 250;
const longestDelayMs = 8_000;

/** Doubles from a quarter of a second to eight seconds: quick after a restart, quiet after a shutdown. */
export function reconnectDelayMs(attempt: number): number {
  return Math.min(longestDelayMs, firstDelayMs * 2 ** Math.min(attempt, 10));
}
