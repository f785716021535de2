/** The pixels of masks. Apart from where they lie, so that looking for them loads no decoder. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import type { Masks } from '../dataset-pack/annotations.ts';
import { FormatError } from '../format-error.ts';

const FORMAT = 'image-masks';
const WHITE = 255;

export interface ReadMask {
  readonly width: number;
  readonly height: number;
  /** The class of each pixel, row-major. */
  readonly values: Uint8Array;
}

/** @throws FormatError unsupported for colours, damaged */
export async function readMask(root: string, name: string): Promise<ReadMask> {
  const path = join(root, name);
  const bytes = await readFile(path);
  return decodeMask(bytes, path);
}

export async function decodeMask(bytes: Uint8Array, path: string): Promise<ReadMask> {
  try {
    const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
    const { width, height, channels } = info;
    const values = new Uint8Array(width * height);
    for (let pixel = 0; pixel < values.length; pixel++) {
      const first = pixel * channels;
      values[pixel] = data[first];
      if (channels >= 3 && (data[first] !== data[first + 1] || data[first] !== data[first + 2]))
        throw new FormatError(
          FORMAT,
          'unsupported',
          'The mask has colours; its values do not say which class they mean.',
          { path },
          'Save masks as grey pictures whose values are classes 0, 1, 2 …',
        );
    }
    return { width, height, values };
  } catch (error) {
    if (error instanceof FormatError) throw error;
    throw new FormatError(FORMAT, 'damaged', (error as Error).message, { path }, 'Get a fresh copy.', error);
  }
}

/** Masks of 0 and 255 alone are of two classes. */
export function isBlackAndWhite(used: ReadonlySet<number>): boolean {
  return used.has(WHITE) && [...used].every((value) => value === 0 || value === WHITE);
}

/** Packs masks as small PNG files. */
export async function packMasks(masks: Iterable<ReadMask> | AsyncIterable<ReadMask>): Promise<Masks> {
  const files: Uint8Array[] = [];
  for await (const { values, width, height } of masks)
    files.push(
      await sharp(values, { raw: { width, height, channels: 1 } })
        .png({ compressionLevel: 9 })
        .toBuffer(),
    );
  const lengths = Uint32Array.from(files, ({ length }) => length);
  const offsets = new Uint32Array(files.length);
  for (let i = 1; i < files.length; i++) offsets[i] = offsets[i - 1] + lengths[i - 1];
  return { kind: 'masks', offsets, lengths, bytes: new Uint8Array(Buffer.concat(files)) };
}
