/** Pictures with boxes: a COCO file (https://cocodataset.org/#format-data) beside them, or one in each split folder. */
import { access, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Boxes } from '../dataset-pack/annotations.ts';
import { FormatError } from '../format-error.ts';
import { type SplitName, splitFromName } from '../split-name.ts';

const FORMAT = 'coco';
const MAXIMUM_BYTES = 512 * 1024 * 1024;

export interface CocoBox {
  readonly label: number;
  /** Left, top, width, height in pixels. */
  readonly box: readonly [number, number, number, number];
}

export interface CocoItem {
  /** Relative to the root. */
  readonly name: string;
  readonly split: SplitName | undefined;
  readonly boxes: readonly CocoBox[];
}

export interface Coco {
  readonly classes: readonly string[];
  readonly items: readonly CocoItem[];
  readonly warnings: readonly string[];
}

interface File {
  readonly images: readonly { readonly id: number; readonly file_name: string }[];
  readonly annotations: readonly {
    readonly image_id: number;
    readonly category_id: number;
    readonly bbox?: readonly number[];
  }[];
  readonly categories: readonly { readonly id: number; readonly name: string }[];
}

/** The COCO files of a folder, relative to it; none where it is another kind of folder. */
export async function cocoFiles(root: string): Promise<readonly string[]> {
  const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
  const own = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  const inFolders: string[] = [];
  for (const entry of entries)
    if (entry.isDirectory() && (splitFromName(entry.name) !== undefined || entry.name === 'annotations'))
      for (const name of await readdir(join(root, entry.name))) inFolders.push(`${entry.name}/${name}`);
  const found: string[] = [];
  for (const name of [...own, ...inFolders])
    if (/\.json$/i.test(name) && (await parse(join(root, name))) !== undefined) found.push(name);
  return found.sort();
}

/** @throws FormatError not_found for a picture that is named but not there, unknown_label, bad_value */
export async function readCoco(root: string): Promise<Coco> {
  const names = new Map<string, string>();
  const items: CocoItem[] = [];
  const warnings: string[] = [];
  const files = await cocoFiles(root);
  const parsed: { readonly name: string; readonly file: File }[] = [];
  for (const name of files) {
    const file = await parse(join(root, name));
    if (file !== undefined) parsed.push({ name, file });
    for (const category of file?.categories ?? []) names.set(category.name, category.name);
  }
  const classes = [...names.keys()];
  for (const { name, file } of parsed) {
    const place = { path: join(root, name) };
    const folder = name.includes('/') ? name.slice(0, name.indexOf('/')) : '';
    const labels = new Map(file.categories.map((category) => [category.id, classes.indexOf(category.name)]));
    const boxes = new Map<number, CocoBox[]>();
    let empty = 0;
    file.annotations.forEach(({ image_id, category_id, bbox }, number) => {
      const label = labels.get(category_id);
      if (label === undefined)
        throw new FormatError(
          FORMAT,
          'unknown_label',
          `Annotation ${number} has the category ${category_id}, which the file does not name.`,
          place,
          'Add it to the categories of the file.',
        );
      if (bbox?.length !== 4 || !bbox.every(Number.isFinite))
        throw new FormatError(
          FORMAT,
          'bad_value',
          `Annotation ${number} has no box.`,
          place,
          'Give it a bbox of x, y, width, height.',
        );
      const [x, y, width, height] = bbox;
      if (width <= 0 || height <= 0) empty++;
      else boxes.set(image_id, [...(boxes.get(image_id) ?? []), { label, box: [x, y, width, height] }]);
    });
    if (empty > 0) warnings.push(`${empty} boxes of ${name} have no area and were left out.`);
    for (const image of file.images) {
      const found = await locate(root, folder, image.file_name);
      if (found === undefined)
        throw new FormatError(
          FORMAT,
          'not_found',
          `The picture ${image.file_name} is not there.`,
          place,
          'Put it beside the file, or into a folder images.',
        );
      items.push({ name: found, split: splitFromName(folder), boxes: boxes.get(image.id) ?? [] });
    }
  }
  if (items.length === 0)
    throw new FormatError(FORMAT, 'empty', 'The file names no pictures.', { path: root }, 'Choose another folder.');
  return { classes, items, warnings };
}

export function packBoxes(items: readonly CocoItem[]): Boxes {
  const starts = new Uint32Array(items.length + 1);
  items.forEach(({ boxes }, item) => {
    starts[item + 1] = starts[item] + boxes.length;
  });
  const all = items.flatMap(({ boxes }) => boxes);
  return {
    kind: 'boxes',
    starts,
    labels: Int32Array.from(all, ({ label }) => label),
    boxes: Float32Array.from(all.flatMap(({ box }) => box)),
  };
}

async function locate(root: string, folder: string, name: string): Promise<string | undefined> {
  const folders = [folder, `${folder}/images`, 'images', ''];
  for (const candidate of folders) {
    const relative = [candidate, name]
      .filter((part) => part !== '')
      .join('/')
      .replace(/^\//, '');
    const exists = await access(join(root, relative)).then(
      () => true,
      () => false,
    );
    if (exists) return relative;
  }
  return undefined;
}

async function parse(path: string): Promise<File | undefined> {
  if ((await stat(path)).size > MAXIMUM_BYTES) return undefined;
  try {
    const value = JSON.parse(await readFile(path, 'utf8')) as Partial<File>;
    const { images, annotations, categories } = value;
    return Array.isArray(images) && Array.isArray(annotations) && Array.isArray(categories)
      ? (value as File)
      : undefined;
  } catch {
    return undefined;
  }
}
