/**
 * Windows bitmaps (BITMAPCOREHEADER, BITMAPINFOHEADER, V4, V5; Microsoft, "Bitmap Storage"), which libvips does not read.
 * Uncompressed 1, 4, 8, 16, 24 and 32 bits per pixel and bit fields; run-length encoding is refused by name.
 */
import { FormatError } from '../format-error.ts';

const FORMAT = 'bmp';
const COMPRESSIONS: Readonly<Record<number, string>> = {
  1: 'RLE8',
  2: 'RLE4',
  4: 'JPEG',
  5: 'PNG',
  11: 'CMYK',
  12: 'CMYK RLE8',
  13: 'CMYK RLE4',
};
/** More is a damaged header, not a picture. */
const MAXIMUM_PIXELS = 268_402_689;

export interface BmpImage {
  readonly width: number;
  readonly height: number;
  /** 4 when the file carries an alpha mask; else 3. */
  readonly channels: 3 | 4;
  /** uint8, HWC, top row first. */
  readonly data: Uint8Array;
}

interface BmpHeader {
  readonly width: number;
  readonly height: number;
  readonly topDown: boolean;
  readonly bitsPerPixel: number;
  readonly pixelsOffset: number;
  readonly palette: Uint8Array;
  readonly paletteEntryBytes: number;
  readonly masks: readonly [red: number, green: number, blue: number, alpha: number];
}

export function isBmp(start: Uint8Array): boolean {
  return start.length >= 2 && start[0] === 0x42 && start[1] === 0x4d;
}

export function readBmp(bytes: Uint8Array, path: string): BmpImage {
  const header = readHeader(bytes, path);
  const rowBytes = Math.ceil((header.width * header.bitsPerPixel) / 32) * 4;
  const needed = header.pixelsOffset + rowBytes * header.height;
  if (bytes.length < needed)
    throw new FormatError(
      FORMAT,
      'truncated',
      `The picture of ${header.width} × ${header.height} needs ${needed} bytes, the file ends after ${bytes.length}.`,
      { path, offsetBytes: bytes.length },
      'Get a fresh copy.',
    );
  const channels = header.masks[3] === 0 ? 3 : 4;
  const data = new Uint8Array(header.width * header.height * channels);
  const readPixel = header.bitsPerPixel <= 8 ? paletteReader(header, path) : maskReader(header);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let y = 0; y < header.height; y++) {
    const rowStart = header.pixelsOffset + rowBytes * (header.topDown ? y : header.height - 1 - y);
    for (let x = 0; x < header.width; x++) readPixel(view, rowStart, x, data, (y * header.width + x) * channels);
  }
  return { width: header.width, height: header.height, channels, data };
}

type PixelReader = (view: DataView, rowStart: number, x: number, out: Uint8Array, at: number) => void;

