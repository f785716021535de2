/** A folder of pictures: one sub-folder per class, optionally below split folders (train, valid, test). */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FormatError } from '../format-error.ts';
import { imageExtensions } from '../image/image-extensions.ts';
import { type SplitName, splitFromName } from '../split-name.ts';

const FORMAT = 'image-folder';

export interface ImageFolderItem {
  /** Relative to the root, with `/` on every system. */
  readonly name: string;
  /** Index into `classes`; -1 for a picture outside of class folders. */
  readonly label: number;
  readonly split: SplitName | undefined;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
}

export interface ImageFolder {
  readonly classes: readonly string[];
  /** Sorted by name (code units), so that the order is the same on every system. */
  readonly items: readonly ImageFolderItem[];
  readonly givenSplits: readonly SplitName[];
  /** Files that are no pictures by their name; they are not imported. */
  readonly ignored: readonly string[];
}

/** Whether there is at least one picture at most three folders deep. */
export async function isImageFolder(root: string, depth = 3): Promise<boolean> {
  const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
  if (entries.some((entry) => entry.isFile() && isPicture(entry.name))) return true;
  if (depth === 0) return false;
  for (const entry of entries)
    if (entry.isDirectory() && !isHidden(entry.name) && (await isImageFolder(join(root, entry.name), depth - 1)))
      return true;
  return false;
}

/** Lists the folder without reading any picture. Folders below a class folder belong to the class. */
export async function scanImageFolder(root: string): Promise<ImageFolder> {
  const files: string[] = [];
  await collect(root, '', files);
  const pictures = files.filter((name) => isPicture(name)).sort(compareCodeUnits);
  if (pictures.length === 0)
    throw new FormatError(
      FORMAT,
      'empty',
      'There is no picture in the folder.',
      { path: root },
      'Choose a folder with one sub-folder of pictures per class.',
    );

  const withSplits = hasSplitFolders(pictures);
  const parts = pictures.map((name) => {
    const folders = name.split('/').slice(0, -1);
    const split = withSplits ? splitFromName(folders[0]) : undefined;
    return { name, split, className: folders[split === undefined ? 0 : 1] };
  });
  const classes = [...new Set(parts.flatMap(({ className }) => className ?? []))].sort(compareCodeUnits);
  const indexOf = new Map(classes.map((name, index) => [name, index]));
  const items: ImageFolderItem[] = [];
  for (const { name, split, className } of parts) {
    const info = await stat(join(root, name));
    items.push({
      name,
      split,
      label: className === undefined ? -1 : (indexOf.get(className) ?? -1),
      sizeBytes: info.size,
      modifiedMs: info.mtimeMs,
    });
  }
  return {
    classes,
    items,
    givenSplits: (['train', 'validation', 'test'] as const).filter((split) =>
      items.some((item) => item.split === split),
    ),
    ignored: files.filter((name) => !isPicture(name)).sort(compareCodeUnits),
  };
}

/** Split folders count only when every picture lies in one and one of them is for training: a class may be called "test". */
function hasSplitFolders(pictures: readonly string[]): boolean {
  const top = new Set(pictures.map((name) => (name.includes('/') ? name.slice(0, name.indexOf('/')) : '')));
  const splits = [...top].map(splitFromName);
  return (
    splits.every((split) => split !== undefined) && splits.includes('train') && new Set(splits).size === splits.length
  );
}

async function collect(root: string, folder: string, files: string[]): Promise<void> {
  for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
    if (isHidden(entry.name)) continue;
    const name = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) await collect(root, name, files);
    else if (entry.isFile()) files.push(name);
    else if (entry.isSymbolicLink()) {
      const target = await stat(join(root, name)).catch(() => undefined);
      if (target?.isFile()) files.push(name);
    }
  }
}

function isHidden(name: string): boolean {
  return name.startsWith('.') || name === '__MACOSX' || name === 'Thumbs.db' || name === 'desktop.ini';
}

function isPicture(name: string): boolean {
  return imageExtensions.has(name.slice(name.lastIndexOf('.') + 1).toLowerCase());
}

function compareCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
