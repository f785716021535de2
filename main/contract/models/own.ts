import { z } from 'zod';
import { digest } from '../common.ts';

/** Where model files lie in a workspace. */
export const modelFilePath = z
  .string()
  .regex(/^models\/[A-Za-z0-9][A-Za-z0-9._-]{0,79}\.ts$/, 'must look like models/my-net.ts')
  .describe('A TypeScript file in the folder models of the workspace');

const option: z.ZodType<string | number | boolean | readonly unknown[]> = z.union([
  z.string().max(1000),
  z.number(),
  z.boolean(),
  z
    .array(z.union([z.string().max(1000), z.number(), z.boolean(), z.array(z.union([z.string(), z.number()]))]))
    .max(1000),
]);

export const ownModelConfig = z
  .strictObject({
    kind: z.literal('own'),
    file: modelFilePath,
    options: z
      .record(z.string().max(80), option)
      .default({})
      .describe('Instead of the defaults that the file gives its options'),
    artifact: digest
      .optional()
      .describe('SHA-256 of the file as a run used it; absent = the file as it is now. A run fills it in'),
  })
  .describe('Your own model, written in TypeScript');
