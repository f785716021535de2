import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { seededRandom } from '../../../main/base/random.ts';

const ASK_WHERE = 'import sklearn, os; print(os.path.join(os.path.dirname(sklearn.__file__), "datasets", "images"))';
const QUALITY = 90;

export interface Crops {
  readonly count: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Pieces of the two photographs that come with scikit-learn, as JPEG files in one folder per photograph.
 *
 * @throws Error where Python has no scikit-learn
 */
export async function writePhotographs(folder: string, { count, width, height }: Crops): Promise<void> {
  const python = process.env.LIGHTBENCH_PYTHON ?? 'python3';
  const source = execFileSync(python, ['-c', ASK_WHERE], { encoding: 'utf8' }).trim();
  const random = seededRandom(0, 0);
  for (const name of ['china', 'flower']) {
    const target = path.join(folder, name);
    mkdirSync(target, { recursive: true });
    const photograph = sharp(path.join(source, `${name}.jpg`));
    const whole = await photograph.metadata();
    for (let piece = 0; piece < count / 2; piece++) {
      const left = Math.floor(random.uniform() * (whole.width - width));
      const top = Math.floor(random.uniform() * (whole.height - height));
      const file = await photograph.clone().extract({ left, top, width, height }).jpeg({ quality: QUALITY }).toBuffer();
      writeFileSync(path.join(target, `${piece}.jpg`), file);
    }
  }
}
