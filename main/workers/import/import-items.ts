/**
 * Reads a source of pictures pack by pack. Each finished pack is an artifact plus a note in the scratch folder; a resumed
 * import takes the notes whose part of the source has not changed, and does only the rest.
 */
import { createHash, hash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { LightbenchError } from '../../contract/errors.ts';
import { encodings, type ManifestArtifact, type SliceInfo } from '../../formats/dataset-pack/dataset-index.ts';
import { FormatError } from '../../formats/format-error.ts';
import { allocateSketches, type Sketches, sketchesOf } from '../../stats/cell-sketch.ts';
import { allocateHashes, cellCount, type PerceptualHashes, perceptualHasher } from '../../stats/perceptual-hash.ts';
import type { ArtifactStore } from '../../storage/artifacts/artifact-store.ts';
import type { ItemSource, SourceItem } from './item-source.ts';
import { type PackPart, readNote, writeNote } from './pack-part.ts';
import type { SimilarityThread } from './similarity-thread.ts';

/** Items of one pack, so that one of tiny pictures still ends soon enough to be noted. */
const MAXIMUM_PACK_ITEMS = 32_768;
/** Pictures that are decoded at a time. */
const DECODERS = 4;

export interface ImportSurroundings {
  readonly store: ArtifactStore;
  readonly scratchFolder: string;
  readonly packSizeBytes: number;
  readonly signal: AbortSignal;
  readonly progress: (phase: string, done: number, total: number, unit: string) => void;
  readonly log: (level: 'info' | 'warning' | 'error', text: string) => void;
}

/** Packs of which the items are known, while the last ones may still be on their way into the store. */
export interface ReadItems {
  readonly parts: readonly Omit<PackPart, 'pack'>[];
  /** What all items are compared by; on its way through the similarity thread. */
  readonly sketches: Sketches;
  /** All packs, stored and noted. */
  readonly packs: Promise<readonly ManifestArtifact[]>;
}

/** Reads the whole source, in order. @throws LightbenchError job.cancelled, storage.disk_full */
export async function importItems(
  source: ItemSource,
  surroundings: ImportSurroundings,
  similarity: SimilarityThread,
): Promise<ReadItems> {
  const { store, scratchFolder, signal, progress, log } = surroundings;
  mkdirSync(scratchFolder, { recursive: true });
  const parts: Omit<PackPart, 'pack'>[] = [];
  const packs: Promise<ManifestArtifact>[] = [];
  const finished: Promise<void>[] = [];
  const sketches = allocateSketches(source.plain === null ? 0 : source.count);
  let failure: unknown;
  let reused = 0;
  progress('Reading images', 0, source.count, 'images');
  try {
    for (const [number, [from, to]] of planPacks(source, surroundings.packSizeBytes).entries()) {
      stopWhenAsked(signal);
      const fingerprint = createHash('sha256').update(source.fingerprint(from, to)).digest('hex');
      const note = join(scratchFolder, `pack-${String(number).padStart(5, '0')}`);
      const known = readNote(note, fingerprint, store);
      if (known !== undefined) {
        reused += known.items.length;
        parts.push(known);
        packs.push(Promise.resolve(known.pack));
        if (source.plain !== null) {
          copyHashes(known.hashes, sketchesOf(sketches, from, to), 0);
          similarity.sketch(sketches, from, to);
        }
      } else if (source.plain === null) {
        const part = await readPart(source, from, to, surroundings);
        writeNote(note, fingerprint, part);
        parts.push(part);
        packs.push(Promise.resolve(part.pack));
      } else {
        // The pack is written, and its images are looked at, while those of the next one are hashed.
        const bytes = await source.plain.pixels(from, to);
        const { words, cells, brightness } = sketchesOf(sketches, from, to);
        const hashes = { words, cells, brightness };
        const hashing = similarity.hash(source.plain, bytes, hashes);
        const stored = store.putInBackground(bytes);
        const part = { ...plainPart(source.plain, bytes, from, to), hashes };
        const hashed = hashing.finish();
        similarity.sketch(sketches, from, to);
        finished.push(hashed);
        const noted = Promise.all([stored, hashed]).then(([pack]) => {
          writeNote(note, fingerprint, { pack, ...part });
          return pack;
        });
        noted.catch((error: unknown) => {
          failure ??= error;
        });
        parts.push(part);
        packs.push(noted);
      }
      progress('Reading images', to, source.count, 'images');
      // The message to stop is read between packs.
      await setImmediate();
      if (failure !== undefined) throw failure;
    }
    await Promise.all(finished);
  } catch (error) {
    await Promise.allSettled(packs);
    throw error;
  }
  if (reused > 0)
    log('info', `${reused} images were already stored by the interrupted import and were not read again.`);
  const all = Promise.all(packs);
  // Until it is awaited, a failure must not end the process without a word.
  all.catch(() => {});
  if (source.plain !== null) return { parts, packs: all, sketches };
  const joined = allocateSketches(parts.reduce((sum, part) => sum + part.items.length, 0));
  let row = 0;
  for (const part of parts) {
    copyHashes(part.hashes, joined, row);
    row += part.items.length;
  }
  similarity.sketch(joined, 0, row);
  return { parts, packs: all, sketches: joined };
}

function copyHashes(from: PerceptualHashes, to: PerceptualHashes, row: number): void {
  to.words.set(from.words, 2 * row);
  to.cells.set(from.cells, cellCount * row);
  to.brightness.set(from.brightness, row);
}

export function stopWhenAsked(signal: AbortSignal): void {
  if (signal.aborted) throw new LightbenchError('job.cancelled', 'The import was stopped. What it stored is kept.');
}

function planPacks(source: ItemSource, packSizeBytes: number): readonly (readonly [from: number, to: number])[] {
  const packs: [number, number][] = [];
  let from = 0;
  let size = 0;
  for (let item = 0; item < source.count; item++) {
    const own = source.sizeBytes(item);
    if (item > from && (size + own > packSizeBytes || item - from >= MAXIMUM_PACK_ITEMS)) {
      packs.push([from, item]);
      from = item;
      size = 0;
    }
    size += own;
  }
  if (from < source.count) packs.push([from, source.count]);
  return packs;
}

/** Items that lie in memory as plain pixels: all but the pack itself and what the similarity thread finds. */
function plainPart(
  { width, height, channels }: NonNullable<ItemSource['plain']>,
  bytes: Uint8Array,
  from: number,
  to: number,
): Omit<PackPart, 'pack' | 'hashes'> {
  const count = to - from;
  const itemBytes = width * height * channels;
  const digests = Buffer.alloc(32 * count);
  for (let i = 0; i < count; i++) {
    const at = i * itemBytes;
    // Twice as fast as asking for a Buffer per item.
    digests.write(hash('sha256', bytes.subarray(at, at + itemBytes), 'binary'), 32 * i, 'binary');
  }
  const items = new Uint32Array(count);
  const offsets = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    items[i] = from + i;
    offsets[i] = i * itemBytes;
  }
  return {
    thumbnails: null,
    items,
    digests,
    offsets,
    lengths: new Uint32Array(count).fill(itemBytes),
    encodings: new Uint8Array(count).fill(encodings.indexOf('pixels-uint8')),
    widths: new Uint32Array(count).fill(width),
    heights: new Uint32Array(count).fill(height),
    channels: new Uint8Array(count).fill(channels),
    thumbnailOffsets: new Uint32Array(count),
    thumbnailLengths: new Uint32Array(count),
    slices: [],
    unreadable: [],
  };
}

