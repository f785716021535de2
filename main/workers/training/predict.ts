import { compileForward, type ParameterValues, type Target } from '../../graph/index.ts';
import type { Model } from '../../models/index.ts';
import { floats, RuntimeSession, type RuntimeTensor, type SessionSettings } from '../../runtime/index.ts';
import { feedTensor, type PreparedSet } from './feeds.ts';

const BATCH_SIZE = 256;
/** Outputs that are pictures are large: fewer of them at once. */
const BATCH_VALUES = 1 << 22;

/** A model and where it computes. */
export interface Computing {
  readonly model: Model;
  readonly target: Target;
  readonly settings: SessionSettings;
}

/** What a forward pass said of some samples. */
export interface SaidOfRows {
  /** The first of the samples, and how many they are. */
  readonly first: number;
  readonly count: number;
  readonly outputs: Readonly<Record<string, RuntimeTensor>>;
}

/**
 * Runs the model in evaluation mode over a set, batch by batch. The weights are constants of the graph, which lets ONNX
 * Runtime pack them once.
 */
export async function forEachBatch(
  computing: Computing,
  parameters: ParameterValues,
  set: PreparedSet,
  visit: (said: SaidOfRows) => void,
  compile: () => Uint8Array = () => compileForward(computing.model, { parameters, target: computing.target }).onnx,
): Promise<void> {
  const session = await RuntimeSession.create(compile(), computing.settings);
  try {
    const widest = computing.model.summary.outputShape.slice(1).reduce<number>((size, each) => size * Number(each), 1);
    const batchSize = set.whole ? set.count : Math.max(1, Math.min(BATCH_SIZE, Math.floor(BATCH_VALUES / widest)));
    const rowsFrom = (first: number) =>
      Array.from({ length: Math.min(batchSize, set.count - first) }, (_, place) => first + place);
    for (let first = 0; first < set.count; first += batchSize) {
      const rows = rowsFrom(first);
      const count = rows.length;
      const feeds = await set.feeds(rows, 1);
      if (first + count < set.count) set.expect?.(rowsFrom(first + count));
      const outputs = await session.run(
        Object.fromEntries(Object.entries(feeds).map(([name, feed]) => [name, feedTensor(feed)])),
      );
      visit({ first, count, outputs });
    }
  } finally {
    await session.dispose();
  }
}

/** Outputs of the model in evaluation mode (logits of a classifier), row-major, one row per sample. */
export async function predict(
  computing: Computing,
  parameters: ParameterValues,
  set: PreparedSet,
  onBatch: (done: number) => void = () => {},
): Promise<Float32Array> {
  let all = new Float32Array();
  await forEachBatch(computing, parameters, set, ({ first, count, outputs }) => {
    const values = floats(outputs.output, 'output');
    const width = values.length / count;
    if (all.length === 0) all = new Float32Array(set.count * width);
    all.set(values, first * width);
    onBatch(first + count);
  });
  return all;
}

/** Softmax of each row, in float64, written as float32. */
export function probabilitiesOf(logits: Float32Array, classCount: number): Float32Array {
  const probabilities = new Float32Array(logits.length);
  for (let start = 0; start < logits.length; start += classCount) {
    const row = logits.subarray(start, start + classCount);
    const largest = Math.max(...row);
    const exponentials = Array.from(row, (value) => Math.exp(value - largest));
    const sum = exponentials.reduce((total, value) => total + value, 0);
    for (let k = 0; k < classCount; k++) probabilities[start + k] = exponentials[k] / sum;
  }
  return probabilities;
}

/** Mean of −ln softmax(logits)[truth], by log-sum-exp. */
export function crossEntropy(logits: Float32Array, truth: ArrayLike<number>, classCount: number): number {
  let sum = 0;
  for (let item = 0; item < truth.length; item++) {
    const row = logits.subarray(item * classCount, (item + 1) * classCount);
    const largest = Math.max(...row);
    const total = row.reduce((all, value) => all + Math.exp(value - largest), 0);
    sum += largest + Math.log(total) - row[truth[item]];
  }
  return sum / truth.length;
}

export function largestAt(values: Float32Array, row: number, width: number): number {
  let best = 0;
  for (let k = 1; k < width; k++) if (values[row * width + k] > values[row * width + best]) best = k;
  return best;
}
