import { z } from 'zod';
import { comment, digest, id, name, time } from './common.ts';
import { command, query } from './procedure.ts';

/** A line of label work over one dataset version. Its versions form a chain, newest at `head`. */
export const labelSet = z.object({
  id,
  name,
  datasetDigest: digest,
  classes: z.array(z.string()),
  /** Keys of the keyboard, one per class: '0'…'9', then letters. */
  keys: z.array(z.string()),
  head: digest,
  createdAt: time,
  createdBy: z.string(),
  labeledCount: z.int(),
  changedCount: z.int().describe('Items whose label differs from the imported one'),
  versionCount: z.int(),
});
export type LabelSet = z.infer<typeof labelSet>;

export const labelChange = z.object({
  index: z.int().min(0),
  label: z.int().min(-1).describe('Class index; -1 takes the label away'),
});
export type LabelChange = z.infer<typeof labelChange>;

export const labelSetVersion = z.object({
  digest,
  labelSetId: id,
  parent: digest.nullable(),
  number: z.int().min(0),
  createdAt: time,
  createdBy: z.string(),
  changes: z.array(z.object({ index: z.int(), from: z.int(), to: z.int() })),
  comment: z.string(),
});
export type LabelSetVersion = z.infer<typeof labelSetVersion>;

export const procedures = {
  'labels.list': query(
    'Label sets, of one dataset version or all',
    z.object({ datasetDigest: digest.optional() }),
    z.array(labelSet),
  ),
  'labels.create': command(
    'Starts a label set from the imported labels, or empty',
    z.object({
      datasetDigest: digest,
      name,
      startFrom: z.enum(['imported', 'empty']).default('imported'),
      classes: z.array(name).min(1).max(1000).optional(),
    }),
    labelSet,
    ['annotator', 'researcher', 'clinician'],
  ),
  'labels.apply': command(
    'Sets labels. `expectedHead` must be the newest version, so that two people never overwrite each other unseen. Makes a new version and a ledger row',
    z.object({ labelSetId: id, expectedHead: digest, changes: z.array(labelChange).min(1).max(100_000), comment }),
    labelSetVersion,
    ['annotator', 'researcher', 'clinician'],
  ),
  'labels.values': query(
    'The label of every item at a version (the head when absent)',
    z.object({ labelSetId: id, version: digest.optional() }),
    z.object({ version: digest, labels: z.array(z.int()) }),
  ),
  'labels.history': query(
    'Versions, newest first',
    z.object({ labelSetId: id, limit: z.int().min(1).max(1000).default(100) }),
    z.array(labelSetVersion),
  ),
  'labels.addClass': command('Adds a class at the end of the list', z.object({ labelSetId: id, name }), labelSet, [
    'annotator',
    'researcher',
    'clinician',
  ]),
};
