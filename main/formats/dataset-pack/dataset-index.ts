/**
 * How a dataset version lies in the artifact store. Everything is an artifact, addressed by the SHA-256 of its content:
 *
 * - **manifest** (JSON, `DatasetManifest`): kind, classes, and the digests of all the rest. The database names it.
 * - **index** (columns file, `ItemColumns`): one row per item: label, split, quality flags, and where its bytes lie.
 * - **packs**: the bytes of the items, one behind the other, without headers or gaps, at most some 16 MiB each.
 *   Pictures of at most 64 KiB are stored as plain pixels (uint8, HWC), so that equal sizes lie as one contiguous NHWC
 *   tensor; larger ones as the file they came from. DICOM slices are stored as 16-bit values.
 * - **thumbnails** (packs): WebP of at most 128 pixels, only of items that are stored encoded.
 * - **annotations** (columns file): the masks or boxes of pictures, the edges of a graph whose nodes are a table.
 * - **table** (Parquet): the rows of a table dataset, instead of packs.
 *
 * Items keep the order of their source; splits are a column, so that another split of the same data shares its packs.
 * The digest of the dataset version covers content only (`identityOf`): not names of folders, times, thumbnails or flags.
 */
import { createHash } from 'node:crypto';
import { canonicalJson } from '../../base/canonical-json.ts';
import { FormatError } from '../format-error.ts';
import { type ColumnArray, readColumns, writeColumns } from './columns-file.ts';

export const splitNames = ['train', 'validation', 'test'] as const;
/** Bit n of an item's flags. */
export const flagNames = [
  'exact_duplicate',
  'near_duplicate',
  'leakage',
  'size_outlier',
  'brightness_outlier',
  'missing_value',
  'unlabeled',
] as const;

/** How the bytes of an item are to be read. */
export const encodings = ['pixels-uint8', 'file', 'pixels-int16', 'pixels-uint16'] as const;
export type Encoding = (typeof encodings)[number];

export interface ManifestArtifact {
  readonly digest: string;
  readonly sizeBytes: number;
}

export interface DatasetManifest {
  readonly layout: 1;
  readonly digest: string;
  readonly kind: 'image' | 'table' | 'volume';
  readonly classes: readonly string[];
  readonly rows: number;
  readonly index: ManifestArtifact;
  readonly packs: readonly ManifestArtifact[];
  readonly thumbnails: readonly ManifestArtifact[];
  readonly table: ManifestArtifact | null;
  /** Masks, boxes or edges: see `annotations.ts`. */
  readonly annotations?: ManifestArtifact;
}

/** One entry per item. Tables fill `labels`, `splits` and `flags` only; the rest is empty. */
export interface ItemColumns {
  /** SHA-256 of the stored bytes, 32 per item. */
  readonly digests: Uint8Array;
  /** Class index, -1 = unlabeled. */
  readonly labels: Int32Array;
  /** Index into `splitNames`. */
  readonly splits: Uint8Array;
  /** Bits of `flagNames`. */
  readonly flags: Uint8Array;
  /** Index into the packs of the manifest; byte offset and length inside the pack. */
  readonly packs: Uint32Array;
  readonly offsets: Uint32Array;
  readonly lengths: Uint32Array;
  /** Index into `encodings`. */
  readonly encodings: Uint8Array;
  readonly widths: Uint32Array;
  readonly heights: Uint32Array;
  readonly channels: Uint8Array;
  /** Mean grey level, 0 to 255. */
  readonly brightness: Float32Array;
  /** As packs, offsets, lengths, but of the thumbnail; length 0: there is none, the item itself is small. */
  readonly thumbnailPacks: Uint32Array;
  readonly thumbnailOffsets: Uint32Array;
  readonly thumbnailLengths: Uint32Array;
}

/** What a DICOM slice needs to be shown and placed. */
export interface SliceInfo {
  /** Series 0, 1 … of the dataset. */
  readonly series: number;
  /** Millimetres along the normal of the slices. */
  readonly locationMm: number | null;
  readonly position: readonly [number, number, number] | null;
  readonly pixelSpacingMm: readonly [number, number] | null;
  readonly sliceThicknessMm: number | null;
  readonly rescale: { readonly slope: number; readonly intercept: number };
  readonly window: { readonly center: number; readonly width: number };
  readonly inverted: boolean;
  readonly modality: string;
}

export interface DatasetIndex {
  readonly columns: ItemColumns;
  /** File name of every item relative to the source, or `split/number`. Empty for tables. */
  readonly names: readonly string[];
  /** One per item of a volume, else empty. */
  readonly slices: readonly SliceInfo[];
}

const COLUMN_TYPES: { readonly [K in keyof ItemColumns]: (length: number) => ItemColumns[K] } = {
  digests: (length) => new Uint8Array(32 * length),
  labels: (length) => new Int32Array(length),
  splits: (length) => new Uint8Array(length),
  flags: (length) => new Uint8Array(length),
  packs: (length) => new Uint32Array(length),
  offsets: (length) => new Uint32Array(length),
  lengths: (length) => new Uint32Array(length),
  encodings: (length) => new Uint8Array(length),
  widths: (length) => new Uint32Array(length),
  heights: (length) => new Uint32Array(length),
  channels: (length) => new Uint8Array(length),
  brightness: (length) => new Float32Array(length),
  thumbnailPacks: (length) => new Uint32Array(length),
  thumbnailOffsets: (length) => new Uint32Array(length),
  thumbnailLengths: (length) => new Uint32Array(length),
};

export function allocateColumns(count: number): ItemColumns {
  return Object.fromEntries(
    Object.entries(COLUMN_TYPES).map(([name, make]) => [name, make(count)]),
  ) as unknown as ItemColumns;
}

export function writeIndex(index: DatasetIndex): Uint8Array {
  // Names have no line breaks: the import escapes them.
  return writeColumns({ slices: index.slices }, {
    ...index.columns,
    names: new Uint8Array(Buffer.from(index.names.join('\n'))),
  } as unknown as Record<string, ColumnArray>);
}

export function readIndex(bytes: Uint8Array, path: string): DatasetIndex {
  const { meta, columns } = readColumns(bytes, path);
  for (const name of Object.keys(COLUMN_TYPES))
    if (columns[name] === undefined)
      throw new FormatError(
        'dataset-index',
        'damaged',
        `The index has no column ${name}.`,
        { path },
        'Check the workspace, and restore this file from a backup.',
      );
  const { names, ...items } = columns;
  const text = Buffer.from(names.buffer, names.byteOffset, names.byteLength).toString('utf8');
  return {
    columns: items as unknown as ItemColumns,
    names: text === '' ? [] : text.split('\n'),
    slices: (meta as { slices: SliceInfo[] }).slices,
  };
}

/** The digest of a dataset version: of its schema, target and classes, and per item of content, name, label and split. */
export function identityOf(
  version: {
    readonly kind: string;
    readonly schema: unknown;
    readonly target: string | null;
    readonly classes: readonly string[];
    /** Digest of masks, boxes or edges. */
    readonly annotations?: string;
  },
  index: DatasetIndex,
  tableDigest: string | null,
): string {
  const hash = createHash('sha256');
  const { kind, schema, target, classes, annotations } = version;
  const more = annotations === undefined ? {} : { annotations };
  hash.update(canonicalJson({ kind, schema, target, classes, table: tableDigest, slices: index.slices, ...more }));
  const { digests, labels, splits, widths, heights, channels } = index.columns;
  for (const column of [digests, labels, splits, widths, heights, channels])
    hash.update(`\n${column.length}\n`).update(column);
  hash.update(index.names.join('\n'));
  return hash.digest('hex');
}
