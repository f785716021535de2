import { LightbenchError } from '../../../contract/errors.ts';
import type { Boxes } from '../../../formats/dataset-pack/annotations.ts';
import { lossFor } from '../../../models/index.ts';
import { floats } from '../../../runtime/index.ts';
import { detectionScores, matchBoxes, type ScoredBox } from '../../../stats/detection-scores.ts';
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
/** Overlap from which a box counts as found in the list of pictures. */
const FOUND = 0.5;
/** Class, left, top, right, bottom. */
const BOX_VALUES = 5;
const NO_CLASS = -1;

/** Boxes with a class. Inside, boxes are in pixels of the size that the model sees; outside, in those of the picture. */
export const openObjectDetection: OpenTask = async ({ input, raw, known, modelOf }): Promise<Task> => {
  const { config, classes } = input;
  const images = imagesOf(raw);
  const annotations = boxesOf(raw);
  const sets = learnable(splitItems(raw.splits, null, () => true, config));
  const preprocessing = known?.preprocessing ?? (await imagePreprocessing(images, sets.train, config.preprocessing));
  if (preprocessing.kind !== 'image')
    throw new LightbenchError('workspace.damaged', 'The checkpoint is not of a model that reads pictures.');
  const { height, width } = preprocessing;
  const loss = lossFor(config.task, config.loss, config.model);
  const truthOf = (items: Int32Array): ScoredBox[] =>
    Array.from(items).flatMap((item, image) => boxesOfItem(annotations, item).map((box) => ({ ...box, image })));
  const scaleOf = (item: number) => {
    const size = images.sizeOf(item);
    return { x: width / size.width, y: height / size.height };
  };
  const sizesOf = (items: Int32Array) =>
    Int32Array.from(
      Array.from(items).flatMap((item) => {
        const size = images.sizeOf(item);
        return [size.width, size.height];
      }),
    );
  const prepare = async (items: Int32Array, onProgress?: OnProgress): Promise<PreparedSet> => {
    const x = await prepareImages(images, items, preprocessing, preparing(input), onProgress);
    const most = Math.max(1, ...Array.from(items, (item) => boxesOfItem(annotations, item).length));
    const y = new Float32Array(items.length * most * BOX_VALUES);
    items.forEach((item, row) => {
      const scale = scaleOf(item);
      const boxes = boxesOfItem(annotations, item);
      for (let place = 0; place < most; place++) {
        const box = boxes[place];
        const values =
          box === undefined
            ? [NO_CLASS, 0, 0, 0, 0]
            : [
                box.label,
                box.x * scale.x,
                box.y * scale.y,
                (box.x + box.width) * scale.x,
                (box.y + box.height) * scale.y,
              ];
        y.set(values, (row * most + place) * BOX_VALUES);
      }
    });
    return columnSet(items.length, [x.column, memoryColumn('y', [most, BOX_VALUES], y)], x.dispose);
  };
  const readBoxes = (items: Int32Array, { first, outputs }: SaidOfRows): ScoredBox[] => {
    const values = floats(outputs.detections, 'detections');
    return Array.from({ length: values.length / 7 }, (_, place) => {
      const [row, label, score, left, top, right, bottom] = values.subarray(place * 7, (place + 1) * 7);
      const image = first + row;
      const scale = scaleOf(items[image]);
      return {
        image,
        label,
        score,
        x: left / scale.x,
        y: top / scale.y,
        width: (right - left) / scale.x,
        height: (bottom - top) / scale.y,
      };
    }).sort((a, b) => b.score - a.score);
  };
  return {
    sets,
    preprocessing,
    targetScale: null,
    model: await modelOf(preprocessing),
    loss,
    figures: [
      { figure: 'heatLoss', metric: 'train_heat_loss', kind: 'mean', unit: 1 },
      { figure: 'boxLoss', metric: 'train_box_loss', kind: 'mean', unit: 1 },
    ],
    notes: [],
    prepare,
    validate: async (computing, parameters, set) => {
      const predicted: ScoredBox[] = [];
      const found = await evaluationLoss(computing, parameters, set, loss, (said) => {
        predicted.push(...readBoxes(sets.validation, said));
      });
      const scores = detectionScores(truthOf(sets.validation), predicted, classes.length);
      return {
        validation_loss: found,
        validation_average_precision: scores.averagePrecision,
        validation_average_precision_50: scores.averagePrecision50,
      };
    },
    evaluate: async (computing, parameters, split, items, onProgress) => {
      const set = await prepare(items);
      const predicted: ScoredBox[] = [];
      const found = await evaluationLoss(computing, parameters, set, loss, (said) => {
        predicted.push(...readBoxes(items, said));
        onProgress(said.first + said.count, items.length);
      });
      await set.dispose();
      const truth = truthOf(items);
      const { perClass, ...scores } = detectionScores(truth, predicted, classes.length);
      const single = Array.from(items, (index, image) => {
        const own = truth.filter((box) => box.image === image);
        const said = predicted.filter((box) => box.image === image);
        const right = matchBoxes(own, said, FOUND).filter((match) => match >= 0).length;
        return { index, missed: own.length - right, wrong: said.length - right };
      });
      return {
        evaluation: {
          split,
          count: items.length,
          loss: found,
          classification: null,
          regression: null,
          detection: {
            classes: [...classes],
            ...scores,
            perClass: perClass.map((averagePrecision, label) => ({
              label: classes[label],
              averagePrecision,
              boxes: truth.filter((box) => box.label === label).length,
            })),
            items: single.sort((a, b) => b.missed + b.wrong - a.missed - a.wrong).slice(0, LISTED_ITEMS),
          },
        },
        predictions: [
          ['indices', { shape: [items.length], data: items }],
          ['boxes', { shape: [predicted.length, 7], data: tableOf(predicted, true) }],
          ['sizes', { shape: [items.length, 2], data: sizesOf(items) }],
          ['truth', { shape: [truth.length, 6], data: tableOf(truth, false) }],
        ],
        metrics: {
          loss: found,
          average_precision: scores.averagePrecision,
          average_precision_50: scores.averagePrecision50,
        },
      };
    },
  };
};

function boxesOf(raw: RawData): Boxes {
  const annotations = raw.annotations();
  if (annotations?.kind === 'boxes') return annotations;
  throw new LightbenchError('source.inconsistent', 'The pictures of the dataset have no boxes.');
}

function boxesOfItem({ starts, labels, boxes }: Boxes, item: number): Omit<ScoredBox, 'image'>[] {
  return Array.from({ length: starts[item + 1] - starts[item] }, (_, place) => {
    const at = starts[item] + place;
    const [x, y, width, height] = boxes.subarray(4 * at, 4 * at + 4);
    return { label: labels[at], x, y, width, height };
  });
}

function tableOf(boxes: readonly ScoredBox[], scored: boolean): Float32Array {
  return Float32Array.from(
    boxes.flatMap(({ image, label, x, y, width, height, score }) => [
      image,
      label,
      x,
      y,
      width,
      height,
      ...(scored ? [score ?? 0] : []),
    ]),
  );
}
