import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodePng } from '../image/decode-image.ts';
import { readColumns, writeColumns } from './columns-file.ts';
import { DatasetFiles } from './dataset-files.ts';
import { allocateColumns, type DatasetManifest, identityOf, readIndex, writeIndex } from './dataset-index.ts';

describe('columns file', () => {
  it('reads what it wrote, also from an address that is not aligned', () => {
    const file = writeColumns(
      { name: 'ü' },
      { bytes: Uint8Array.of(1, 2, 3), numbers: Float64Array.of(0.5, -1), words: Uint32Array.of(7) },
    );
    const shifted = new Uint8Array(file.length + 1);
    shifted.set(file, 1);
    for (const bytes of [file, shifted.subarray(1)]) {
      const { meta, columns } = readColumns(bytes, 'a');
      expect(meta).toEqual({ name: 'ü' });
      expect(columns).toEqual({
        bytes: Uint8Array.of(1, 2, 3),
        numbers: Float64Array.of(0.5, -1),
        words: Uint32Array.of(7),
      });
    }
  });

  it('names damage', () => {
    const file = writeColumns(null, { bytes: new Uint8Array(100) });
    expect(() => readColumns(file.subarray(0, file.length - 50), 'a')).toThrow(
      expect.objectContaining({ reason: 'truncated' }),
    );
    expect(() => readColumns(file.subarray(0, 13), 'a')).toThrow(expect.objectContaining({ reason: 'truncated' }));
    expect(() => readColumns(new Uint8Array(20), 'a')).toThrow(expect.objectContaining({ reason: 'wrong_magic' }));
  });
});

describe('dataset files', () => {
  let folder: string;
  const path = (digest: string) => join(folder, digest);
  const put = (bytes: Uint8Array) => {
    const digest = createHash('sha256').update(bytes).digest('hex');
    writeFileSync(path(digest), bytes);
    return { digest, sizeBytes: bytes.length };
  };
  let packDigest: string;
  let files: DatasetFiles;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'pack-'));
    // Three grey pictures of 2 × 2 as pixels, a colour PNG of 4 × 4 as a file, a second pack with one more grey.
    const png = await encodePng({ width: 4, height: 4, channels: 3, data: new Uint8Array(48).fill(100) });
    const pack = put(Uint8Array.from([...Array(12).keys(), ...png]));
    packDigest = pack.digest;
    const second = put(Uint8Array.of(9, 9, 9, 9));
    const columns = allocateColumns(5);
    columns.packs.set([0, 0, 0, 0, 1]);
    columns.offsets.set([0, 4, 8, 12, 0]);
    columns.lengths.set([4, 4, 4, png.length, 4]);
    columns.encodings[3] = 1;
    columns.widths.set([2, 2, 2, 4, 2]);
    columns.heights.set([2, 2, 2, 4, 2]);
    columns.channels.set([1, 1, 1, 3, 1]);
    columns.splits.set([0, 2, 0, 0, 2]);
    const index = put(writeIndex({ columns, names: ['a', 'b', 'c', 'd', 'e'], slices: [] }));
    const manifest: DatasetManifest = {
      layout: 1,
      digest: '',
      kind: 'image',
      classes: [],
      rows: 5,
      index,
      packs: [pack, second],
      thumbnails: [],
      table: null,
    };
    files = DatasetFiles.open({ path }, put(Buffer.from(JSON.stringify(manifest))).digest);
  });
  afterAll(() => {
    files.close();
    rmSync(folder, { recursive: true });
  });

  it('gives items, splits and shapes', async () => {
    expect((await files.image(1)).data).toEqual(Uint8Array.of(4, 5, 6, 7));
    expect(await files.image(3)).toMatchObject({ width: 4, height: 4, channels: 3 });
    expect([...files.splitItems('test')]).toEqual([1, 4]);
    expect(files.commonShape()).toBeNull();
  });

  it('gathers a tensor in any order, in runs, decoding and resizing what differs', async () => {
    const { data, shape } = await files.tensor([4, 0, 1, 2, 3], { width: 2, height: 2, channels: 1 });
    expect(shape).toEqual([5, 2, 2, 1]);
    expect([...data]).toEqual([9, 9, 9, 9, ...Array(12).keys(), 100, 100, 100, 100]);
    const colour = await files.tensor([4, 3], { width: 2, height: 2, channels: 3 });
    expect([...colour.data.subarray(0, 3), ...colour.data.subarray(12, 15)]).toEqual([9, 9, 9, 100, 100, 100]);
  });

  it('takes digests of content, not of flags or of the place in the packs', () => {
    const base = { columns: allocateColumns(2), names: ['a', 'b'], slices: [] };
    const version = { kind: 'image', schema: [], target: 'label', classes: ['x'] };
    const digest = identityOf(version, base, null);
    const changed = (change: (columns: ReturnType<typeof allocateColumns>) => void) => {
      const columns = allocateColumns(2);
      change(columns);
      return identityOf(version, { ...base, columns }, null);
    };
    expect(changed((columns) => columns.flags.fill(1))).toBe(digest);
    expect(changed((columns) => columns.offsets.fill(1))).toBe(digest);
    expect(changed((columns) => columns.labels.fill(1))).not.toBe(digest);
    expect(changed((columns) => columns.splits.fill(1))).not.toBe(digest);
    expect(identityOf(version, { ...base, names: ['a', 'c'] }, null)).not.toBe(digest);
    expect(readIndex(writeIndex(base), 'i')).toEqual(base);
  });

  it('names a pack that was cut', async () => {
    truncateSync(path(packDigest), 6);
    await expect(files.tensor([1], { width: 2, height: 2, channels: 1 })).rejects.toMatchObject({
      reason: 'truncated',
    });
  });
});
