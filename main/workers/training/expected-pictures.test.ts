import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  allocateColumns,
  type DatasetManifest,
  encodings,
  writeIndex,
} from '../../formats/dataset-pack/dataset-index.ts';
import { ArtifactStore } from '../../storage/artifacts/artifact-store.ts';
import { digitClasses, digitsDataset } from './digits.test-support.ts';
import { columnSet, type PreparedSet } from './feeds.ts';
import { closePictureCache, openPictureCache, throughCache } from './picture-cache.ts';
import { PictureThreads } from './picture-threads.ts';
import type { Preparation } from './preparation.ts';
import { openPreparation, prepareImages } from './prepared-set.ts';
import { openRawData, type RawData } from './raw-data.ts';
import { imagePreprocessing } from './statistics.ts';

const COUNT = 90;
const DAMAGED = COUNT - 1;
const settings = { provider: 'cpu', threads: 2 } as const;

let folder: string;
let raw: RawData;
let manifestDigest: string;
const items = Int32Array.from({ length: COUNT }, (_, item) => item);

/** Real digits as JPEG files of many sizes; the last of them is cut off. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pictures-'));
  const digits = await digitsDataset(COUNT, 0, folder);
  const plain = openRawData(folder, digits.manifestDigest);
  const store = new ArtifactStore(folder);
  const columns = allocateColumns(COUNT);
  const files: Buffer[] = [];
  for (const item of items) {
    const { data, width, height } = (await plain.images?.read([item])) ?? { data: Buffer.of(), width: 0, height: 0 };
    const size = 24 + (item % 9);
    const file = await sharp(data, { raw: { width, height, channels: 1 } })
      .resize(size)
      .jpeg()
      .toBuffer();
    files.push(item === DAMAGED ? file.subarray(0, 40) : file);
    columns.widths[item] = size;
    columns.heights[item] = size;
  }
  plain.close();
  files.forEach((file, item) => {
    columns.lengths[item] = file.length;
    columns.offsets[item] = files.slice(0, item).reduce((sum, { length }) => sum + length, 0);
  });
  columns.channels.fill(1);
  columns.encodings.fill(encodings.indexOf('file'));
  const names = Array.from(items, (item) => `digit/${item}.jpg`);
  const manifest: DatasetManifest = {
    layout: 1,
    digest: '0'.repeat(64),
    kind: 'image',
    classes: digitClasses,
    rows: COUNT,
    index: store.put(writeIndex({ columns, names, slices: [] })),
    packs: [store.put(Buffer.concat(files))],
    thumbnails: [],
    table: null,
  };
  manifestDigest = store.put(Buffer.from(JSON.stringify(manifest))).digest;
  raw = openRawData(folder, manifestDigest);
});
afterAll(() => {
  raw.close();
  rmSync(folder, { recursive: true });
});

async function prepared(budgetBytes: number, which = items.subarray(0, DAMAGED)): Promise<PreparedSet> {
  const images = raw.images;
  if (images === null) throw new Error('no pictures');
  const preprocessing = await imagePreprocessing(images, items.subarray(0, 30), {
    normalize: 'dataset',
    resize: [20, 20],
  });
  const { column, dispose } = await prepareImages(images, which, preprocessing, settings, () => {}, budgetBytes);
  return columnSet(which.length, [column], dispose);
}

const bitsOf = async (set: PreparedSet, rows: readonly number[]): Promise<Buffer> => {
  const { x } = await set.feeds(rows, 1);
  return Buffer.from(new Uint8Array(x.data.buffer, x.data.byteOffset, x.data.byteLength));
};
const range = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from }, (_, place) => from + place);
const BATCHES = [range(0, 20).toReversed(), range(30, 50), [7, 7, 3], range(50, DAMAGED)];

describe('pictures that do not fit into memory', () => {
  it('come as those in memory do, to the bit: announced, out of order, or not at all', async () => {
    const whole = await prepared(Number.POSITIVE_INFINITY);
    expect(whole.expect).toBeUndefined();
    const expected = new Map<readonly number[], Buffer>();
    for (const rows of BATCHES) expected.set(rows, await bitsOf(whole, rows));
    expect(new Set([...expected.values()].map((bits) => bits.toString('hex'))).size).toBe(BATCHES.length);

    const set = await prepared(0);
    for (const rows of BATCHES) expect(await bitsOf(set, rows)).toEqual(expected.get(rows));
    for (const rows of BATCHES) expect(set.expect?.(rows)).toBe(true);
    // Something else in between, as a look at the layers asks for, does not disturb the line.
    expect(await bitsOf(set, [7, 7, 3])).toEqual(expected.get(BATCHES[2]));
    for (const rows of BATCHES) expect(await bitsOf(set, rows)).toEqual(expected.get(rows));
    // Several announced batches may be asked for at once.
    for (const rows of BATCHES.slice(0, 2)) set.expect?.(rows);
    expect(await bitsOf(set, BATCHES.slice(0, 2).flat())).toEqual(
      Buffer.concat(BATCHES.slice(0, 2).map((rows) => expected.get(rows) as Buffer)),
    );
    await whole.dispose();
    await set.dispose();
  });

  it('are decoded once: later epochs read what the first one left on disk, as long as there was room', async () => {
    const images = raw.images;
    if (images === null) throw new Error('no pictures');
    const preprocessing = await imagePreprocessing(images, items.subarray(0, 30), {
      normalize: 'dataset',
      resize: [20, 20],
    });
    const decoded: number[] = [];
    const counting: Preparation = {
      prepare: async (wanted, into) => {
        for (const item of Array.from(wanted)) decoded.push(item);
        await preparation.prepare(wanted, into);
      },
      dispose: () => preparation.dispose(),
    };
    const preparation = await openPreparation(images, preprocessing, settings);
    const epoch = async (through: Preparation, wanted: readonly number[]): Promise<Float32Array> => {
      const into = new Float32Array(new SharedArrayBuffer(4 * wanted.length * 400));
      await through.prepare(wanted, into);
      return into;
    };
    const all = range(0, DAMAGED);
    const expected = await epoch(preparation, all);

    const cache = openPictureCache(folder, COUNT, 400);
    expect(readdirSync(join(folder, 'artifacts', 'incoming'))).toEqual([]);
    const cached = throughCache(counting, cache);
    expect(await epoch(cached, all.slice(10, 40))).toEqual(expected.slice(400 * 10, 400 * 40));
    expect(await epoch(cached, all)).toEqual(expected);
    expect(await epoch(cached, all)).toEqual(expected);
    expect(decoded.toSorted((a, b) => a - b)).toEqual(all);
    closePictureCache(cache);

    const small = openPictureCache(folder, COUNT, 400, 5);
    decoded.length = 0;
    for (let time = 0; time < 2; time++) expect(await epoch(throughCache(counting, small), all)).toEqual(expected);
    expect(decoded).toHaveLength(2 * DAMAGED - 5);
    closePictureCache(small);

    // A disk that takes nothing.
    const opened = openPictureCache(folder, COUNT, 400);
    const full = { ...opened, file: -1 };
    decoded.length = 0;
    for (let time = 0; time < 2; time++) expect(await epoch(throughCache(counting, full), all)).toEqual(expected);
    expect(decoded).toHaveLength(2 * DAMAGED);
    expect(full.room[0]).toBeLessThanOrEqual(0);
    closePictureCache(opened);
    await preparation.dispose();
  });

  it('are announced no further than there is room for', async () => {
    const set = await prepared(0);
    const batch = range(0, 80);
    let announced = 0;
    while (announced < 1000 && set.expect?.(batch)) announced++;
    // 4096 samples, or a twentieth of the memory.
    expect(announced).toBeGreaterThan(0);
    expect(announced).toBeLessThanOrEqual(51);
    await bitsOf(set, batch);
    expect(set.expect?.(batch)).toBe(true);
    await set.dispose();
  });

  it('tell of a damaged file by its name, at the batch that it belongs to, and go on', async () => {
    const set = await prepared(0, items);
    set.expect?.([1, 2]);
    set.expect?.([3, DAMAGED]);
    set.expect?.([4, 5]);
    await bitsOf(set, [1, 2]);
    await expect(set.feeds([3, DAMAGED], 1)).rejects.toMatchObject({
      code: 'workspace.damaged',
      message: expect.stringContaining(`digit/${DAMAGED}.jpg`),
    });
    await bitsOf(set, [4, 5]);
    await set.dispose();
  });

  it('reject what is asked of threads that end, or are closed', async () => {
    if (raw.images === null) throw new Error('no pictures');
    const preprocessing = await imagePreprocessing(raw.images, items.subarray(0, 9), {
      normalize: 'unit',
      resize: [8, 8],
    });
    const into = new Float32Array(new SharedArrayBuffer(4 * 64));
    const lost = new PictureThreads({ workspaceFolder: folder, manifestDigest: 'f'.repeat(64), preprocessing }, 1);
    await expect(lost.prepare(Int32Array.of(0), into)).rejects.toThrow();
    await expect(lost.prepare(Int32Array.of(0), into)).rejects.toThrow();
    await lost.close();
    const threads = new PictureThreads({ workspaceFolder: folder, manifestDigest, preprocessing }, 2);
    const asked = [threads.prepare(Int32Array.of(0), into), threads.prepare(Int32Array.of(1), into)];
    const ended = Promise.allSettled(asked);
    await threads.close();
    expect(await ended).toMatchObject([
      { status: 'rejected', reason: { code: 'job.cancelled' } },
      { status: 'rejected', reason: { code: 'job.cancelled' } },
    ]);
  });
});
