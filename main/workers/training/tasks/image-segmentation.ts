import { LightbenchError } from '../../../contract/errors.ts';
import type { Masks } from '../../../formats/dataset-pack/annotations.ts';
import { decodeMask } from '../../../formats/image-masks/mask-pixels.ts';
import { lossFor } from '../../../models/index.ts';
import { floats } from '../../../runtime/index.ts';
import { confusionMatrix } from '../../../stats/confusion-matrix.ts';
import { maskScores } from '../../../stats/mask-scores.ts';
import { evaluationLoss } from '../evaluation-loss.ts';
import { columnSet, memoryColumn, type PreparedSet } from '../feeds.ts';
import { learnable, splitItems } from '../item-sets.ts';
import type { SaidOfRows } from '../predict.ts';
import { prepareImages } from '../prepared-set.ts';
import type { RawData } from '../raw-data.ts';
import { imagePreprocessing } from '../statistics.ts';
import { imagesOf, preparing } from './image-classification.ts';
import type { OnProgress, OpenTask, Task } from './task.ts';

const LISTED_ITEMS = 200;

/** A class for every pixel. Masks are brought to the size that the model sees by their nearest pixel. */
export const openImageSegmentation: OpenTask = async ({ input, raw, known, modelOf }): Promise<Task> => {
  const { config, classes } = input;
  const images = imagesOf(raw);
  const masks = masksOf(raw);
  const sets = learnable(splitItems(raw.splits, null, () => true, config));
  const preprocessing = known?.preprocessing ?? (await imagePreprocessing(images, sets.train, config.preprocessing));
  if (preprocessing.kind !== 'image')
    throw new LightbenchError('workspace.damaged', 'The checkpoint is not of a model that reads pictures.');
  const { height, width } = preprocessing;
  const pixels = height * width;
  const loss = lossFor(config.task, config.loss, config.model);
  const truthOf = async (items: Int32Array): Promise<Uint8Array> => {
    const all = new Uint8Array(items.length * pixels);
    for (const [row, item] of items.entries()) all.set(await maskOf(masks, item, height, width), row * pixels);
    const beyond = all.find((value) => value >= classes.length);
    if (beyond !== undefined)
      throw new LightbenchError(
        'source.inconsistent',
        `A mask has the value ${beyond}, and there are ${classes.length} classes.`,
      );
    return all;
  };
  const prepare = async (items: Int32Array, onProgress?: OnProgress): Promise<PreparedSet> => {
    const x = await prepareImages(images, items, preprocessing, preparing(input), onProgress);
    const y = BigInt64Array.from(await truthOf(items), BigInt);
    return columnSet(items.length, [x.column, memoryColumn('y', [height, width], y)], x.dispose);
  };
  /** The most probable class of each pixel. */
  const readMasks = (into: Uint8Array, { first, count, outputs }: SaidOfRows) => {
    const logits = floats(outputs.output, 'output');
    for (let row = 0; row < count; row++)
      for (let pixel = 0; pixel < pixels; pixel++) {
        let best = 0;
        const at = (label: number) => logits[(row * classes.length + label) * pixels + pixel];
        for (let label = 1; label < classes.length; label++) if (at(label) > at(best)) best = label;
        into[(first + row) * pixels + pixel] = best;
      }
  };
  return {
    sets,
    preprocessing,
    targetScale: null,
    model: await modelOf(preprocessing),
    loss,
    figures: [{ figure: 'pixelAccuracy', metric: 'train_pixel_accuracy', kind: 'mean', unit: 1 }],
    notes: [],
    prepare,
    validate: async (computing, parameters, set) => {
      const said = new Uint8Array(set.count * pixels);
      const found = await evaluationLoss(computing, parameters, set, loss, (rows) => readMasks(said, rows));
      const scores = maskScores(confusionMatrix(await truthOf(sets.validation), said, classes.length));
      return {
        validation_loss: found,
        validation_mean_iou: scores.meanIntersectionOverUnion,
        validation_mean_dice: scores.meanDice,
      };
    },
    evaluate: async (computing, parameters, split, items, onProgress) => {
      const set = await prepare(items);
      const said = new Uint8Array(items.length * pixels);
      const found = await evaluationLoss(computing, parameters, set, loss, (rows) => {
        readMasks(said, rows);
        onProgress(rows.first + rows.count, items.length);
      });
      await set.dispose();
      const truth = await truthOf(items);
      const { perClass, ...scores } = maskScores(confusionMatrix(truth, said, classes.length));
      const single = Array.from(items, (index, row) => {
        const [from, to] = [row * pixels, (row + 1) * pixels];
        const own = confusionMatrix(truth.subarray(from, to), said.subarray(from, to), classes.length);
        return { index, meanIntersectionOverUnion: maskScores(own).meanIntersectionOverUnion };
      });
      return {
        evaluation: {
          split,
          count: items.length,
          loss: found,
          classification: null,
          regression: null,
          segmentation: {
            classes: [...classes],
            ...scores,
            perClass: perClass.map((score, label) => ({ label: classes[label], ...score })),
            items: single
              .sort((a, b) => a.meanIntersectionOverUnion - b.meanIntersectionOverUnion)
              .slice(0, LISTED_ITEMS),
          },
        },
        predictions: [
          ['indices', { shape: [items.length], data: items }],
          ['masks', { shape: [items.length, height, width], data: said }],
          ['truth', { shape: [items.length, height, width], data: truth }],
        ],
        metrics: {
          loss: found,
          mean_iou: scores.meanIntersectionOverUnion,
          mean_dice: scores.meanDice,
          pixel_accuracy: scores.pixelAccuracy,
        },
      };
    },
  };
};

function masksOf(raw: RawData): Masks {
  const annotations = raw.annotations();
  if (annotations?.kind === 'masks') return annotations;
  throw new LightbenchError('source.inconsistent', 'The pictures of the dataset have no masks.');
}

async function maskOf({ offsets, lengths, bytes }: Masks, item: number, height: number, width: number) {
  const file = bytes.subarray(offsets[item], offsets[item] + lengths[item]);
  const mask = await decodeMask(file, `mask ${item}`);
  if (mask.height === height && mask.width === width) return mask.values;
  const values = new Uint8Array(height * width);
  for (let y = 0; y < height; y++) {
    const row = Math.floor(((y + 0.5) * mask.height) / height);
    for (let x = 0; x < width; x++)
      values[y * width + x] = mask.values[row * mask.width + Math.floor(((x + 0.5) * mask.width) / width)];
  }
  return values;
}