/** Items that are read one by one; those that cannot be read are listed. */
async function readPart(
  source: ItemSource,
  from: number,
  to: number,
  { store, signal, progress }: ImportSurroundings,
): Promise<PackPart> {
  const count = to - from;
  const pack = store.writer();
  const thumbnails = store.writer();
  const unreadable: { path: string; reason: string }[] = [];
  const slices: SliceInfo[] = [];
  const columns = {
    items: new Uint32Array(count),
    digests: new Uint8Array(32 * count),
    offsets: new Uint32Array(count),
    lengths: new Uint32Array(count),
    encodings: new Uint8Array(count),
    widths: new Uint32Array(count),
    heights: new Uint32Array(count),
    channels: new Uint8Array(count),
    thumbnailOffsets: new Uint32Array(count),
    thumbnailLengths: new Uint32Array(count),
  };
  const hashes = allocateHashes(count);
  let kept = 0;
  let packBytes = 0;
  let thumbnailBytes = 0;
  const keep = (item: number, read: SourceItem) => {
    columns.items[kept] = item;
    columns.digests.set(hash('sha256', read.bytes, 'buffer'), 32 * kept);
    columns.offsets[kept] = packBytes;
    columns.lengths[kept] = read.bytes.length;
    columns.encodings[kept] = encodings.indexOf(read.encoding);
    columns.widths[kept] = read.width;
    columns.heights[kept] = read.height;
    columns.channels[kept] = read.channels;
    columns.thumbnailOffsets[kept] = thumbnailBytes;
    columns.thumbnailLengths[kept] = read.thumbnail?.length ?? 0;
    perceptualHasher(read.preview)(read.preview.data, 0, hashes, kept);
    if (read.slice) slices.push(read.slice);
    pack.write(read.bytes);
    packBytes += read.bytes.length;
    if (read.thumbnail) thumbnails.write(read.thumbnail);
    thumbnailBytes += read.thumbnail?.length ?? 0;
    kept++;
  };
  try {
    for (let first = from; first < to; first += DECODERS) {
      stopWhenAsked(signal);
      const batch = Array.from({ length: Math.min(DECODERS, to - first) }, (_, i) => first + i);
      const results = await Promise.all(
        batch.map((item) => source.read(item).catch((error: unknown) => reasonOf(error))),
      );
      for (const [i, result] of results.entries()) {
        if (typeof result === 'string') unreadable.push({ path: source.name(batch[i]), reason: result });
        else keep(batch[i], result);
      }
      progress('Reading images', Math.min(first + DECODERS, to), source.count, 'images');
    }
    const storedThumbnails = thumbnailBytes > 0 ? thumbnails.commit() : null;
    if (storedThumbnails === null) thumbnails.abort();
    const trimmed = Object.fromEntries(
      Object.entries(columns).map(([name, column]) => [name, column.slice(0, (column.length / count) * kept)]),
    ) as typeof columns;
    return {
      pack: pack.commit(),
      thumbnails: storedThumbnails,
      ...trimmed,
      hashes: {
        words: hashes.words.slice(0, 2 * kept),
        cells: hashes.cells.slice(0, cellCount * kept),
        brightness: hashes.brightness.slice(0, kept),
      },
      slices,
      unreadable,
    };
  } catch (error) {
    pack.abort();
    thumbnails.abort();
    throw error;
  }
}

/** A damaged or vanished picture is listed; anything else ends the import. */
function reasonOf(error: unknown): string {
  if (error instanceof FormatError) return error.message;
  const code = (error as { code?: string } | null)?.code;
  if (code === 'ENOENT' || code === 'EACCES' || code === 'EIO') return (error as Error).message;
  throw error;
}