function readHeader(bytes: Uint8Array, path: string): BmpHeader {
  if (!isBmp(bytes))
    throw new FormatError(
      FORMAT,
      'wrong_magic',
      'The file does not begin with "BM".',
      { path, offsetBytes: 0 },
      'Check that this is a bitmap.',
    );
  if (bytes.length < 26)
    throw new FormatError(
      FORMAT,
      'truncated',
      `The file ends after ${bytes.length} bytes, inside its header.`,
      { path, offsetBytes: bytes.length },
      'Get a fresh copy.',
    );
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const pixelsOffset = view.getUint32(10, true);
  const headerSize = view.getUint32(14, true);
  const core = headerSize === 12;
  if (!core && (headerSize < 40 || bytes.length < 14 + headerSize))
    throw new FormatError(
      FORMAT,
      headerSize < 40 ? 'unsupported' : 'truncated',
      `The header claims ${headerSize} bytes.`,
      { path, offsetBytes: 14 },
      'Get a fresh copy, or save the picture as PNG.',
    );
  const width = core ? view.getUint16(18, true) : view.getInt32(18, true);
  const signedHeight = core ? view.getUint16(20, true) : view.getInt32(22, true);
  const height = Math.abs(signedHeight);
  const bitsPerPixel = view.getUint16(core ? 24 : 28, true);
  const compression = core ? 0 : view.getUint32(30, true);
  if (width <= 0 || height === 0 || width * height > MAXIMUM_PIXELS)
    throw new FormatError(
      FORMAT,
      'damaged',
      `The header claims a picture of ${width} × ${height}.`,
      { path, offsetBytes: 18 },
      'Get a fresh copy.',
    );
  if (compression !== 0 && compression !== 3 && compression !== 6)
    throw new FormatError(
      FORMAT,
      'unsupported',
      `The compression ${COMPRESSIONS[compression] ?? compression} is not read.`,
      { path, offsetBytes: 30 },
      'Save the picture as PNG.',
    );
  if (![1, 4, 8, 16, 24, 32].includes(bitsPerPixel))
    throw new FormatError(
      FORMAT,
      'unsupported',
      `${bitsPerPixel} bits per pixel are not read.`,
      { path, offsetBytes: 28 },
      'Save the picture as PNG.',
    );

  const masksInside = compression !== 0 && headerSize >= 52;
  const masksAt = 54;
  const readMask = (index: number) =>
    bytes.length >= masksAt + 4 * index + 4 ? view.getUint32(masksAt + 4 * index, true) : 0;
  const standard: BmpHeader['masks'] =
    bitsPerPixel === 16 ? [0x7c00, 0x03e0, 0x001f, 0] : [0xff0000, 0x00ff00, 0x0000ff, 0];
  const masks: BmpHeader['masks'] =
    compression === 0
      ? standard
      : [readMask(0), readMask(1), readMask(2), compression === 6 || headerSize >= 56 ? readMask(3) : 0];
  const paletteEntryBytes = core ? 3 : 4;
  const paletteAt = 14 + headerSize + (compression !== 0 && !masksInside ? (compression === 6 ? 16 : 12) : 0);
  const declared = core ? 0 : view.getUint32(46, true);
  const paletteEntries = bitsPerPixel <= 8 ? declared || 2 ** bitsPerPixel : 0;
  return {
    width,
    height,
    topDown: !core && signedHeight < 0,
    bitsPerPixel,
    pixelsOffset,
    palette: bytes.subarray(paletteAt, Math.min(paletteAt + paletteEntries * paletteEntryBytes, pixelsOffset)),
    paletteEntryBytes,
    masks,
  };
}

function paletteReader(header: BmpHeader, path: string): PixelReader {
  const { bitsPerPixel, palette, paletteEntryBytes } = header;
  const perByte = 8 / bitsPerPixel;
  const mask = 2 ** bitsPerPixel - 1;
  return (view, rowStart, x, out, at) => {
    const byte = view.getUint8(rowStart + Math.floor(x / perByte));
    const index = (byte >> ((perByte - 1 - (x % perByte)) * bitsPerPixel)) & mask;
    const entry = index * paletteEntryBytes;
    if (entry + 2 >= palette.length)
      throw new FormatError(
        FORMAT,
        'damaged',
        `A pixel uses colour ${index} of a palette of ${palette.length / paletteEntryBytes}.`,
        { path, offsetBytes: rowStart },
        'Get a fresh copy.',
      );
    out[at] = palette[entry + 2];
    out[at + 1] = palette[entry + 1];
    out[at + 2] = palette[entry];
  };
}

function maskReader({ bitsPerPixel, masks }: BmpHeader): PixelReader {
  const channels = masks
    .filter((mask, i) => i < 3 || mask !== 0)
    .map((mask) => {
      const shift = mask === 0 ? 0 : 31 - Math.clz32(mask & -mask);
      return { mask, shift, maximum: mask === 0 ? 1 : (mask >>> shift) >>> 0 };
    });
  return (view, rowStart, x, out, at) => {
    const offset = rowStart + (x * bitsPerPixel) / 8;
    const value =
      bitsPerPixel === 16
        ? view.getUint16(offset, true)
        : bitsPerPixel === 24
          ? view.getUint16(offset, true) | (view.getUint8(offset + 2) << 16)
          : view.getUint32(offset, true);
    for (let c = 0; c < channels.length; c++) {
      const { mask, shift, maximum } = channels[c];
      out[at + c] = Math.round((((value & mask) >>> shift) * 255) / maximum);
    }
  };
}
