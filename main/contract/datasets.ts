import { z } from 'zod';
import { comment, digest, id, indexList, name, time } from './common.ts';
import { command, query } from './procedure.ts';

export const split = z.enum(['train', 'validation', 'test']);
export type Split = z.infer<typeof split>;

export const sourceFormat = z.enum([
  'image-folder',
  'image-masks',
  'coco',
  'idx',
  'csv',
  'tsv',
  'parquet',
  'json',
  'node-link',
  'text',
  'dicom',
]);
export type SourceFormat = z.infer<typeof sourceFormat>;

export const columnType = z.enum([
  'number',
  'integer',
  'category',
  'text',
  'boolean',
  'time',
  'image',
  'volume',
  'mask',
  'boxes',
]);
export const column = z.object({
  name: z.string(),
  type: columnType,
  nullable: z.boolean().default(false),
  /** The categories of a category column, or of the pixels of a mask and of boxes, in the order of their index. */
  categories: z.array(z.string()).optional(),
});
export type Column = z.infer<typeof column>;

export const qualityFlag = z.enum([
  'exact_duplicate',
  'near_duplicate',
  'leakage',
  'size_outlier',
  'brightness_outlier',
  'missing_value',
  'unlabeled',
]);
export type QualityFlag = z.infer<typeof qualityFlag>;

export const splitSummary = z.object({ split, count: z.int(), classCounts: z.array(z.int()) });
export type SplitSummary = z.infer<typeof splitSummary>;

export const datasetVersion = z.object({
  digest,
  datasetId: id,
  name,
  version: z.int().min(1).describe('1, 2, 3 … within the dataset'),
  kind: z.enum(['image', 'table', 'volume']),
  source: z.object({ uri: z.string(), format: sourceFormat }),
  createdAt: time,
  createdBy: z.string(),
  licence: z.string().describe('SPDX identifier or the words of the source; empty when unknown'),
  description: z.string(),
  schema: z.array(column),
  target: z.string().nullable().describe('Name of the label column'),
  rows: z.int(),
  classes: z.array(z.string()),
  splits: z.array(splitSummary),
  sizeBytes: z.int(),
  /** Set for images. Width and height are null when they differ between items. */
  image: z.object({ channels: z.int(), width: z.int().nullable(), height: z.int().nullable() }).nullable(),
  qualityDigest: digest.nullable(),
  edges: z.int().optional().describe('Of a graph, whose nodes are the rows; absent for what is no graph'),
});
export type DatasetVersion = z.infer<typeof datasetVersion>;

export const splitOptions = z.object({
  mode: z
    .enum(['given', 'stratified', 'ordered'])
    .describe(
      'given: as the source says; stratified: drawn with the seed, each class in proportion; ordered: the first rows are train, the last ones test, as forecasting needs it',
    ),
  validation: z
    .number()
    .min(0)
    .max(0.9)
    .default(0.1)
    .describe(
      'Fraction of all rows; with `given` splits, the fraction of train when the source has no validation split',
    ),
  test: z.number().min(0).max(0.9).default(0.1),
  seed: z.int().min(0).default(0),
  groupBy: z
    .string()
    .optional()
    .describe(
      'Column of a table: rows with the same value stay together where splits are drawn, such as pairs with the same source; classes then keep their proportions only roughly',
    ),
});

export const importOptions = z.object({
  name,
  licence: z.string().max(200).default(''),
  description: comment,
  target: z.string().optional().describe('Label column of a table'),
  splits: splitOptions.default({ mode: 'given', validation: 0, test: 0, seed: 0 }),
  nearDuplicateDistance: z
    .int()
    .min(0)
    .max(16)
    .default(4)
    .describe(
      'Hamming distance of 64-bit perceptual hashes up to which two images count as near duplicates, if their grey cells correlate as well',
    ),
});
export type ImportOptions = z.infer<typeof importOptions>;

export const inspection = z.object({
  path: z.string(),
  format: sourceFormat,
  kind: datasetVersion.shape.kind,
  rows: z.int().nullable().describe('Null when counting would take a full read'),
  classes: z.array(z.string()),
  schema: z.array(column),
  givenSplits: z.array(split),
  suggested: importOptions,
  preview: z.array(z.record(z.string(), z.unknown())).describe('First rows of a table'),
  warnings: z.array(z.string()),
});
export type Inspection = z.infer<typeof inspection>;

