import type { Arguments } from './arguments.ts';

/** Sections of the main job, one after the other, on real data. */
export async function demo(_options: Arguments): Promise<number> {
  throw new Error('written when training lands');
}
