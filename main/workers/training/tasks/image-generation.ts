import { seededRandom } from '../../../base/random.ts';
import { LightbenchError } from '../../../contract/errors.ts';
import { compileForward, type ParameterValues } from '../../../graph/index.ts';
import { ddimTimes, lossFor, samplerOf } from '../../../models/index.ts';
import { float32Tensor, floats, int64Tensor, RuntimeSession, type RuntimeTensor } from '../../../runtime/index.ts';
import { columnSet, elementsOf, memoryColumn, type PreparedSet } from '../feeds.ts';
import { learnable, splitItems } from '../item-sets.ts';
import type { Computing } from '../predict.ts';
import { prepareImages } from '../prepared-set.ts';
import { imagePreprocessing } from '../statistics.ts';
import { StepRunner } from '../step-runner.ts';
import { imagesOf, preparing } from './image-classification.ts';
import type { OpenTask, Task } from './task.ts';

const SAMPLES = 64;
const COLUMNS = 8;
const DDIM_STEPS = 50;
const BYTE = 255;
/** Stream of the seed for what samples are made of. */
const NOISE_STREAM = 2000;
/** Items of the held-out split that the loss is taken on. */
const JUDGED_ITEMS = 1024;
const JUDGED_BATCH = 128;

/** Pictures like those of the dataset. There is nothing to be right about: evaluation draws samples. */
export const openImageGeneration: OpenTask = async ({ input, raw, known, modelOf }): Promise<Task> => {
  const { config, classes } = input;
  // Only a conditional model gets labels.
  const labels = classes.length > 0 ? input.labels : null;
  const images = imagesOf(raw);
  const split = learnable(
    splitItems(raw.splits, labels, () => true, { ...config, data: { ...config.data, validationFraction: 0 } }),
  );
  // Without a loss in evaluation mode, the last weights are the best.
  const sets = {
    train: split.train,
    validation: new Int32Array(),
    test: split.test.length > 0 ? split.test : split.train,
  };
  const preprocessing =
    known?.preprocessing ??
    (await imagePreprocessing(images, sets.train, { ...config.preprocessing, normalize: 'unit' }));
  if (preprocessing.kind !== 'image')
    throw new LightbenchError('workspace.damaged', 'The checkpoint is not of a model that draws pictures.');
  const { channels, height, width } = preprocessing;
  const loss = lossFor(config.task, config.loss);
  const prepare = async (
    items: Int32Array,
    onProgress?: (done: number, total: number) => void,
  ): Promise<PreparedSet> => {
    const x = await prepareImages(images, items, preprocessing, preparing(input), onProgress);
    if (labels === null) return columnSet(items.length, [x.column], x.dispose);
    const told = BigInt64Array.from(items, (item) => BigInt(labels[item]));
    return columnSet(items.length, [x.column, memoryColumn('label', [], told)], x.dispose);
  };
  return {
    sets,
    preprocessing,
    targetScale: null,
    model: modelOf(preprocessing),
    loss,
    figures: [],
    notes: [],
    prepare,
    validate: async () => ({}),
    evaluate: async (computing, parameters, evaluated, items, onProgress) => {
      const set = await prepare(items.subarray(0, JUDGED_ITEMS));
      const found = await trainingLoss(computing, parameters, set, config.seed, loss);
      await set.dispose();
      const samples = await draw(computing, parameters, config.seed, onProgress);
      const pixels = new Uint8Array(samples.length);
      const size = height * width;
      // From [samples, channels, height, width] to interleaved bytes.
      samples.forEach((value, place) => {
        const sample = Math.floor(place / (channels * size));
        const channel = Math.floor(place / size) % channels;
        pixels[(sample * size + (place % size)) * channels + channel] = Math.round(
          Math.min(1, Math.max(0, value)) * BYTE,
        );
      });
      return {
        evaluation: {
          split: evaluated,
          count: items.length,
          loss: found,
          classification: null,
          regression: null,
          generation: {
            samples: SAMPLES,
            columns: COLUMNS,
            width,
            height,
            channels,
            pixels: Buffer.from(pixels).toString('base64'),
          },
        },
        predictions: [['samples', { shape: [SAMPLES, height, width, channels], data: pixels }]],
        metrics: { loss: found },
      };
    },
  };
};

/** The loss of a training step that changes nothing, with the noise of the first step. */
async function trainingLoss(
  { model, target, settings }: Computing,
  parameters: ParameterValues,
  set: PreparedSet,
  seed: number,
  loss: Task['loss'],
): Promise<number> {
  const options = { loss, optimizer: { kind: 'sgd' as const }, parameters, target };
  const runner = await StepRunner.create(model, options, settings, null);
  try {
    let sum = 0;
    for (let first = 0; first < set.count; first += JUDGED_BATCH) {
      const count = Math.min(JUDGED_BATCH, set.count - first);
      const rows = Array.from({ length: count }, (_, place) => first + place);
      const [figures] = await runner.run(1, Float32Array.of(0), seed, await set.feeds(rows, 1));
      sum += figures.loss * count;
    }
    return sum / set.count;
  } finally {
    await runner.dispose();
  }
}

/** [samples, channels, height, width] in 0 … 1, a function of weights and seed. */
async function draw(
  { model, target, settings }: Computing,
  parameters: ParameterValues,
  seed: number,
  onProgress: (done: number, total: number) => void,
): Promise<Float32Array> {
  const sampler = samplerOf(model);
  const { inputShape } = sampler.model;
  const dims = [SAMPLES, ...inputShape];
  const random = seededRandom(seed, NOISE_STREAM);
  const noise = Float32Array.from({ length: elementsOf(dims) }, () => random.normal());
  // Each column of the sheet is of one class, as far as there are columns.
  const told: Readonly<Record<string, RuntimeTensor>> =
    sampler.classes === 0
      ? {}
      : {
          label: int64Tensor(
            BigInt64Array.from({ length: SAMPLES }, (_, sample) => BigInt((sample % COLUMNS) % sampler.classes)),
            [SAMPLES],
          ),
        };
  const session = await RuntimeSession.create(compileForward(sampler.model, { parameters, target }).onnx, settings);
  try {
    if (sampler.kind === 'latent') {
      const { output } = await session.run({ x: float32Tensor(noise, dims), ...told });
      return floats(output, 'output').slice();
    }
    const times = ddimTimes(sampler.steps, Math.min(DDIM_STEPS, sampler.steps));
    let x = noise;
    let image = noise;
    for (let step = 0; step + 1 < times.length; step++) {
      const same = (time: number) => int64Tensor(new BigInt64Array(SAMPLES).fill(BigInt(time)), [SAMPLES]);
      const said = await session.run({
        x: float32Tensor(x, dims),
        time: same(times[step]),
        next: same(times[step + 1]),
        ...told,
      });
      x = floats(said.output, 'output').slice();
      image = floats(said.image, 'image').slice();
      onProgress(step + 1, times.length - 1);
    }
    return image;
  } finally {
    await session.dispose();
  }
}
