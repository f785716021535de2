/** Reads the items of a dataset version: pixels of one, or a batch as one contiguous tensor. */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import sharp from 'sharp';
import { toPreview } from '../dicom/dicom-series.ts';
import { FormatError } from '../format-error.ts';
import { type DecodedImage, decodeImage } from '../image/decode-image.ts';
import { type Annotations, readAnnotations } from './annotations.ts';
import { type DatasetIndex, type DatasetManifest, encodings, readIndex, splitNames } from './dataset-index.ts';

/** Where artifacts lie; the artifact store is one. */
export interface ArtifactPaths {
  /** Absolute path of the artifact with this digest. */
  path(digest: string): string;
}

export type PlainImage = Pick<DecodedImage, 'width' | 'height' | 'channels' | 'data'>;

export interface TensorShape {
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
}

export interface ImageTensor {
  /** uint8, NHWC. */
  readonly data: Uint8Array;
  readonly shape: readonly [count: number, height: number, width: number, channels: number];
}

/** Open files that a reader keeps; packs are few and large. */
const OPEN_FILES = 64;

/** A dataset version on disk. Holds file handles until `close`; the index stays in memory (some 80 bytes per item). */
export class DatasetFiles {
  readonly manifest: DatasetManifest;
  readonly index: DatasetIndex;
  readonly #artifacts: ArtifactPaths;
  readonly #handles = new Map<string, number>();

  private constructor(artifacts: ArtifactPaths, manifest: DatasetManifest, index: DatasetIndex) {
    this.#artifacts = artifacts;
    this.manifest = manifest;
    this.index = index;
  }

  /** @throws FormatError 'damaged' or 'truncated', or a system error when a file is missing. */
  static open(artifacts: ArtifactPaths, manifestDigest: string): DatasetFiles {
    const manifest = JSON.parse(readFileSync(artifacts.path(manifestDigest), 'utf8')) as DatasetManifest;
    if (manifest.layout !== 1)
      throw new FormatError(
        'dataset-index',
        'unsupported',
        `The dataset has the layout ${manifest.layout}; this version reads layout 1.`,
        {},
        'Update Lightbench.',
      );
    const indexPath = artifacts.path(manifest.index.digest);
    const index = readIndex(readFileSync(indexPath), indexPath);
    return new DatasetFiles(artifacts, manifest, index);
  }

  get count(): number {
    return this.manifest.rows;
  }

  /** Absolute path of the Parquet file of a table; null for pictures. */
  get tablePath(): string | null {
    return this.manifest.table === null ? null : this.#artifacts.path(this.manifest.table.digest);
  }

  /** Masks, boxes or edges; null where there are none. */
  annotations(): Annotations | null {
    const { annotations } = this.manifest;
    if (annotations === undefined) return null;
    const path = this.#artifacts.path(annotations.digest);
    return readAnnotations(readFileSync(path), path);
  }

  /** Whether items are files that must be decoded. */
  get isEncoded(): boolean {
    return this.index.columns.encodings.some((code) => encodings[code] === 'file');
  }

  /** Items of a split, ascending. */
  splitItems(split: (typeof splitNames)[number]): Uint32Array {
    const wanted = splitNames.indexOf(split);
    const { splits } = this.index.columns;
    const items = new Uint32Array(splits.length);
    let count = 0;
    for (let item = 0; item < splits.length; item++) if (splits[item] === wanted) items[count++] = item;
    return items.slice(0, count);
  }

  /** The stored bytes of an item. */
  bytes(item: number): Uint8Array {
    const { packs, offsets, lengths } = this.index.columns;
    return this.#read(this.manifest.packs[packs[item]].digest, offsets[item], lengths[item]);
  }

  /** An item at its own size, 8 bit; DICOM slices through their window. */
  async image(item: number): Promise<PlainImage> {
    const { widths, heights, channels, encodings: codes } = this.index.columns;
    const encoding = encodings[codes[item]];
    const bytes = this.bytes(item);
    if (encoding === 'file') return decodeImage(bytes, this.index.names[item] ?? `item ${item}`);
    const shape = { width: widths[item], height: heights[item], channels: channels[item] as PlainImage['channels'] };
    if (encoding === 'pixels-uint8' && this.index.slices.length === 0) return { ...shape, data: bytes };
    const slice = this.index.slices[item];
    const aligned = bytes.slice().buffer;
    const values =
      encoding === 'pixels-int16'
        ? new Int16Array(aligned)
        : encoding === 'pixels-uint16'
          ? new Uint16Array(aligned)
          : bytes;
    return {
      ...shape,
      data: shape.channels === 3 ? bytes : toPreview(values, slice.rescale, slice.window, slice.inverted),
    };
  }

