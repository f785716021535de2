import { LightbenchError } from '../../../contract/errors.ts';
import { ITEMS_PER_CLASS } from '../../../contract/run-config.ts';
import { compileEvaluation, type LossSpec, type ParameterValues, Sequential } from '../../../graph/index.ts';
import { lossFor } from '../../../models/index.ts';
import { float32Tensor, floats, int64Tensor, RuntimeSession } from '../../../runtime/index.ts';
import { KNN, nearestNeighbours, retrievalScores } from '../../../stats/retrieval.ts';
import { classBalancedBatches } from '../batch-sampler.ts';
import { columnSet, memoryColumn, type PreparedSet } from '../feeds.ts';
import { learnable, splitItems } from '../item-sets.ts';
import { type Computing, predict } from '../predict.ts';
import { prepareImages } from '../prepared-set.ts';
import { imagePreprocessing } from '../statistics.ts';
import { imagesOf, preparing } from './image-classification.ts';
import type { OnProgress, OpenTask, Task } from './task.ts';

/** Queries at most: each is compared with all items of the split. */
const QUERIES = 10_000;
/** After every epoch. */
const QUERIES_OF_VALIDATION = 1000;
/** Queries that are shown with their neighbours, as many again of the mistakes, and neighbours of each. */
const EXAMPLES = 12;
const NEIGHBOURS = 8;

/** Pictures of a class lie close together, those of two apart. */
export const openMetricLearning: OpenTask = async ({ input, raw, known, modelOf }): Promise<Task> => {
  const { config, classes, labels } = input;
  const images = imagesOf(raw);
  const sets = learnable(splitItems(raw.splits, labels, () => true, config));
  const preprocessing = known?.preprocessing ?? (await imagePreprocessing(images, sets.train, config.preprocessing));
  if (preprocessing.kind !== 'image')
    throw new LightbenchError('workspace.damaged', 'The checkpoint is not of a model that reads pictures.');
  const labelsOf = (items: Int32Array) => Int32Array.from(items, (item) => labels?.[item] ?? -1);
  const balanced = (items: Int32Array) => {
    const { batchSize, itemsPerClass = ITEMS_PER_CLASS } = config.data;
    return classBalancedBatches(labelsOf(items), batchSize, itemsPerClass, config.seed);
  };
  const sampler = balanced(sets.train);
  if (new Set(labelsOf(sets.train)).size < 2)
    throw new LightbenchError('source.empty', 'The train split has items of one class only: nothing lies apart.', {
      suggestion: 'Label items of another class, or choose another split.',
    });
  const loss = lossFor(config.task, config.loss, config.model);
  const prepare = async (items: Int32Array, onProgress?: OnProgress): Promise<PreparedSet> => {
    const x = await prepareImages(images, items, preprocessing, preparing(input), onProgress);
    const y = BigInt64Array.from(labelsOf(items), BigInt);
    return columnSet(items.length, [x.column, memoryColumn('y', [], y)], x.dispose);
  };
  const embed = async (computing: Computing, parameters: ParameterValues, set: PreparedSet, onBatch?: OnProgress) => {
    const embeddings = await predict(computing, parameters, set, (done) => onBatch?.(done, set.count));
    return { embeddings, dimensions: embeddings.length / set.count };
  };
  return {
    sets,
    preprocessing,
    targetScale: null,
    model: await modelOf(preprocessing),
    loss,
    sampler,
    figures: [],
    notes:
      sampler.batchSize === config.data.batchSize
        ? []
        : [`A batch holds ${sampler.batchSize} items: of each class as many, and of as many classes as there are.`],
    prepare,
    validate: async (computing, parameters, set) => {
      const items = { ...(await embed(computing, parameters, set)), labels: labelsOf(sets.validation) };
      const { recallAt1, meanAveragePrecisionAtR } = retrievalScores(items, classes.length, QUERIES_OF_VALIDATION);
      return {
        validation_loss: await lossOfEmbeddings(items, loss, balanced(sets.validation), computing),
        validation_recall_at_1: recallAt1,
        validation_map_at_r: meanAveragePrecisionAtR,
      };
    },
    evaluate: async (computing, parameters, split, items, onProgress) => {
      const set = await prepare(items);
      const embedded = { ...(await embed(computing, parameters, set, onProgress)), labels: labelsOf(items) };
      await set.dispose();
      const found = await lossOfEmbeddings(embedded, loss, balanced(items), computing);
      const { perClass, ...scores } = retrievalScores(embedded, classes.length, QUERIES, onProgress);
      return {
        evaluation: {
          split,
          count: items.length,
          loss: found,
          classification: null,
          regression: null,
          retrieval: {
            classes: [...classes],
            ...scores,
            neighbours: KNN,
            perClass: perClass.map((own, label) => ({
              label: classes[label],
              queries: own?.queries ?? 0,
              recallAt1: own?.recallAt1 ?? null,
              meanAveragePrecisionAtR: own?.meanAveragePrecisionAtR ?? null,
            })),
            examples: examplesOf(embedded, items),
          },
        },
        predictions: [
          ['indices', { shape: [items.length], data: items }],
          ['embeddings', { shape: [items.length, embedded.dimensions], data: embedded.embeddings }],
          ['labels', { shape: [items.length], data: embedded.labels }],
        ],
        metrics: {
          loss: found,
          recall_at_1: scores.recallAt1,
          recall_at_5: scores.recallAt5,
          map_at_r: scores.meanAveragePrecisionAtR,
          r_precision: scores.rPrecision,
          knn_accuracy: scores.knnAccuracy,
        },
      };
    },
  };
};

