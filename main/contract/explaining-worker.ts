import { z } from 'zod';
import { digest } from './common.ts';
import { errorRecord } from './errors.ts';
import { explanationMethod } from './explaining.ts';

/** What the engine and the warm process of explanations say to each other. No door mounts these. */
export const explainerInput = z.object({ workspaceFolder: z.string(), threads: z.int().min(1) });

export const explainRequest = z.object({
  type: z.literal('explain'),
  number: z.int(),
  manifestDigest: digest,
  checkpointDigest: digest,
  index: z.int().min(0),
  method: explanationMethod,
  /** Null: the predicted class. */
  target: z.int().min(0).nullable(),
  steps: z.int(),
});
export type ExplainRequest = z.infer<typeof explainRequest>;

export const explainReply = z.discriminatedUnion('ok', [
  z.object({
    ok: z.literal(true),
    number: z.int(),
    target: z.int(),
    predicted: z.int(),
    classes: z.array(z.string()),
    probabilities: z.array(z.number()),
    width: z.int(),
    height: z.int(),
    values: z.instanceof(Float32Array),
    completenessGap: z.number().nullable(),
    durationMs: z.number(),
  }),
  z.object({ ok: z.literal(false), number: z.int(), error: errorRecord }),
]);
export type ExplainReply = z.infer<typeof explainReply>;
