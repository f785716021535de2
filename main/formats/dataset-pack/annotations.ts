/**
 * What a dataset version knows of its items beyond one label each, as a columns file beside its packs:
 *
 * - **masks**: the class of every pixel of every picture, 8-bit grey PNG files back to back.
 * - **boxes**: rectangles with a class, in pixels of the picture, picture by picture.
 * - **edges**: pairs of nodes of a graph, whose nodes are the rows of a table; an undirected edge stands in both directions.
 */
import { createHash } from 'node:crypto';
import { FormatError } from '../format-error.ts';
import { type ColumnArray, readColumns, writeColumns } from './columns-file.ts';

export interface Masks {
  readonly kind: 'masks';
  /** Where the file of each picture lies in `bytes`. */
  readonly offsets: Uint32Array;
  readonly lengths: Uint32Array;
  readonly bytes: Uint8Array;
}

export interface Boxes {
  readonly kind: 'boxes';
  /** The boxes of picture i are `starts[i]` to `starts[i + 1]`. */
  readonly starts: Uint32Array;
  readonly labels: Int32Array;
  /** Left, top, width and height of each, in pixels. */
  readonly boxes: Float32Array;
}

export interface Edges {
  readonly kind: 'edges';
  readonly from: Int32Array;
  readonly to: Int32Array;
}

export type Annotations = Masks | Boxes | Edges;

const COLUMNS: Readonly<Record<Annotations['kind'], readonly string[]>> = {
  masks: ['offsets', 'lengths', 'bytes'],
  boxes: ['starts', 'labels', 'boxes'],
  edges: ['from', 'to'],
};

export function writeAnnotations({ kind, ...columns }: Annotations): Uint8Array {
  return writeColumns({ kind }, columns as unknown as Record<string, ColumnArray>);
}

/** @throws FormatError damaged, truncated */
export function readAnnotations(file: Uint8Array, path: string): Annotations {
  const { meta, columns } = readColumns(file, path);
  const { kind } = meta as { kind: Annotations['kind'] };
  const missing = COLUMNS[kind]?.find((name) => columns[name] === undefined);
  if (COLUMNS[kind] === undefined || missing !== undefined)
    throw new FormatError(
      'annotations',
      'damaged',
      missing === undefined ? `There are no annotations of the kind ${kind}.` : `The column ${missing} is missing.`,
      { path },
      'Check the workspace, and restore this file from a backup.',
    );
  return { kind, ...columns } as unknown as Annotations;
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
