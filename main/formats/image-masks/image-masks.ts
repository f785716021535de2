/**
 * Pictures with a mask each: `images/` and `masks/` with files of the same name (the extension may differ), optionally
 * below split folders. A mask is a grey picture of the size of its own whose values are classes; 0 and 255 alone are two
 * classes. `classes.txt` names them, one per line, the class of value 0 first.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FormatError } from '../format-error.ts';
import { imageExtensions } from '../image/image-extensions.ts';
import { type SplitName, splitFromName } from '../split-name.ts';

const FORMAT = 'image-masks';
const [IMAGES, MASKS, CLASSES] = ['images', 'masks', 'classes.txt'];

export interface MaskedImage {
  /** Of the picture and of the mask, relative to the root. */
  readonly name: string;
  readonly maskName: string;
  readonly split: SplitName | undefined;
}

/** The folders that hold `images` and `masks`: the root itself, or split folders in it. */
export async function maskFolders(root: string): Promise<readonly string[]> {
  const names = await folderNames(root);
  if (names.includes(IMAGES) && names.includes(MASKS)) return [''];
  const found: string[] = [];
  for (const name of names) {
    if (splitFromName(name) === undefined) continue;
    const inner = await folderNames(join(root, name));
    if (inner.includes(IMAGES) && inner.includes(MASKS)) found.push(name);
  }
  return found;
}

/** @throws FormatError empty, not_found when a picture has no mask */
export async function scanImageMasks(root: string): Promise<readonly MaskedImage[]> {
  const items: MaskedImage[] = [];
  for (const folder of await maskFolders(root)) {
    const at = (...parts: readonly string[]) => [folder, ...parts].filter((part) => part !== '').join('/');
    const masks = new Map((await pictures(join(root, folder, MASKS))).map((name) => [stem(name), name]));
    for (const name of await pictures(join(root, folder, IMAGES))) {
      const mask = masks.get(stem(name));
      if (mask === undefined)
        throw new FormatError(
          FORMAT,
          'not_found',
          `The picture has no mask in ${MASKS}.`,
          { path: join(root, at(IMAGES, name)) },
          'Add a mask of the same name, or take the picture away.',
        );
      items.push({ name: at(IMAGES, name), maskName: at(MASKS, mask), split: splitFromName(folder) });
    }
  }
  if (items.length === 0)
    throw new FormatError(FORMAT, 'empty', 'There is no picture in the folder images.', { path: root }, 'Add some.');
  return items;
}

/** Names of the classes, as many as the masks use. @throws FormatError bad_value when `classes.txt` has too few */
export async function maskClasses(root: string, count: number): Promise<string[]> {
  const text = await readFile(join(root, CLASSES), 'utf8').catch(() => undefined);
  if (text === undefined)
    return Array.from({ length: count }, (_, value) => (value === 0 ? 'background' : String(value)));
  const names = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  if (names.length >= count) return names;
  throw new FormatError(
    FORMAT,
    'bad_value',
    `The masks have values up to ${count - 1}, and only ${names.length} classes are named.`,
    { path: join(root, CLASSES) },
    'Name every class, one per line, the class of value 0 first.',
  );
}

async function folderNames(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

async function pictures(path: string): Promise<string[]> {
  const names = await readdir(path);
  return names.filter((name) => imageExtensions.has(name.slice(name.lastIndexOf('.') + 1).toLowerCase())).sort();
}

function stem(name: string): string {
  const dot = name.lastIndexOf('.');
  return dot < 0 ? name : name.slice(0, dot);
}