export const qualityReport = z.object({
  datasetDigest: digest,
  createdAt: time,
  unreadable: z.array(z.object({ path: z.string(), reason: z.string() })),
  exactDuplicates: z.object({ groups: z.int(), items: z.int(), examples: z.array(z.array(z.int())) }),
  nearDuplicates: z.object({ groups: z.int(), items: z.int(), distance: z.int(), examples: z.array(z.array(z.int())) }),
  leakage: z.array(
    z.object({ a: split, b: split, exact: z.int(), near: z.int(), examples: z.array(z.tuple([z.int(), z.int()])) }),
  ),
  imbalance: z
    .object({
      largest: z.string(),
      smallest: z.string(),
      ratio: z.number().nullable(),
      entropy: z.number().describe('Normalised Shannon entropy of the classes, 1 = even'),
    })
    .nullable(),
  sizeOutliers: z.array(z.int()),
  brightnessOutliers: z.array(z.int()),
  missing: z.array(z.object({ column: z.string(), count: z.int() })),
  findings: z.array(
    z.object({
      severity: z.enum(['info', 'warning', 'serious']),
      title: z.string(),
      detail: z.string(),
      flag: qualityFlag.nullable(),
    }),
  ),
});
export type QualityReport = z.infer<typeof qualityReport>;

/** Which items to show. Conditions are joined by AND. Prediction filters need `runId`. */
export const itemFilter = z.object({
  splits: z.array(split).optional(),
  labels: z.array(z.int().min(-1)).optional().describe('Class indices; -1 = unlabeled'),
  labelSetId: id.optional().describe('Labels of this label set instead of the imported ones'),
  flags: z.array(qualityFlag).optional(),
  runId: id.optional(),
  predicted: z.array(z.int().min(0)).optional(),
  correct: z.boolean().optional(),
  minimumConfidence: z.number().min(0).max(1).optional(),
  maximumConfidence: z.number().min(0).max(1).optional(),
  search: z.string().max(200).optional().describe('Part of the file name or the item number'),
  sort: z.enum(['index', 'confidence_descending', 'confidence_ascending', 'brightness', 'name']).default('index'),
});
export type ItemFilter = z.infer<typeof itemFilter>;

export const item = z.object({
  index: z.int().min(0),
  digest,
  name: z.string(),
  split,
  width: z.int().nullable(),
  height: z.int().nullable(),
  label: z.int().min(-1).describe('Class index in the dataset, -1 = unlabeled'),
  currentLabel: z.int().min(-1).describe('In the label set of the request; else the imported label'),
  predicted: z.int().min(-1).nullable(),
  confidence: z.number().nullable(),
  flags: z.array(qualityFlag),
  values: z
    .record(z.string(), z.unknown())
    .nullable()
    .describe('The row of a table; window and position of a DICOM slice'),
});
export type Item = z.infer<typeof item>;

const writers = ['researcher', 'annotator', 'clinician'] as const;

export const procedures = {
  'datasets.list': query(
    'Every dataset with its newest version first',
    z.object({}),
    z.array(z.object({ id, name, kind: datasetVersion.shape.kind, versions: z.array(datasetVersion) })),
  ),
  'datasets.get': query('One dataset version', z.object({ digest }), datasetVersion),
  'datasets.inspect': query(
    'Looks at a path and says what it is and how it would be imported',
    z.object({ path: z.string().min(1) }),
    inspection,
  ),
  'datasets.import': command(
    'Imports a path as a new immutable dataset version; importing the same data again stores nothing twice',
    z.object({ path: z.string().min(1), options: importOptions }),
    z.object({ jobId: id }),
    writers,
  ),
  'datasets.quality': query('The quality report of a dataset version', z.object({ digest }), qualityReport),
  'datasets.items': query(
    'The indices of all items that match, in order',
    z.object({ digest, filter: itemFilter.default({ sort: 'index' }) }),
    z.object({ total: z.int(), indices: z.array(z.int()) }),
  ),
  'datasets.rows': query(
    'The items at these indices, in the order asked for',
    z.object({ digest, indices: z.array(z.int().min(0)).max(2000), labelSetId: id.optional(), runId: id.optional() }),
    z.array(item),
  ),
  'datasets.metadata': query(
    'The metadata as YAML (name, version, source, rows, schema)',
    z.object({ digest }),
    z.object({ yaml: z.string() }),
  ),
  'datasets.describe': command(
    'Changes name, licence and description from YAML; what the digest covers cannot be changed',
    z.object({ digest, yaml: z.string().max(200_000) }),
    datasetVersion,
    writers,
  ),
};

export const assets = {
  'datasets.sheet': {
    summary:
      'A sprite sheet (PNG or WebP): the items in row-major order, each fitted into size × size pixels, `columns` a row',
    params: z.object({
      digest,
      indices: indexList,
      size: z.coerce.number().int().min(16).max(256),
      columns: z.coerce.number().int().min(1).max(64),
    }),
  },
  'datasets.image': {
    summary: 'One item as PNG at its own size; DICOM windowed to 8 bit',
    params: z.object({ digest, index: z.coerce.number().int().min(0) }),
  },
};
