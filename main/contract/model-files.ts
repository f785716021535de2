import { z } from 'zod';
import { digest, time } from './common.ts';
import { modelFilePath } from './models/own.ts';
import { command, query } from './procedure.ts';

export const modelFile = z.object({
  path: modelFilePath,
  digest: digest.describe('SHA-256 of the text'),
  modifiedAt: time,
});
export type ModelFile = z.infer<typeof modelFile>;

/** What the details of an error say of its place in a model file. */
export const modelFileProblem = z.object({
  file: modelFilePath.optional(),
  problem: z.string().optional(),
  line: z.int().optional(),
  column: z.int().optional(),
});

const text = z.string().max(1_000_000);

export const procedures = {
  'modelFiles.list': query(
    'The model files of the workspace: TypeScript in its folder models, by name',
    z.object({}),
    z.array(modelFile),
  ),
  'modelFiles.read': query(
    'One model file; null when there is none',
    z.object({ path: modelFilePath }),
    modelFile.extend({ text: z.string() }).nullable(),
  ),
  'modelFiles.write': command(
    'Saves a model file, unless somebody else changed it since it was read',
    z.object({
      path: modelFilePath,
      text,
      expectedDigest: digest.nullable().describe('Of the text that was changed; null = the file is new'),
    }),
    modelFile,
    ['researcher'],
  ),
};
