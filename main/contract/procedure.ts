import type { z } from 'zod';

export const roles = ['researcher', 'annotator', 'clinician', 'approver', 'admin'] as const;
export type Role = (typeof roles)[number];

/** One call of the contract. Queries change nothing and may be repeated; commands change the workspace. */
export interface Procedure<Input extends z.ZodType = z.ZodType, Output extends z.ZodType = z.ZodType> {
  readonly kind: 'query' | 'command';
  readonly summary: string;
  readonly input: Input;
  readonly output: Output;
  /** Any one of these roles suffices; admin always does; absent: everyone who is let in. */
  readonly roles?: readonly Role[];
}

/** A subscription: one input, then events until the subscriber leaves. */
export interface Stream<Input extends z.ZodType = z.ZodType, Event extends z.ZodType = z.ZodType> {
  readonly summary: string;
  readonly input: Input;
  readonly event: Event;
}

/** Bytes for the eye, addressed by string parameters: an image, a heatmap, a file to download. */
export interface Asset<Params extends z.ZodType = z.ZodType> {
  readonly summary: string;
  readonly params: Params;
}

export function query<I extends z.ZodType, O extends z.ZodType>(summary: string, input: I, output: O): Procedure<I, O> {
  return { kind: 'query', summary, input, output };
}

export function command<I extends z.ZodType, O extends z.ZodType>(
  summary: string,
  input: I,
  output: O,
  roles?: readonly Role[],
): Procedure<I, O> {
  return { kind: 'command', summary, input, output, ...(roles === undefined ? {} : { roles }) };
}
