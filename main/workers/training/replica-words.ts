import { UPDATE_PHASES } from './update-task.ts';

/** Places in the control words that a replica shares with the trainer. */
export const [COMMAND, DONE, SET, ROWS, DRAW, SEED, STATUS, TASK] = [0, 1, 2, 3, 4, 5, 6, 7] as const;
/** What a command asks for, at `TASK`. */
export const TASKS = ['backward', ...UPDATE_PHASES] as const;
export const [READY, FAILED] = [0, 1] as const;
