import { z } from 'zod';
import { nothing, time } from './common.ts';
import { command, query } from './procedure.ts';

export const workspaceInfo = z.object({
  name: z.string(),
  path: z.string(),
  schemaVersion: z.int(),
  applicationVersion: z.string(),
  createdAt: time,
  openedAt: time,
  artifactCount: z.int(),
  artifactBytes: z.int().describe('Bytes of all artifacts'),
  freeBytes: z.int().describe('Free bytes on the disk of the workspace'),
  predictionLogLimit: z.int().describe('Requests that the prediction log of an endpoint keeps'),
  /** What the start found and mended: jobs whose worker died, files of half-written artifacts. Shown once. */
  recovery: z.array(z.object({ what: z.string(), action: z.string() })),
  clockWentBackwardsMs: z.int().describe('By how much the system clock is behind the last recorded change; 0 normally'),
});
export type WorkspaceInfo = z.infer<typeof workspaceInfo>;

export const workspaceProblem = z.object({
  kind: z.enum(['artifact_missing', 'artifact_altered', 'ledger_broken', 'database_damaged', 'reference_missing']),
  subject: z.string().describe('Digest, table or row number'),
  path: z.string().nullable().describe('Relative to the workspace'),
  detail: z.string(),
  affects: z.array(z.string()).describe('Records that need it, in words'),
});
export type WorkspaceProblem = z.infer<typeof workspaceProblem>;

export const verification = z.object({
  checkedArtifacts: z.int(),
  checkedBytes: z.int(),
  checkedLedgerEntries: z.int(),
  problems: z.array(workspaceProblem),
  durationMs: z.number(),
});
export type Verification = z.infer<typeof verification>;

export const sample = z.object({
  id: z.enum([
    'digits',
    'penguins',
    'bird-strikes',
    'mr-series',
    'co2',
    'sunspots',
    'mails',
    'pronunciations',
    'novel',
    'digit-scenes-masks',
    'digit-scenes-boxes',
  ]),
  title: z.string(),
  description: z.string(),
  rows: z.int(),
  sizeBytes: z.int(),
  licence: z.string(),
  source: z.string(),
  imported: z.boolean(),
});
export type Sample = z.infer<typeof sample>;

export const directoryEntry = z.object({
  name: z.string(),
  path: z.string(),
  kind: z.enum(['folder', 'file']),
  sizeBytes: z.int().nullable(),
});

export const procedures = {
  'workspace.info': query(
    'Where the workspace is, how large it is, and what the last start had to mend',
    nothing,
    workspaceInfo,
  ),
  'workspace.change': command(
    'Changes the settings of the workspace',
    z.object({ predictionLogLimit: z.int().min(1000).max(10_000_000) }),
    workspaceInfo,
    ['admin'],
  ),
  'workspace.verify': query(
    'Re-hashes every artifact, walks the ledger and checks the database; names whatever is damaged',
    nothing,
    verification,
  ),
  'workspace.browse': query(
    'Lists a folder of the machine the engine runs on, to choose a source from',
    z.object({ path: z.string().optional() }),
    z.object({ path: z.string(), parent: z.string().nullable(), entries: z.array(directoryEntry) }),
  ),
  'samples.list': query('The sample datasets that come with Lightbench', nothing, z.array(sample)),
  'samples.import': command(
    'Imports sample datasets; one job each',
    z.object({ ids: z.array(sample.shape.id).min(1) }),
    z.object({ jobIds: z.array(z.string()) }),
    ['researcher', 'annotator', 'clinician'],
  ),
};
