/** What a path holds, by content where there is a mark, else by name. */
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { cocoFiles } from './coco/coco.ts';
import { FormatError } from './format-error.ts';
import { findIdxPairs, type IdxPair } from './idx/idx-pair.ts';
import { imageExtensions } from './image/image-extensions.ts';
import { isImageFolder } from './image-folder/image-folder.ts';
import { maskFolders } from './image-masks/image-masks.ts';
import { isNodeLink } from './node-link/node-link.ts';
import { type TableFormat, tableFormat } from './table/table-source.ts';
import { isTextFile } from './text/text-file.ts';

export type DetectedSource =
  | { readonly format: 'idx'; readonly path: string; readonly pairs: readonly IdxPair[] }
  | { readonly format: 'image-folder'; readonly path: string }
  | { readonly format: 'image-masks' | 'coco' | 'node-link' | 'text'; readonly path: string }
  | { readonly format: 'dicom'; readonly path: string; readonly names: readonly string[] }
  | { readonly format: TableFormat; readonly path: string };

const SUGGESTION =
  'Give an image folder with one sub-folder per class, with masks or with a COCO file, an IDX pair, a CSV, TSV, JSON or Parquet table, a text, a node-link graph, or a DICOM series.';

/** @throws FormatError 'not_found' or 'unsupported' */
export async function detectSource(path: string): Promise<DetectedSource> {
  const info = await stat(path).catch((error: Error) => {
    throw new FormatError(
      'source',
      'not_found',
      'There is no such file or folder.',
      { path },
      'Check the path. A network or removable disk may not be mounted.',
      error,
    );
  });
  const pairs = await findIdxPairs(path);
  if (pairs.length > 0) return { format: 'idx', path, pairs };
  if (info.isFile()) {
    if (await isTextFile(path)) return { format: 'text', path };
    if (await isNodeLink(path)) return { format: 'node-link', path };
    const table = tableFormat(path);
    if (table !== undefined) return { format: table, path };
    if ((await dicomFiles(path)).length > 0) return { format: 'dicom', path, names: [''] };
    const single = imageExtensions.has(basename(path).split('.').at(-1)!.toLowerCase());
    throw new FormatError(
      'source',
      'unsupported',
      single
        ? 'This is a single picture; a dataset is a folder of them.'
        : 'The file is of no kind that can be imported.',
      { path },
      SUGGESTION,
    );
  }
  if ((await maskFolders(path)).length > 0) return { format: 'image-masks', path };
  if ((await cocoFiles(path)).length > 0) return { format: 'coco', path };
  if (await isImageFolder(path)) return { format: 'image-folder', path };
  const names = await dicomFiles(path);
  if (names.length > 0) return { format: 'dicom', path, names };
  const tables = (await readdir(path)).filter((name) => tableFormat(name) !== undefined);
  if (tables.length === 1) return { format: tableFormat(tables[0])!, path: join(path, tables[0]) };
  throw new FormatError(
    'source',
    'unsupported',
    tables.length > 1
      ? `The folder holds ${tables.length} tables (${tables.slice(0, 3).join(', ')}${tables.length > 3 ? ' …' : ''}); choose one of them.`
      : 'The folder holds nothing that can be imported.',
    { path },
    SUGGESTION,
  );
}

/** The DICOM parser is loaded where nothing else fits: an import of other files is to start quickly. */
async function dicomFiles(path: string): Promise<readonly string[]> {
  const { findDicomFiles } = await import('./dicom/dicom-series.ts');
  return findDicomFiles(path);
}
