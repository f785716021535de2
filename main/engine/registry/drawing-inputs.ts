import { seededRandom } from '../../base/random.ts';
import type { InputLayout } from '../training/index.ts';
import type { InputTensors } from './raw-samples.ts';

/** Stream of a seed for the noise of one picture. */
const NOISE_STREAM = 3000;

/** The one setting that is counted. */
export const STEPS = 'steps';

/** What one picture is made of. */
export interface DrawnPicture {
  readonly seed: number;
  /** Its class; −1 for none. */
  readonly label: number;
}

/**
 * The inputs of a model that draws. The noise of a picture follows from its seed, whatever is drawn beside it.
 *
 * @param settings instead of those of the studio's own samples
 */
export function drawingInputs(
  { input, drawing }: InputLayout,
  pictures: readonly DrawnPicture[],
  settings: Readonly<Record<string, number>> = {},
): InputTensors {
  if (drawing === undefined) throw new Error(`The input ${input.name} is not drawn from.`);
  const [, ...shape] = input.shape;
  const size = shape.reduce((product, side) => product * side, 1);
  const noise = pictures.flatMap(({ seed }) => {
    const random = seededRandom(seed, NOISE_STREAM);
    return Array.from({ length: size }, () => random.normal());
  });
  const labels = BigInt64Array.from(pictures, ({ label }) => BigInt(label));
  return {
    noise: { dtype: 'float32', dims: [pictures.length, ...shape], data: Float32Array.from(noise) },
    ...(drawing.classes > 0 ? { label: { dtype: 'int64', dims: [pictures.length], data: labels } as const } : {}),
    ...Object.fromEntries(
      Object.entries(drawing.settings).map(([name, usual]) => [
        name,
        name === STEPS
          ? ({ dtype: 'int64', dims: [1], data: BigInt64Array.of(BigInt(settings[name] ?? usual)) } as const)
          : ({ dtype: 'float32', dims: [1], data: Float32Array.of(settings[name] ?? usual) } as const),
      ]),
    ),
  };
}
