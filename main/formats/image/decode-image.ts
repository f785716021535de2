/** Encoded pictures to plain pixels: PNG, JPEG, WebP, TIFF and GIF through libvips, BMP through our own reader. */
import sharp from 'sharp';
import { isBmp, readBmp } from '../bmp/bmp.ts';
import { FormatError } from '../format-error.ts';

const FORMATS: ReadonlySet<string> = new Set(['png', 'jpeg', 'webp', 'tiff', 'gif']);

export interface DecodedImage {
  readonly width: number;
  readonly height: number;
  /** 1 grey, 3 sRGB, 4 sRGB with an alpha that is not opaque everywhere. */
  readonly channels: 1 | 3 | 4;
  /** uint8, HWC, upright (EXIF orientation applied). */
  readonly data: Uint8Array;
  /** `png`, `jpeg`, … */
  readonly encoding: string;
  /** True when the file holds more than 8 bits per channel, colour spaces that were converted, or further pages: the pixels are then less than the file. */
  readonly reduced: boolean;
  /** Pages of a TIFF or frames of a GIF or WebP; only the first is decoded. */
  readonly pages: number;
}

/** Decodes completely, so that a truncated file is noticed. Throws FormatError with 'truncated', 'damaged' or 'unsupported'. */
export async function decodeImage(bytes: Uint8Array, path: string): Promise<DecodedImage> {
  if (bytes.length === 0)
    throw new FormatError('image', 'empty', 'The file is empty.', { path, offsetBytes: 0 }, 'Get a fresh copy.');
  if (isBmp(bytes)) return { ...stripOpaqueAlpha(readBmp(bytes, path)), encoding: 'bmp', reduced: false, pages: 1 };
  try {
    const image = sharp(bytes, { failOn: 'error', pages: 1 });
    const metadata = await image.metadata();
    if (metadata.format === undefined || !FORMATS.has(metadata.format))
      throw new FormatError(
        'image',
        'unsupported',
        `Pictures of the kind "${metadata.format}" are not imported.`,
        { path },
        'Save it as PNG, JPEG, WebP, TIFF, GIF or BMP.',
      );
    const grey = metadata.space === 'b-w' || metadata.space === 'grey16';
    const { data, info } = await image
      .autoOrient()
      .toColourspace(grey ? 'b-w' : 'srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const pages = metadata.pages ?? 1;
    return {
      ...stripOpaqueAlpha({ width: info.width, height: info.height, channels: info.channels, data }),
      encoding: metadata.format,
      reduced: metadata.depth !== 'uchar' || pages > 1 || !['b-w', 'srgb', 'rgb'].includes(metadata.space ?? ''),
      pages,
    };
  } catch (error) {
    if (error instanceof FormatError) throw error;
    throw decodeError(error as Error, bytes, path);
  }
}

/** Raw pixels as a PNG. */
export async function encodePng(image: {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3 | 4;
  readonly data: Uint8Array;
}): Promise<Uint8Array> {
  return sharp(image.data, { raw: { width: image.width, height: image.height, channels: image.channels } })
    .toColourspace(image.channels === 1 ? 'b-w' : 'srgb')
    .png({ compressionLevel: 3 })
    .toBuffer();
}

/** Fits into size × size (never enlarged), the same number of channels. */
export async function shrinkImage(
  image: Pick<DecodedImage, 'width' | 'height' | 'channels' | 'data'>,
  size: number,
): Promise<{ readonly width: number; readonly height: number; readonly data: Uint8Array }> {
  if (image.width <= size && image.height <= size) return image;
  const { data, info } = await sharp(image.data, {
    raw: { width: image.width, height: image.height, channels: image.channels },
  })
    .resize(size, size, { fit: 'inside', kernel: 'lanczos3' })
    .toColourspace(image.channels === 1 ? 'b-w' : 'srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data };
}

function stripOpaqueAlpha(image: {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint8Array;
}): Pick<DecodedImage, 'width' | 'height' | 'channels' | 'data'> {
  const { width, height, channels, data } = image;
  if (channels === 1 || channels === 3) return { width, height, channels, data };
  const pixels = width * height;
  let opaque = true;
  for (let at = channels - 1; at < data.length && opaque; at += channels) opaque = data[at] === 255;
  if (!opaque && channels === 4) return { width, height, channels: 4, data };
  const kept = opaque ? channels - 1 : 4;
  const out = new Uint8Array(pixels * kept);
  for (let i = 0; i < pixels; i++) {
    if (opaque) for (let c = 0; c < kept; c++) out[i * kept + c] = data[i * channels + c];
    else out.set([data[i * 2], data[i * 2], data[i * 2], data[i * 2 + 1]], i * 4);
  }
  return { width, height, channels: kept as 1 | 3 | 4, data: out };
}

/** Libvips says why in words only. */
function decodeError(error: Error, bytes: Uint8Array, path: string): FormatError {
  const words = error.message.split('\n')[0].replace(/^Input buffer /, 'The file ');
  if (
    /premature end|truncated|end of (file|stream|image)|not enough data|read error|EOF|libspng read error|corrupt|bad seek/i.test(
      error.message,
    ) &&
    !/unsupported image format/i.test(error.message)
  )
    return new FormatError(
      'image',
      'truncated',
      `The picture ends early or is damaged (${words}).`,
      { path, offsetBytes: bytes.length },
      'Get a fresh copy.',
      error,
    );
  if (/unsupported image format/i.test(error.message))
    return new FormatError(
      'image',
      'unsupported',
      'The content is no picture that can be read.',
      { path, offsetBytes: 0 },
      'Save it as PNG, JPEG, WebP, TIFF, GIF or BMP.',
      error,
    );
  return new FormatError(
    'image',
    'damaged',
    `The picture cannot be decoded (${words}).`,
    { path },
    'Get a fresh copy.',
    error,
  );
}
