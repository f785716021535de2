import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeImage, encodePng, shrinkImage } from './decode-image.ts';

const GOLDEN = join(process.cwd(), 'e2e/golden/formats/images');
const expected: Record<string, { shape: number[]; pixels: number[]; tolerance?: number }> = JSON.parse(
  readFileSync(join(GOLDEN, 'expected.json'), 'utf8'),
);
const read = (name: string) => readFileSync(join(GOLDEN, name));

describe('decodeImage', () => {
  it.each(Object.keys(expected))('reads %s as Pillow does', async (name) => {
    const image = await decodeImage(read(name), name);
    const { shape, pixels, tolerance = 0 } = expected[name];
    expect([image.height, image.width, image.channels]).toEqual(shape);
    expect(Math.max(...pixels.map((value, i) => Math.abs(value - image.data[i])))).toBeLessThanOrEqual(tolerance);
    expect(image.data.length).toBe(pixels.length);
  });

  it.each(Object.keys(expected))('refuses %s cut in half', async (name) => {
    const bytes = read(name);
    await expect(decodeImage(bytes.subarray(0, bytes.length >> 1), name)).rejects.toMatchObject({
      name: 'FormatError',
      place: { path: name },
    });
  });

  it('names what is no picture, what is empty and what is scrambled', async () => {
    await expect(decodeImage(Buffer.from('<html>not found</html>'), 'a.png')).rejects.toMatchObject({
      reason: 'unsupported',
    });
    await expect(decodeImage(new Uint8Array(), 'a.png')).rejects.toMatchObject({ reason: 'empty' });
    const scrambled = Uint8Array.from(read('rgb.png'), (byte, i) => (i > 40 ? byte ^ 0x5a : byte));
    await expect(decodeImage(scrambled, 'a.png')).rejects.toMatchObject({ name: 'FormatError' });
    const rle = Uint8Array.from(read('palette.bmp'));
    rle[30] = 1;
    await expect(decodeImage(rle, 'a.bmp')).rejects.toMatchObject({
      reason: 'unsupported',
      message: expect.stringContaining('RLE8'),
    });
  });

  it('writes PNG that it reads again, and shrinks within a square', async () => {
    const image = await decodeImage(read('rgb.png'), 'rgb.png');
    expect((await decodeImage(await encodePng(image), 'again.png')).data).toEqual(image.data);
    expect(await shrinkImage(image, 4)).toMatchObject({ width: 4, height: 3 });
  });
});
