import { seededRandom } from '../../base/random.ts';
import { compileForward, type ParameterValues } from '../../graph/index.ts';
import { drawingTimes, type Sampler, samplerOf } from '../../models/index.ts';
import { float32Tensor, floats, int64Tensor, RuntimeSession, type RuntimeTensor } from '../../runtime/index.ts';
import { elementsOf } from './feeds.ts';
import type { Computing } from './predict.ts';
import type { Pictures } from './sample-judge.ts';

const CHUNK = 100;
const BYTE = 255;
/** Stream of the seed for what samples are made of. */
const NOISE_STREAM = 2000;

/** How many samples stand beside each other. */
const COLUMNS = { usual: 8, most: 16 } as const;

export interface Drawn extends Pictures {
  readonly columns: number;
  /** The class that each sample was to be; null where the model is not told any. */
  readonly asked: readonly number[] | null;
}

/** Pictures that a generative model draws, a function of weights and seed: the first ones are the same for any count. */
export async function drawSamples(
  { model, target, settings }: Computing,
  parameters: ParameterValues,
  seed: number,
  count: number,
  onProgress: (done: number, total: number) => void = () => {},
): Promise<Drawn> {
  const sampler = samplerOf(model);
  const columns = columnsOf(sampler);
  const temperature = sampler.kind === 'latent' ? sampler.temperature : 1;
  const random = seededRandom(seed, NOISE_STREAM);
  const [channels, height, width] = model.inputShape;
  const size = channels * height * width;
  const data = new Uint8Array(count * size);
  const asked = sampler.classes === 0 ? null : Array.from({ length: count }, (_, i) => (i % columns) % sampler.classes);
  const session = await RuntimeSession.create(compileForward(sampler.model, { parameters, target }).onnx, settings);
  try {
    for (let first = 0; first < count; first += CHUNK) {
      const rows = Math.min(CHUNK, count - first);
      const dims = [rows, ...sampler.model.inputShape];
      const noise = Float32Array.from({ length: elementsOf(dims) }, () => random.normal() * temperature);
      const told: Record<string, RuntimeTensor> = {};
      if (asked !== null)
        told.label = int64Tensor(BigInt64Array.from(asked.slice(first, first + rows), BigInt), [rows]);
      const images = await draw(session, sampler, noise, dims, told);
      // From [rows, channels, height, width] in 0 … 1 to interleaved bytes.
      images.forEach((value, place) => {
        const channel = Math.floor(place / (height * width)) % channels;
        const pixel = Math.floor(place / size) * height * width + (place % (height * width));
        data[first * size + pixel * channels + channel] = Math.round(Math.min(1, Math.max(0, value)) * BYTE);
      });
      onProgress(first + rows, count);
    }
    return { height, width, channels, data, columns, asked };
  } finally {
    await session.dispose();
  }
}

/** A column per class where the model is told classes. */
export const columnsOf = ({ classes }: Sampler): number =>
  classes >= 2 && classes <= COLUMNS.most ? classes : COLUMNS.usual;

/**
 * @param noise times the temperature
 * @param told further inputs of each application of the model
 * @param count steps of DDIM, where they are not as many as usual
 */
export async function draw(
  session: RuntimeSession,
  sampler: { readonly kind: 'latent' } | { readonly kind: 'ddim'; readonly steps: number },
  noise: Float32Array<ArrayBuffer>,
  dims: readonly number[],
  told: Readonly<Record<string, RuntimeTensor>>,
  count?: number,
): Promise<Float32Array> {
  if (sampler.kind === 'latent') {
    const { output } = await session.run({ x: float32Tensor(noise, dims), ...told });
    return floats(output, 'output').slice();
  }
  const [rows] = dims;
  const times = drawingTimes(sampler.steps, count);
  const same = (time: number): RuntimeTensor => int64Tensor(new BigInt64Array(rows).fill(BigInt(time)), [rows]);
  let x = noise;
  let image = noise;
  for (let step = 0; step + 1 < times.length; step++) {
    const feeds = { x: float32Tensor(x, dims), time: same(times[step]), next: same(times[step + 1]), ...told };
    const said = await session.run(feeds);
    x = floats(said.output, 'output').slice();
    image = floats(said.image, 'image').slice();
  }
  return image;
}
