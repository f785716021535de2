/**
 * IDX, the format of the MNIST files (http://yann.lecun.com/exdb/mnist/): two zero bytes, a type code, the number of
 * dimensions, each dimension as a big-endian uint32, then the values in C order, big endian. Plain or gzip.
 */
import { gunzipSync } from 'node:zlib';
import { FormatError } from '../format-error.ts';

const FORMAT = 'idx';

/** Type codes of the specification. */
const ELEMENT_TYPES = {
  8: { name: 'uint8', sizeBytes: 1 },
  9: { name: 'int8', sizeBytes: 1 },
  11: { name: 'int16', sizeBytes: 2 },
  12: { name: 'int32', sizeBytes: 4 },
  13: { name: 'float32', sizeBytes: 4 },
  14: { name: 'float64', sizeBytes: 8 },
} as const;

export type IdxElementType = (typeof ELEMENT_TYPES)[keyof typeof ELEMENT_TYPES]['name'];

export interface IdxHeader {
  readonly elementType: IdxElementType;
  readonly elementSizeBytes: number;
  readonly shape: readonly number[];
  readonly headerSizeBytes: number;
}

export interface IdxFile extends IdxHeader {
  /** The values as they lie in the file (big endian), without a copy. */
  readonly data: Uint8Array;
}

export function isIdx(start: Uint8Array): boolean {
  return (
    start.length >= 4 && start[0] === 0 && start[1] === 0 && start[2] in ELEMENT_TYPES && start[3] >= 1 && start[3] <= 8
  );
}

export function isGzip(start: Uint8Array): boolean {
  return start.length >= 2 && start[0] === 0x1f && start[1] === 0x8b;
}

/** Reads the header only; `start` needs the first 4 + 4 × dimensions bytes. */
export function readIdxHeader(start: Uint8Array, path: string): IdxHeader {
  if (start.length < 4)
    throw new FormatError(
      FORMAT,
      'truncated',
      `The file has ${start.length} bytes, an IDX header has at least 8.`,
      { path, offsetBytes: start.length },
      'Download the file again.',
    );
  if (!isIdx(start)) {
    const magic = [...start.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    throw new FormatError(
      FORMAT,
      'wrong_magic',
      `The file begins with ${magic}; IDX begins with 00 00, a type code (08, 09, 0b to 0e) and the number of dimensions.`,
      { path, offsetBytes: 0 },
      'Check that this is the IDX file and not an error page or another archive.',
    );
  }
  const { name: elementType, sizeBytes: elementSizeBytes } = ELEMENT_TYPES[start[2] as keyof typeof ELEMENT_TYPES];
  const dimensions = start[3];
  const headerSizeBytes = 4 + 4 * dimensions;
  if (start.length < headerSizeBytes)
    throw new FormatError(
      FORMAT,
      'truncated',
      `The file ends inside its header of ${headerSizeBytes} bytes.`,
      { path, offsetBytes: start.length },
      'Download the file again.',
    );
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  const shape = Array.from({ length: dimensions }, (_, i) => view.getUint32(4 + 4 * i));
  return { elementType, elementSizeBytes, shape, headerSizeBytes };
}

/** Bytes of a .gz or plain IDX file in, header and values out. The length must fit the header to the byte. */
export function readIdx(bytes: Uint8Array, path: string): IdxFile {
  const plain = isGzip(bytes) ? gunzip(bytes, path) : bytes;
  const header = readIdxHeader(plain, path);
  const expected =
    header.headerSizeBytes + header.shape.reduce((product, size) => product * size, header.elementSizeBytes);
  if (plain.length < expected)
    throw new FormatError(
      FORMAT,
      'truncated',
      `The header promises ${header.shape.join(' × ')} values (${expected} bytes), the file ends after ${plain.length}.`,
      { path, offsetBytes: plain.length },
      'The download or copy was cut short; get the file again.',
    );
  if (plain.length > expected)
    throw new FormatError(
      FORMAT,
      'length_mismatch',
      `The header promises ${header.shape.join(' × ')} values (${expected} bytes), the file has ${plain.length - expected} bytes more.`,
      { path, offsetBytes: expected },
      'The header is wrong or two files were joined; get the file again.',
    );
  return { ...header, data: plain.subarray(header.headerSizeBytes) };
}

/** Values of uint8 as an IDX file. */
export function writeIdx(data: Uint8Array, shape: readonly number[]): Uint8Array {
  const values = shape.reduce((product, size) => product * size, 1);
  if (values !== data.length)
    throw new FormatError(
      FORMAT,
      'length_mismatch',
      `The shape ${shape.join(' × ')} needs ${values} values, there are ${data.length}.`,
      {},
      'Pass a shape that fits.',
    );
  const file = new Uint8Array(4 + 4 * shape.length + data.length);
  const view = new DataView(file.buffer);
  file.set([0, 0, 8, shape.length]);
  for (const [i, size] of shape.entries()) view.setUint32(4 + 4 * i, size);
  file.set(data, 4 + 4 * shape.length);
  return file;
}

function gunzip(bytes: Uint8Array, path: string): Uint8Array {
  try {
    return gunzipSync(bytes);
  } catch (error) {
    const truncated = (error as { code?: string }).code === 'Z_BUF_ERROR';
    throw new FormatError(
      FORMAT,
      truncated ? 'truncated' : 'damaged',
      truncated ? 'The gzip stream ends early.' : `The gzip stream is damaged (${(error as Error).message}).`,
      { path, offsetBytes: bytes.length },
      'Get the file again.',
      error,
    );
  }
}
