import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { decodeImage, shrinkImage } from '../../formats/image/decode-image.ts';
import { scanImageFolder } from '../../formats/image-folder/image-folder.ts';
import type { ItemSource, SourceItem } from './item-source.ts';

/** Decoded pictures up to this size are stored as pixels: the trainer and the grid then need no decoder. */
const PLAIN_BYTES = 64 * 1024;
const THUMBNAIL_SIZE = 128;

export async function folderSource(root: string): Promise<ItemSource> {
  const folder = await scanImageFolder(root);
  const { items } = folder;
  return {
    kind: 'image',
    format: 'image-folder',
    count: items.length,
    classes: folder.classes,
    labels: Int32Array.from(items, (item) => item.label),
    split: (item) => items[item].split,
    name: (item) => items[item].name,
    sizeBytes: (item) => items[item].sizeBytes,
    fingerprint: (from, to) =>
      `folder:${items
        .slice(from, to)
        .map((item) => `${item.name}|${item.sizeBytes}|${item.modifiedMs}`)
        .join('\n')}`,
    remarks:
      folder.ignored.length === 0
        ? []
        : [
            `${folder.ignored.length} files are no pictures by their name and were left out: ${folder.ignored.slice(0, 5).join(', ')}${folder.ignored.length > 5 ? ' …' : ''}.`,
          ],
    unreadable: [],
    plain: null,
    read: async (item) => readPicture(await readFile(join(root, items[item].name)), items[item].name),
  };
}

export async function readPicture(bytes: Uint8Array, name: string): Promise<SourceItem> {
  const image = await decodeImage(bytes, name);
  const { width, height, channels } = image;
  if (image.data.length <= PLAIN_BYTES && !image.reduced)
    return {
      bytes: image.data,
      encoding: 'pixels-uint8',
      width,
      height,
      channels,
      preview: image,
      thumbnail: null,
      slice: null,
    };
  const small = { ...(await shrinkImage(image, THUMBNAIL_SIZE)), channels };
  const thumbnail = await sharp(small.data, { raw: { width: small.width, height: small.height, channels } })
    .webp({ quality: 80, effort: 0 })
    .toBuffer();
  return { bytes, encoding: 'file', width, height, channels, preview: small, thumbnail, slice: null };
}
