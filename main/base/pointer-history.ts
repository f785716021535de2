/** One move of a pointer: forward to a new target, or back to the one before. */
export interface PointerMove<T> {
  readonly target: T;
  readonly back: boolean;
}

/**
 * Where going back once leads, given every move so far, oldest first. A move forward stacks its target, a move back takes
 * one off: going back twice reaches the one before the one before and does not return. `undefined` when nothing is left.
 */
export function previousTarget<T>(moves: readonly PointerMove<T>[]): T | undefined {
  const stack: T[] = [];
  for (const move of moves) {
    if (move.back) stack.pop();
    else stack.push(move.target);
  }
  return stack.at(-2);
}
