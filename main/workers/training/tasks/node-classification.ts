import { LightbenchError } from '../../../contract/errors.ts';
import type { Edges } from '../../../formats/dataset-pack/annotations.ts';
import { lossFor } from '../../../models/index.ts';
import type { Feeds, PreparedSet } from '../feeds.ts';
import { learnable, splitItems } from '../item-sets.ts';
import { predict } from '../predict.ts';
import { prepareTable } from '../prepared-set.ts';
import type { RawData } from '../raw-data.ts';
import { tablePreprocessing } from '../statistics.ts';
import { accuracyReading, classificationEvaluation, validationOf } from './classifier.ts';
import { preparing } from './image-classification.ts';
import type { OpenTask, Task } from './task.ts';

/**
 * The class of each node of one graph. A batch is the whole graph; nodes that are not asked about weigh nothing, but their
 * features and edges are seen, as they will be in use (transductive, Kipf & Welling 2017).
 */
export const openNodeClassification: OpenTask = async ({ input, raw, known, modelOf }): Promise<Task> => {
  const { config, columns, classes, labels } = input;
  const edges = edgesOf(raw);
  const numbers = await raw.numbers(columns);
  const sets = learnable(splitItems(raw.splits, labels, () => true, config));
  const fitted = tablePreprocessing(columns, numbers, sets.train, config);
  const preprocessing =
    known?.preprocessing ?? (columns.length === 0 ? identityOf(raw.count) : { ...fitted, kind: 'graph' as const });
  if (preprocessing.kind !== 'graph')
    throw new LightbenchError('workspace.damaged', 'The checkpoint is not of a model that reads a graph.');
  const all = Int32Array.from({ length: raw.count }, (_, node) => node);
  const features = columns.length === 0 ? Float64Array.from(all) : numbers;
  const truthOf = (items: Int32Array) => Float64Array.from(items, (item) => labels?.[item] ?? -1);
  const prepare = async (items: Int32Array): Promise<PreparedSet> => {
    const { column } = await prepareTable(features, all, preprocessing, preparing(input));
    const x = new Float32Array(raw.count * column.shape[0]);
    await column.fill(all, x);
    const asked = new Float32Array(raw.count);
    for (const item of items) asked[item] = 1;
    const feeds: Feeds = {
      x: { data: x, dims: [raw.count, column.shape[0]] },
      edges: { data: BigInt64Array.from([...edges.from, ...edges.to], BigInt), dims: [2, edges.from.length] },
      // The class of a node without a label is never looked at.
      y: { data: BigInt64Array.from(all, (item) => BigInt(Math.max(0, labels?.[item] ?? 0))), dims: [raw.count] },
      sampleWeights: { data: asked, dims: [raw.count] },
    };
    return {
      count: items.length === 0 ? 0 : raw.count,
      whole: true,
      feeds: async () => feeds,
      dispose: async () => {},
    };
  };
  const logitsOf = (outputs: Float32Array, items: Int32Array) => {
    const chosen = new Float32Array(items.length * classes.length);
    items.forEach((item, row) => {
      chosen.set(outputs.subarray(item * classes.length, (item + 1) * classes.length), row * classes.length);
    });
    return chosen;
  };
  return {
    sets,
    preprocessing,
    targetScale: null,
    model: await modelOf(preprocessing),
    loss: lossFor(config.task, config.loss),
    // The step counts over the nodes that weigh something, and a point divides by all nodes of the graph.
    figures: [{ ...accuracyReading, unit: raw.count / sets.train.length }],
    notes: columns.length === 0 ? ['The nodes have no features: each is known by itself and its edges.'] : [],
    prepare,
    validate: async (computing, parameters, set) => {
      const outputs = await predict(computing, parameters, set);
      return validationOf(logitsOf(outputs, sets.validation), truthOf(sets.validation), classes.length);
    },
    evaluate: async (computing, parameters, split, items, onProgress) => {
      const outputs = await predict(computing, parameters, await prepare(items));
      onProgress(items.length, items.length);
      return classificationEvaluation(split, items, logitsOf(outputs, items), truthOf(items), classes);
    },
  };
};

function edgesOf(raw: RawData): Edges {
  const annotations = raw.annotations();
  if (annotations?.kind === 'edges') return annotations;
  throw new LightbenchError('source.inconsistent', 'The dataset is no graph: it has no edges.');
}

/** A feature for each node, for graphs whose nodes have none: the number of the node, one-hot. */
function identityOf(count: number) {
  return { kind: 'graph' as const, columns: [{ kind: 'category' as const, categories: count }] };
}
