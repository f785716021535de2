import { crc32, deflateSync } from 'node:zlib';
import { PIXELS, SIDE } from './digits.ts';

/** Images in rows of `columns`, one pixel apart, as a PNG of greys. @param images [count, 28, 28] in [0, 1] */
export function samplePicture(images: Float32Array, columns: number): Buffer {
  const count = images.length / PIXELS;
  const cell = SIDE + 1;
  const [width, height] = [columns * cell + 1, Math.ceil(count / columns) * cell + 1];
  const lines = Buffer.alloc(height * (width + 1), 128);
  for (let line = 0; line < height; line++) lines[line * (width + 1)] = 0;
  for (let index = 0; index < images.length; index++) {
    const image = Math.floor(index / PIXELS);
    const row = Math.floor(image / columns) * cell + 1 + (Math.floor(index / SIDE) % SIDE);
    const column = (image % columns) * cell + 1 + (index % SIDE);
    lines[row * (width + 1) + 1 + column] = Math.round(255 * Math.min(1, Math.max(0, images[index] ?? 0)));
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8;
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(lines)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(kind: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(kind, 'latin1'), data]);
  const frame = Buffer.alloc(body.length + 8);
  frame.writeUInt32BE(data.length, 0);
  body.copy(frame, 4);
  frame.writeUInt32BE(crc32(body), body.length + 4);
  return frame;
}
