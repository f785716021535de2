/**
 * DICOM images (PS3.5, PS3.10) through dicom-parser: uncompressed and run-length encoded pixels, with the geometry, rescale
 * and window of the header. Attributes that identify a patient are not read at all.
 */
import { inflateRawSync } from 'node:zlib';
import dicomParser, { type DataSet, type Element } from 'dicom-parser';
import { FormatError } from '../format-error.ts';
import { decodeRle } from './run-length.ts';

const FORMAT = 'dicom';
const DEFLATED = '1.2.840.10008.1.2.1.99';
const BIG_ENDIAN = '1.2.840.10008.1.2.2';
const RUN_LENGTH = '1.2.840.10008.1.2.5';

/** Transfer syntaxes that are read. */
export const readableTransferSyntaxes: Readonly<Record<string, string>> = {
  '1.2.840.10008.1.2': 'Implicit VR Little Endian',
  '1.2.840.10008.1.2.1': 'Explicit VR Little Endian',
  [DEFLATED]: 'Deflated Explicit VR Little Endian',
  [BIG_ENDIAN]: 'Explicit VR Big Endian',
  [RUN_LENGTH]: 'RLE Lossless',
};
/** Known by name, so that the message can say what would have to be converted. */
const UNREADABLE_TRANSFER_SYNTAXES: Readonly<Record<string, string>> = {
  '1.2.840.10008.1.2.4.50': 'JPEG Baseline',
  '1.2.840.10008.1.2.4.51': 'JPEG Extended',
  '1.2.840.10008.1.2.4.57': 'JPEG Lossless',
  '1.2.840.10008.1.2.4.70': 'JPEG Lossless, first-order prediction',
  '1.2.840.10008.1.2.4.80': 'JPEG-LS Lossless',
  '1.2.840.10008.1.2.4.81': 'JPEG-LS Near-Lossless',
  '1.2.840.10008.1.2.4.90': 'JPEG 2000 Lossless',
  '1.2.840.10008.1.2.4.91': 'JPEG 2000',
  '1.2.840.10008.1.2.4.201': 'High-Throughput JPEG 2000 Lossless',
};

export type Vector3 = readonly [number, number, number];

export interface DicomWindow {
  readonly center: number;
  readonly width: number;
}

export interface DicomImage {
  readonly transferSyntax: string;
  readonly width: number;
  readonly height: number;
  readonly frames: number;
  /** 1, or 3 for RGB. */
  readonly channels: 1 | 3;
  /** True when low values are bright (MONOCHROME1). */
  readonly inverted: boolean;
  /** Stored values, frame after frame, HWC. Sign-extended from the bits stored. */
  readonly pixels: Uint8Array | Int8Array | Uint16Array | Int16Array;
  /** Modality value = stored × slope + intercept. */
  readonly rescale: { readonly slope: number; readonly intercept: number };
  /** Of the header, in modality values; null when absent or without width. */
  readonly window: DicomWindow | null;
  readonly modality: string;
  /** Only to tell series apart; it identifies an examination and is not stored. */
  readonly seriesUid: string;
  readonly instanceNumber: number | null;
  /** Millimetres, of the centre of the first pixel. */
  readonly position: Vector3 | null;
  /** Direction cosines of a row and of a column. */
  readonly orientation: readonly [row: Vector3, column: Vector3] | null;
  /** Millimetres between rows and between columns. */
  readonly pixelSpacing: readonly [number, number] | null;
  readonly sliceThickness: number | null;
}

/** Part 10 files have "DICM" after a preamble of 128 bytes. */
export function isDicom(start: Uint8Array): boolean {
  return start.length >= 132 && String.fromCharCode(...start.subarray(128, 132)) === 'DICM';
}

