import { LightbenchError } from '../../../contract/errors.ts';
import type { ParameterValues } from '../../../graph/index.ts';
import { lossFor, samplerOf } from '../../../models/index.ts';
import { ArtifactStore } from '../../../storage/artifacts/artifact-store.ts';
import { columnsOf, drawSamples } from '../draw-samples.ts';
import { columnSet, memoryColumn, type PreparedSet } from '../feeds.ts';
import { learnable, splitItems } from '../item-sets.ts';
import type { Computing } from '../predict.ts';
import { prepareImages } from '../prepared-set.ts';
import { judgeSamples, type Pictures } from '../sample-judge.ts';
import { imagePreprocessing } from '../statistics.ts';
import { StepRunner } from '../step-runner.ts';
import { imagesOf, preparing } from './image-classification.ts';
import type { FigureReading, OpenTask, Task } from './task.ts';

/** Of the sheet of samples. */
const ROWS = 8;
/** Of the samples that are kept along the way. */
const KEPT_ROWS = 2;
/** Samples that a classifier looks at, and real pictures beside them. */
const JUDGED_SAMPLES = 500;
const REAL_PICTURES = 2000;
/** Items of the held-out split that the loss is taken on. */
const JUDGED_ITEMS = 1024;
const JUDGED_BATCH = 128;

const mean = (figure: string, metric: string): FigureReading => ({ figure, metric, kind: 'mean', unit: 1 });

/** The parts of a loss that say how a kind of model gets on. */
const figures: Readonly<Record<string, readonly FigureReading[]>> = {
  vae: [mean('reconstruction', 'train_reconstruction'), mean('divergence', 'train_divergence')],
  gan: [mean('discriminatorLoss', 'train_discriminator_loss'), mean('generatorLoss', 'train_generator_loss')],
};

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
  const fidelityOf = async (drawn: Pictures, asked: readonly number[] | null) => {
    if (input.judge === undefined || images.size === null) return null;
    const real = await images.read(sets.test.subarray(0, REAL_PICTURES));
    return judgeSamples(
      input.judge,
      new ArtifactStore(input.workspaceFolder),
      preparing(input),
      drawn,
      { ...real, channels: images.channels },
      asked,
    );
  };
  return {
    sets,
    preprocessing,
    targetScale: null,
    model: await modelOf(preprocessing),
    loss,
    figures: figures[config.model.kind] ?? [],
    notes: [],
    prepare,
    drawSome: async (computing, parameters) => {
      const columns = columnsOf(samplerOf(computing.model));
      const { data } = await drawSamples(computing, parameters, config.seed, KEPT_ROWS * columns);
      return { shape: [KEPT_ROWS, columns, height, width, channels], data };
    },
    validate: async () => ({}),
    evaluate: async (computing, parameters, evaluated, items, onProgress) => {
      const set = await prepare(items.subarray(0, JUDGED_ITEMS));
      const found = await trainingLoss(computing, parameters, set, config.seed, loss);
      await set.dispose();
      const drawn = await drawSamples(computing, parameters, config.seed, JUDGED_SAMPLES, onProgress);
      const { columns, asked } = drawn;
      const shown = columns * ROWS;
      const pixels = drawn.data.subarray(0, shown * height * width * channels);
      const fidelity = await fidelityOf(drawn, asked);
      return {
        evaluation: {
          split: evaluated,
          count: items.length,
          loss: found,
          classification: null,
          regression: null,
          generation: {
            samples: shown,
            columns,
            width,
            height,
            channels,
            pixels: Buffer.from(pixels).toString('base64'),
            ...(fidelity === null ? {} : { fidelity }),
          },
        },
        predictions: [['samples', { shape: [shown, height, width, channels], data: pixels }]],
        metrics: {
          loss: found,
          ...(fidelity === null ? {} : { confident_share: fidelity.confidentShare }),
          ...(fidelity?.frechetDistance == null ? {} : { frechet_distance: fidelity.frechetDistance }),
        },
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
  const runner = await StepRunner.create(model, options, settings, 1, null);
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
