import { z } from 'zod';
import { digest } from './common.ts';
import { errorRecord } from './errors.ts';
import { predictionRecord } from './serving.ts';

/** What the engine tells the process of a model server, and what that answers. */
export const modelServerInput = z.object({
  endpoint: z.string(),
  bundleFolder: z.string(),
  bundleDigest: digest,
  host: z.string(),
  port: z.int().min(0).max(65535).describe('0 = any free port'),
});
export type ModelServerInput = z.infer<typeof modelServerInput>;

export const modelServerCommand = z.object({
  type: z.literal('switch'),
  number: z.int(),
  bundleFolder: z.string(),
  bundleDigest: digest,
});
export type ModelServerCommand = z.infer<typeof modelServerCommand>;

export const modelServerMessage = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready'), port: z.int() }),
  z.object({ kind: z.literal('switched'), number: z.int() }),
  z.object({ kind: z.literal('switch_failed'), number: z.int(), error: errorRecord }),
  z.object({ kind: z.literal('predictions'), records: z.array(predictionRecord) }),
]);
export type ModelServerMessage = z.infer<typeof modelServerMessage>;