/** @throws FormatError: 'wrong_magic', 'truncated', 'unsupported' (with the name of the transfer syntax), 'damaged', 'empty' when there is no picture. */
export function readDicomImage(bytes: Uint8Array, path: string): DicomImage {
  if (!isDicom(bytes))
    throw new FormatError(
      FORMAT,
      'wrong_magic',
      'There is no "DICM" after the first 128 bytes.',
      { path, offsetBytes: 128 },
      'Check that this is a DICOM file.',
    );
  const data = parse(bytes, path);
  const transferSyntax = data.string('x00020010') ?? '';
  if (!(transferSyntax in readableTransferSyntaxes))
    throw new FormatError(
      FORMAT,
      'unsupported',
      `The pixels are compressed as ${UNREADABLE_TRANSFER_SYNTAXES[transferSyntax] ?? `transfer syntax ${transferSyntax || '(none)'}`}, which is not read.`,
      { path },
      `Convert the file to one of: ${Object.values(readableTransferSyntaxes).join(', ')}.`,
    );
  const element = data.elements.x7fe00010;
  if (element === undefined)
    throw new FormatError(
      FORMAT,
      'empty',
      'The file holds no picture.',
      { path },
      'Leave out reports and other files without pixels.',
    );

  const height = data.uint16('x00280010') ?? 0;
  const width = data.uint16('x00280011') ?? 0;
  const samples = data.uint16('x00280002') ?? 1;
  const bitsAllocated = data.uint16('x00280100') ?? 0;
  const bitsStored = data.uint16('x00280101') ?? bitsAllocated;
  const signed = data.uint16('x00280103') === 1;
  const frames = numberOf(data, 'x00280008') ?? 1;
  const photometric = (data.string('x00280004') ?? '').trim();
  const supported =
    (samples === 1 && (bitsAllocated === 8 || bitsAllocated === 16) && /^MONOCHROME[12]$/.test(photometric)) ||
    (samples === 3 && bitsAllocated === 8 && photometric === 'RGB');
  if (!supported || width === 0 || height === 0 || bitsStored > bitsAllocated)
    throw new FormatError(
      FORMAT,
      'unsupported',
      `Pictures of ${width} × ${height}, ${samples} samples of ${bitsAllocated} bits, ${photometric || 'no photometric interpretation'} are not read.`,
      { path },
      'Convert it to 8 or 16 bits MONOCHROME1, MONOCHROME2, or 8 bits RGB.',
    );

  const frameBytes = (width * height * samples * bitsAllocated) / 8;
  const raw =
    transferSyntax === RUN_LENGTH
      ? readRleFrames(data, element, frames, frameBytes, bitsAllocated / 8, samples, path)
      : element16(data, element, frames * frameBytes, path);
  const interleaved =
    samples === 3 && (transferSyntax === RUN_LENGTH || data.uint16('x00280006') === 1)
      ? interleave(raw, width * height, frames)
      : raw;
  return {
    transferSyntax,
    width,
    height,
    frames,
    channels: samples === 3 ? 3 : 1,
    inverted: photometric === 'MONOCHROME1',
    pixels: typedPixels(interleaved, bitsAllocated, bitsStored, signed, transferSyntax === BIG_ENDIAN),
    rescale: { slope: numberOf(data, 'x00281053') || 1, intercept: numberOf(data, 'x00281052') ?? 0 },
    window: windowOf(data),
    modality: data.string('x00080060') ?? '',
    seriesUid: data.string('x0020000e') ?? '',
    instanceNumber: numberOf(data, 'x00200013') ?? null,
    position: vectors(data, 'x00200032')?.[0] ?? null,
    orientation: orientationOf(data),
    pixelSpacing: numbers(data, 'x00280030', 2) as [number, number] | null,
    sliceThickness: numberOf(data, 'x00180050') ?? null,
  };
}

function parse(bytes: Uint8Array, path: string): DataSet {
  try {
    return dicomParser.parseDicom(bytes, {
      inflater: (all: Uint8Array, position: number) => inflate(all, position),
    } as Parameters<typeof dicomParser.parseDicom>[1]);
  } catch (error) {
    const words = error instanceof Error ? error.message : ((error as { exception?: unknown })?.exception ?? error);
    throw new FormatError(
      FORMAT,
      'truncated',
      `The file cannot be read to its end (${String(words).split('\n')[0]}).`,
      { path, offsetBytes: bytes.length },
      'Get a fresh copy.',
      error,
    );
  }
}

