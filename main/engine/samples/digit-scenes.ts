import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { seededRandom } from '../../base/random.ts';
import { readIdx } from '../../formats/idx/idx-file.ts';

const SIDE = 64;
const DIGIT = 28;
const MOST_DIGITS = 3;
/** Ink below this is the soft rim of a stroke. */
const INK = 96;
const TRIES = 40;
const parts = [
  { split: 'train', files: 'train', scenes: 500 },
  { split: 'test', files: 't10k', scenes: 100 },
] as const;

interface Placed {
  readonly label: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

interface Scene {
  readonly pixels: Uint8Array;
  /** 0 is background, n + 1 the digit n. */
  readonly mask: Uint8Array;
  readonly placed: readonly Placed[];
}

/**
 * Scenes of one to three real digits of MNIST on a dark ground, composed: real handwriting, made-up arrangement. With
 * masks, or with boxes as a COCO file. The same digits give the same scenes.
 */
export async function composeDigitScenes(source: string, target: string, kind: 'masks' | 'boxes'): Promise<string> {
  for (const { split, files, scenes } of parts) {
    const digits = readIdx(readFileSync(join(source, `${files}-images-idx3-ubyte`)), files).data;
    const labels = readIdx(readFileSync(join(source, `${files}-labels-idx1-ubyte`)), files).data;
    const folder = join(target, split);
    for (const name of kind === 'masks' ? ['images', 'masks'] : ['images'])
      mkdirSync(join(folder, name), { recursive: true });
    const made = Array.from({ length: scenes }, (_, number) => compose(digits, labels, number));
    for (const [number, { pixels, mask }] of made.entries()) {
      await writePicture(join(folder, 'images', nameOf(number)), pixels);
      if (kind === 'masks') await writePicture(join(folder, 'masks', nameOf(number)), mask);
    }
    if (kind === 'boxes') writeFileSync(join(folder, 'annotations.json'), JSON.stringify(cocoOf(made)));
  }
  if (kind === 'masks')
    writeFileSync(
      join(target, 'classes.txt'),
      ['background', ...Array.from({ length: 10 }, (_, digit) => digit)].join('\n'),
    );
  return target;
}

function compose(digits: Uint8Array, labels: Uint8Array, number: number): Scene {
  const random = seededRandom(number, 64);
  const pixels = Uint8Array.from({ length: SIDE * SIDE }, () => random.below(24));
  const mask = new Uint8Array(SIDE * SIDE);
  const placed: Placed[] = [];
  const count = 1 + random.below(MOST_DIGITS);
  for (let tries = 0; placed.length < count && tries < TRIES; tries++) {
    const digit = random.below(labels.length);
    const image = digits.subarray(digit * DIGIT * DIGIT, (digit + 1) * DIGIT * DIGIT);
    const ink = inkOf(image);
    const x = random.below(SIDE - ink.width);
    const y = random.below(SIDE - ink.height);
    const box = { label: labels[digit], x, y, width: ink.width, height: ink.height };
    if (placed.some((other) => overlap(box, other))) continue;
    placed.push(box);
    for (let row = 0; row < ink.height; row++)
      for (let column = 0; column < ink.width; column++) {
        const value = image[(ink.top + row) * DIGIT + ink.left + column];
        const at = (y + row) * SIDE + x + column;
        pixels[at] = Math.max(pixels[at], value);
        if (value >= INK) mask[at] = labels[digit] + 1;
      }
  }
  return { pixels, mask, placed };
}

/** The smallest rectangle that holds all strokes. */
function inkOf(image: Uint8Array) {
  let [left, top, right, bottom] = [DIGIT, DIGIT, 0, 0];
  image.forEach((value, place) => {
    if (value < INK) return;
    const [row, column] = [Math.floor(place / DIGIT), place % DIGIT];
    [left, right] = [Math.min(left, column), Math.max(right, column)];
    [top, bottom] = [Math.min(top, row), Math.max(bottom, row)];
  });
  return { left, top, width: right - left + 1, height: bottom - top + 1 };
}

function overlap(a: Placed, b: Placed): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

function cocoOf(scenes: readonly Scene[]) {
  return {
    images: scenes.map((_, id) => ({ id, file_name: nameOf(id), width: SIDE, height: SIDE })),
    categories: Array.from({ length: 10 }, (_, id) => ({ id, name: String(id) })),
    annotations: scenes.flatMap(({ placed }, image_id) =>
      placed.map(({ label, x, y, width, height }) => ({
        image_id,
        category_id: label,
        bbox: [x, y, width, height],
        area: width * height,
        iscrowd: 0,
      })),
    ),
  };
}

function nameOf(number: number): string {
  return `scene-${String(number).padStart(4, '0')}.png`;
}

async function writePicture(path: string, pixels: Uint8Array): Promise<void> {
  await sharp(pixels, { raw: { width: SIDE, height: SIDE, channels: 1 } })
    .png()
    .toFile(path);
}