  /** A small picture of the item: its thumbnail when it has one, else the item itself. */
  async thumbnail(item: number): Promise<PlainImage> {
    const { thumbnailPacks, thumbnailOffsets, thumbnailLengths } = this.index.columns;
    if (thumbnailLengths[item] === 0) return this.image(item);
    return decodeImage(
      this.#read(this.manifest.thumbnails[thumbnailPacks[item]].digest, thumbnailOffsets[item], thumbnailLengths[item]),
      `thumbnail ${item}`,
    );
  }

  /** The size that all items share; null when they differ. Four channels are given as three: `tensor` drops alpha. */
  commonShape(): TensorShape | null {
    const { widths, heights, channels } = this.index.columns;
    if (widths.length === 0) return null;
    const same = (column: ArrayLike<number>) => {
      for (let item = 1; item < column.length; item++) if (column[item] !== column[0]) return false;
      return true;
    };
    return same(widths) && same(heights) && same(channels)
      ? { width: widths[0], height: heights[0], channels: channels[0] === 1 ? 1 : 3 }
      : null;
  }

  /**
   * Items as one contiguous tensor, in the order asked for. Items of that very shape stored as pixels are copied in runs
   * (a split of MNIST takes about as long as reading the file); others are decoded, resized (stretched) and converted
   * between grey and colour.
   */
  async tensor(items: ArrayLike<number>, shape: TensorShape): Promise<ImageTensor> {
    const { width, height, channels } = shape;
    const size = width * height * channels;
    const data = new Uint8Array(items.length * size);
    const { packs, offsets, lengths, encodings: codes, widths, heights, channels: own } = this.index.columns;
    const plain = (item: number) =>
      codes[item] === 0 &&
      this.index.slices.length === 0 &&
      widths[item] === width &&
      heights[item] === height &&
      own[item] === channels;
    for (let at = 0; at < items.length; ) {
      const first = items[at];
      if (!plain(first)) {
        data.set(await this.#resized(first, shape), at * size);
        at++;
        continue;
      }
      let run = 1;
      while (
        at + run < items.length &&
        items[at + run] === first + run &&
        packs[first + run] === packs[first] &&
        offsets[first + run] === offsets[first + run - 1] + lengths[first + run - 1] &&
        plain(first + run)
      )
        run++;
      this.#readInto(
        this.manifest.packs[packs[first]].digest,
        offsets[first],
        data.subarray(at * size, (at + run) * size),
      );
      at += run;
    }
    return { data, shape: [items.length, height, width, channels] };
  }

  close(): void {
    for (const handle of this.#handles.values()) closeSync(handle);
    this.#handles.clear();
  }

  async #resized(item: number, { width, height, channels }: TensorShape): Promise<Uint8Array> {
    const image = await this.image(item);
    if (image.width === width && image.height === height && image.channels === channels) return image.data;
    const pipeline = sharp(image.data, { raw: { width: image.width, height: image.height, channels: image.channels } });
    const resized =
      image.width === width && image.height === height ? pipeline : pipeline.resize(width, height, { fit: 'fill' });
    const flat = image.channels === 4 ? resized.flatten() : resized;
    return flat
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .raw()
      .toBuffer();
  }

  #read(digest: string, offset: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    this.#readInto(digest, offset, bytes);
    return bytes;
  }

  #readInto(digest: string, offset: number, target: Uint8Array): void {
    const handle = this.#handle(digest);
    for (let done = 0; done < target.length; ) {
      const read = readSync(handle, target, done, target.length - done, offset + done);
      if (read === 0)
        throw new FormatError(
          'dataset-pack',
          'truncated',
          `The pack ends inside of an item.`,
          { path: this.#artifacts.path(digest), offsetBytes: offset + done },
          'Check the workspace, and restore this file from a backup.',
        );
      done += read;
    }
  }

  #handle(digest: string): number {
    const open = this.#handles.get(digest);
    if (open !== undefined) return open;
    if (this.#handles.size >= OPEN_FILES) {
      const [[oldest, handle]] = this.#handles;
      closeSync(handle);
      this.#handles.delete(oldest);
    }
    const handle = openSync(this.#artifacts.path(digest), 'r');
    this.#handles.set(digest, handle);
    return handle;
  }
}