/** Header and inflated rest as one, as dicom-parser wants it. */
function inflate(bytes: Uint8Array, position: number): Uint8Array {
  const rest = inflateRawSync(bytes.subarray(position));
  const whole = new Uint8Array(position + rest.length);
  whole.set(bytes.subarray(0, position));
  whole.set(rest, position);
  return whole;
}

function element16(data: DataSet, element: Element, needed: number, path: string): Uint8Array {
  const available = Math.min(element.length, data.byteArray.length - element.dataOffset);
  if (available < needed)
    throw new FormatError(
      FORMAT,
      'truncated',
      `The picture needs ${needed} bytes, there are ${available}.`,
      { path, offsetBytes: element.dataOffset + available },
      'Get a fresh copy.',
    );
  return data.byteArray.subarray(element.dataOffset, element.dataOffset + needed) as Uint8Array;
}

/** One fragment per frame (PS3.5 A.4.2). Samples come out plane by plane. */
function readRleFrames(
  data: DataSet,
  element: Element,
  frames: number,
  frameBytes: number,
  bytesPerSample: number,
  samples: number,
  path: string,
): Uint8Array {
  const fragments = element.fragments ?? [];
  if (fragments.length !== frames)
    throw new FormatError(
      FORMAT,
      'damaged',
      `There are ${fragments.length} fragments for ${frames} frames.`,
      { path, offsetBytes: element.dataOffset },
      'Get a fresh copy.',
    );
  const out = new Uint8Array(frames * frameBytes);
  for (const [frame, fragment] of fragments.entries()) {
    const encoded = data.byteArray.subarray(fragment.position, fragment.position + fragment.length) as Uint8Array;
    decodeRle(encoded, out.subarray(frame * frameBytes, (frame + 1) * frameBytes), bytesPerSample, samples, path);
  }
  return out;
}

/** RRR…GGG…BBB… to RGBRGB… */
function interleave(planes: Uint8Array, pixels: number, frames: number): Uint8Array {
  const out = new Uint8Array(planes.length);
  for (let frame = 0; frame < frames; frame++)
    for (let plane = 0; plane < 3; plane++)
      for (let i = 0; i < pixels; i++) out[(frame * pixels + i) * 3 + plane] = planes[(frame * 3 + plane) * pixels + i];
  return out;
}

function typedPixels(
  raw: Uint8Array,
  bitsAllocated: number,
  bitsStored: number,
  signed: boolean,
  bigEndian: boolean,
): DicomImage['pixels'] {
  if (bitsAllocated === 8) return signed ? Int8Array.from(raw) : Uint8Array.from(raw);
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const count = raw.length / 2;
  const unused = 32 - bitsStored;
  const out = signed ? new Int16Array(count) : new Uint16Array(count);
  // Bits above the stored ones may hold overlays of old files.
  for (let i = 0; i < count; i++) {
    const value = view.getUint16(2 * i, !bigEndian) << unused;
    out[i] = signed ? value >> unused : value >>> unused;
  }
  return out;
}

function windowOf(data: DataSet): DicomWindow | null {
  const center = numberOf(data, 'x00281050');
  const width = numberOf(data, 'x00281051');
  return center === undefined || width === undefined || width < 1 ? null : { center, width };
}

function orientationOf(data: DataSet): DicomImage['orientation'] {
  const both = vectors(data, 'x00200037');
  return both === null || both.length < 2 ? null : [both[0], both[1]];
}

/** The first value of a decimal or integer string; undefined when absent or no number. */
function numberOf(data: DataSet, tag: string): number | undefined {
  const text = data.elements[tag] === undefined ? undefined : data.string(tag, 0);
  const value = text === undefined || text.trim() === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : undefined;
}

function numbers(data: DataSet, tag: string, count: number): number[] | null {
  const text = data.elements[tag] === undefined ? undefined : data.string(tag);
  const values = (text ?? '').split('\\').map(Number);
  return text !== undefined && values.length >= count && values.every(Number.isFinite) ? values : null;
}

function vectors(data: DataSet, tag: string): Vector3[] | null {
  const values = numbers(data, tag, 3);
  if (values === null) return null;
  return Array.from({ length: Math.floor(values.length / 3) }, (_, i) => [
    values[3 * i],
    values[3 * i + 1],
    values[3 * i + 2],
  ]);
}
