import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { packBoxes, readCoco } from '../../formats/coco/coco.ts';
import { FormatError } from '../../formats/format-error.ts';
import { maskClasses, scanImageMasks } from '../../formats/image-masks/image-masks.ts';
import { isBlackAndWhite, packMasks, readMask } from '../../formats/image-masks/mask-pixels.ts';
import type { SplitName } from '../../formats/split-name.ts';
import { readPicture } from './folder-source.ts';
import type { ItemSource } from './item-source.ts';

/** Pictures with a mask each. */
export async function imageMasks(root: string): Promise<ItemSource> {
  const items = await scanImageMasks(root);
  const used = new Set<number>();
  for (const { maskName } of items) for (const value of (await readMask(root, maskName)).values) used.add(value);
  const blackAndWhite = isBlackAndWhite(used);
  const classes = await maskClasses(root, blackAndWhite ? 2 : Math.max(...used) + 1);
  return {
    ...(await picturesOf(root, items)),
    format: 'image-masks',
    annotations: {
      column: { name: 'mask', type: 'mask', nullable: false, categories: classes },
      of: async (kept, sizes) => {
        const read = async function* () {
          for (const [place, item] of kept.entries()) {
            const mask = await readMask(root, items[item].maskName);
            const { width, height } = sizes[place];
            if (mask.width !== width || mask.height !== height)
              throw new FormatError(
                'image-masks',
                'length_mismatch',
                `The mask is ${mask.width} × ${mask.height} pixels, its picture ${width} × ${height}.`,
                { path: join(root, items[item].maskName) },
                'Give every mask the size of its picture.',
              );
            yield blackAndWhite ? { ...mask, values: mask.values.map((value) => (value === 0 ? 0 : 1)) } : mask;
          }
        };
        return packMasks(read());
      },
    },
  };
}

/** Pictures with boxes. */
export async function coco(root: string): Promise<ItemSource> {
  const { classes, items, warnings } = await readCoco(root);
  return {
    ...(await picturesOf(root, items)),
    format: 'coco',
    remarks: warnings,
    annotations: {
      column: { name: 'boxes', type: 'boxes', nullable: false, categories: [...classes] },
      of: async (kept) => packBoxes(kept.map((item) => items[item])),
    },
  };
}

async function picturesOf(
  root: string,
  items: readonly { readonly name: string; readonly split: SplitName | undefined }[],
): Promise<Omit<ItemSource, 'format'>> {
  const stats = await Promise.all(items.map(({ name }) => stat(join(root, name))));
  return {
    kind: 'image',
    count: items.length,
    classes: [],
    labels: new Int32Array(items.length).fill(-1),
    split: (item) => items[item].split,
    name: (item) => items[item].name,
    sizeBytes: (item) => stats[item].size,
    fingerprint: (from, to) =>
      `pictures:${items
        .slice(from, to)
        .map(({ name }, place) => `${name}|${stats[from + place].size}|${stats[from + place].mtimeMs}`)
        .join('\n')}`,
    remarks: [],
    unreadable: [],
    plain: null,
    read: async (item) => readPicture(await readFile(join(root, items[item].name)), items[item].name),
  };
}
