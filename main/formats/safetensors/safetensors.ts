/** Safetensors (https://github.com/huggingface/safetensors): named tensors behind one JSON header. */
import { FormatError } from '../format-error.ts';

const FORMAT = 'safetensors';
const HEADER_LENGTH_BYTES = 8;
/** The reference implementation refuses longer headers as well. */
const MAXIMUM_HEADER_BYTES = 100_000_000;
const ALIGNMENT_BYTES = 8;

// Copied: `slice` of a Buffer would be a view, and the place in the file need not be aligned.
const DTYPES = {
  F32: (bytes: Uint8Array) => new Float32Array(new Uint8Array(bytes).buffer),
  I32: (bytes: Uint8Array) => new Int32Array(new Uint8Array(bytes).buffer),
  U8: (bytes: Uint8Array) => new Uint8Array(bytes),
} as const;

export interface SafetensorsEntry {
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | Uint8Array;
}

export interface SafetensorsFile {
  readonly tensors: ReadonlyMap<string, SafetensorsEntry>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Writes float32, int32 and uint8 tensors in the order given. The same input gives the same bytes. */
export function writeSafetensors(
  tensors: Iterable<readonly [string, SafetensorsEntry]>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const entries = [...tensors];
  const header: Record<string, unknown> = { __metadata__: metadata };
  let sizeBytes = 0;
  for (const [name, { shape, data }] of entries) {
    header[name] = {
      dtype: dtypeOf(data),
      shape,
      data_offsets: [sizeBytes, sizeBytes + data.byteLength],
    };
    sizeBytes += data.byteLength;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const headerBytes = Math.ceil(text.length / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
  const file = new Uint8Array(HEADER_LENGTH_BYTES + headerBytes + sizeBytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true);
  file.set(text, HEADER_LENGTH_BYTES);
  file.fill(0x20, HEADER_LENGTH_BYTES + text.length, HEADER_LENGTH_BYTES + headerBytes);
  let offset = HEADER_LENGTH_BYTES + headerBytes;
  for (const [, { data }] of entries) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    offset += data.byteLength;
  }
  return file;
}

function dtypeOf(data: SafetensorsEntry['data']): keyof typeof DTYPES {
  if (data instanceof Uint8Array) return 'U8';
  return data instanceof Int32Array ? 'I32' : 'F32';
}

/** @throws FormatError truncated, damaged, unsupported (other element types than these) */
export function readSafetensors(bytes: Uint8Array, path: string): SafetensorsFile {
  const { header, dataStart } = readHeader(bytes, path);
  const tensors = new Map<string, SafetensorsEntry>();
  let metadata: Readonly<Record<string, string>> = {};
  for (const [name, raw] of Object.entries(header)) {
    if (name === '__metadata__') {
      metadata = raw as Record<string, string>;
      continue;
    }
    const { dtype, shape, data_offsets: offsets } = raw as { dtype: string; shape: number[]; data_offsets: number[] };
    if (!Object.hasOwn(DTYPES, dtype))
      throw new FormatError(
        FORMAT,
        'unsupported',
        `The tensor ${name} is ${dtype}; only F32, I32 and U8 are read.`,
        { path },
        'Convert the tensors to float32.',
      );
    const [start, end] = [dataStart + offsets[0], dataStart + offsets[1]];
    const count = shape.reduce((product, size) => product * size, 1);
    if (end > bytes.length || end - start !== count * (dtype === 'U8' ? 1 : 4))
      throw new FormatError(
        FORMAT,
        'truncated',
        `The tensor ${name} should lie in bytes ${start} to ${end}, the file has ${bytes.length}.`,
        { path, offsetBytes: start },
        'Get the file again.',
      );
    tensors.set(name, { shape, data: DTYPES[dtype as keyof typeof DTYPES](bytes.subarray(start, end)) });
  }
  return { tensors, metadata };
}

function readHeader(bytes: Uint8Array, path: string): { header: Record<string, unknown>; dataStart: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerBytes = bytes.length < HEADER_LENGTH_BYTES ? -1 : Number(view.getBigUint64(0, true));
  const dataStart = HEADER_LENGTH_BYTES + headerBytes;
  if (headerBytes < 0 || headerBytes > MAXIMUM_HEADER_BYTES || dataStart > bytes.length)
    throw new FormatError(
      FORMAT,
      'truncated',
      `The file of ${bytes.length} bytes is too short for its header.`,
      { path, offsetBytes: 0 },
      'Get the file again.',
    );
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(HEADER_LENGTH_BYTES, dataStart));
    return { header: JSON.parse(text), dataStart };
  } catch (error) {
    throw new FormatError(
      FORMAT,
      'damaged',
      'The header is no JSON.',
      { path, offsetBytes: HEADER_LENGTH_BYTES },
      'Get the file again.',
      error,
    );
  }
}
