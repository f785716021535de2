import { z } from 'zod';
import { errorRecord } from '../contract/errors.ts';
import { callReply, type HostReply, streamReply } from '../contract/wire.ts';

const assetReply = z.object({
  contentType: z.string(),
  bytes: z.instanceof(Uint8Array),
  immutable: z.boolean(),
  fileName: z.string().optional(),
});

/** What an engine host may say to the shell. */
export const hostReply: z.ZodType<HostReply> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready'), workspacePath: z.string() }),
  z.object({ kind: z.literal('refused'), error: errorRecord }),
  z.object({ kind: z.literal('call'), number: z.int(), reply: callReply }),
  z.object({
    kind: z.literal('asset'),
    number: z.int(),
    reply: assetReply.nullable(),
    error: errorRecord.nullable(),
  }),
  z.object({ kind: z.literal('stream'), message: streamReply }),
]) as z.ZodType<HostReply>;
