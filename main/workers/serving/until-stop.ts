export interface ToldText {
  readonly text: string;
  /** Whether one of the stops was met: the text ends here. */
  readonly stopped: boolean;
}

/**
 * Tells a text that comes in pieces up to the first of the stops. What may be the beginning of one is held back until it is
 * clear; nothing is held back at the last piece.
 */
export function untilStop(stops: readonly string[]): (piece: string, last: boolean) => ToldText {
  let held = '';
  return (piece, last) => {
    held += piece;
    const places = stops.map((stop) => held.indexOf(stop)).filter((place) => place >= 0);
    if (places.length > 0) return { text: held.slice(0, Math.min(...places)), stopped: true };
    const end = last ? held.length : held.length - Math.max(0, ...stops.map((stop) => begunAtEnd(held, stop)));
    const text = held.slice(0, end);
    held = held.slice(end);
    return { text, stopped: false };
  };
}

/** How many characters at the end of the text are the beginning of a stop. */
function begunAtEnd(text: string, stop: string): number {
  for (let length = Math.min(text.length, stop.length - 1); length > 0; length--)
    if (text.endsWith(stop.slice(0, length))) return length;
  return 0;
}
