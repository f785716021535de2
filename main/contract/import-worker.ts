import { z } from 'zod';
import { digest } from './common.ts';
import { column, datasetVersion, importOptions, qualityReport, sourceFormat, splitSummary } from './datasets.ts';
import { jobProgress } from './jobs.ts';

/** What the engine sends to the import worker. */
export const importInput = z.object({
  workspaceFolder: z.string(),
  /** Where finished parts are noted, so that a resumed import does not do them again. */
  scratchFolder: z.string(),
  path: z.string(),
  options: importOptions,
  /** Versions that exist: an import that comes out as one of them writes nothing. */
  knownDigests: z.array(digest),
  /** Bytes of one pack; what a kill loses at most. */
  packSizeBytes: z
    .int()
    .min(1)
    .default(16 * 1024 * 1024),
});
export type ImportInput = z.infer<typeof importInput>;

/** What the worker says on the way. */
export const importMessage = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('progress'),
    progress: jobProgress.pick({ phase: true, done: true, total: true, unit: true }),
  }),
  z.object({ type: z.literal('log'), level: z.enum(['info', 'warning', 'error']), text: z.string() }),
]);
export type ImportMessage = z.infer<typeof importMessage>;

/** What the worker made. `manifest` is null when the version existed already. */
export const importResult = z.object({
  digest,
  manifest: z.object({ digest, sizeBytes: z.int() }).nullable(),
  /** Artifacts of the version, the manifest among them. */
  artifacts: z.array(z.object({ digest, sizeBytes: z.int(), kind: z.string(), role: z.string() })),
  format: sourceFormat,
  kind: datasetVersion.shape.kind,
  schema: z.array(column),
  target: z.string().nullable(),
  rows: z.int(),
  classes: z.array(z.string()),
  splits: z.array(splitSummary),
  image: datasetVersion.shape.image,
  edges: datasetVersion.shape.edges,
  quality: qualityReport.omit({ datasetDigest: true, createdAt: true }),
});
export type ImportResult = z.infer<typeof importResult>;
