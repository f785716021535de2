/** One step that a person made: the items it touched, with what they were and what they became. */
export type Step = readonly { readonly index: number; readonly from: number; readonly to: number }[];

/** What was done and what was taken back. A new step forgets what was taken back. */
export interface UndoStack {
  readonly past: readonly Step[];
  readonly future: readonly Step[];
}

export const emptyStack: UndoStack = { past: [], future: [] };

const longestPast = 1000;

export function pushed(stack: UndoStack, step: Step): UndoStack {
  return step.length === 0 ? stack : { past: [...stack.past, step].slice(-longestPast), future: [] };
}

/** The stack after taking the newest step back, with the step that does it; null when there is none. */
export function undone(stack: UndoStack): { readonly stack: UndoStack; readonly step: Step } | null {
  const step = stack.past.at(-1);
  if (step === undefined) return null;
  return { stack: { past: stack.past.slice(0, -1), future: [...stack.future, step] }, step: inverse(step) };
}

export function redone(stack: UndoStack): { readonly stack: UndoStack; readonly step: Step } | null {
  const step = stack.future.at(-1);
  if (step === undefined) return null;
  return { stack: { past: [...stack.past, step], future: stack.future.slice(0, -1) }, step };
}

function inverse(step: Step): Step {
  return step.map(({ index, from, to }) => ({ index, from: to, to: from })).reverse();
}