interface Embedded {
  readonly embeddings: Float32Array;
  readonly dimensions: number;
  readonly labels: Int32Array;
}

/** The mean over batches like those of training. Triplets count whether they are hard or not: mined ones never get easy. */
async function lossOfEmbeddings(
  { embeddings, dimensions, labels }: Embedded,
  loss: LossSpec,
  { batchSize, rowsPerEpoch, order }: ReturnType<typeof classBalancedBatches>,
  { target, settings }: Computing,
): Promise<number> {
  const compared: LossSpec = loss.kind === 'triplet' ? { ...loss, mining: 'all' } : loss;
  const given = { module: new Sequential([]), inputShape: [dimensions] };
  const { onnx } = compileEvaluation(given, { parameters: {}, loss: compared, target });
  const session = await RuntimeSession.create(onnx, settings);
  try {
    const rows = order(0);
    let sum = 0;
    for (let first = 0; first < rowsPerEpoch; first += batchSize) {
      const batch = rows.subarray(first, first + batchSize);
      const x = new Float32Array(batchSize * dimensions);
      for (const [place, row] of batch.entries())
        x.set(embeddings.subarray(row * dimensions, (row + 1) * dimensions), place * dimensions);
      const y = BigInt64Array.from(batch, (row) => BigInt(labels[row]));
      const said = await session.run({ x: float32Tensor(x, [batchSize, dimensions]), y: int64Tensor(y, [batchSize]) });
      sum += floats(said.loss, 'loss')[0];
    }
    return (sum * batchSize) / rowsPerEpoch;
  } finally {
    await session.dispose();
  }
}

/** Queries evenly over the split, and then over those whose nearest item is of another class. */
function examplesOf(embedded: Embedded, items: Int32Array) {
  const { embeddings, dimensions, labels } = embedded;
  const search = (row: number, count: number) =>
    nearestNeighbours(embedded, embeddings.subarray(row * dimensions, (row + 1) * dimensions), count, row);
  const evenly = (rows: readonly number[]) =>
    rows.filter(
      (_, place) => Math.floor((place * EXAMPLES) / rows.length) !== Math.floor(((place - 1) * EXAMPLES) / rows.length),
    );
  const some = Array.from({ length: Math.min(items.length, QUERIES_OF_VALIDATION) }, (_, place) =>
    Math.floor((place * items.length) / Math.min(items.length, QUERIES_OF_VALIDATION)),
  );
  const mistaken = some.filter((row) => search(row, 1).some((nearest) => labels[nearest.row] !== labels[row]));
  return [...new Set([...evenly(some), ...evenly(mistaken)])].map((row) => ({
    index: items[row],
    label: labels[row],
    neighbours: search(row, NEIGHBOURS).map(({ row: near, similarity }) => ({
      index: items[near],
      label: labels[near],
      similarity,
    })),
  }));
}
