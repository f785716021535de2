import { compileForward, type ParameterValues } from '../../graph/index.ts';
import { float32Tensor, floats, RuntimeSession } from '../../runtime/index.ts';
import type { Experiment } from './experiment.ts';
import type { PreparedSet } from './prepared-set.ts';

const BATCH_SIZE = 256;

/**
 * Outputs of the model in evaluation mode (logits of a classifier), row-major, one row per sample. The weights are
 * constants of the graph, which lets ONNX Runtime pack them once.
 */
export async function predict(
  experiment: Experiment,
  parameters: ParameterValues,
  set: PreparedSet,
  onBatch: (done: number) => void = () => {},
): Promise<Float32Array> {
  const { model, target, settings } = experiment;
  const { onnx } = compileForward(model, { parameters, target });
  const session = await RuntimeSession.create(onnx, settings);
  try {
    const width = outputWidth(experiment);
    const outputs = new Float32Array(set.count * width);
    const buffer = new Float32Array(Math.min(BATCH_SIZE, set.count) * set.sampleLength);
    for (let start = 0; start < set.count; start += BATCH_SIZE) {
      const rows = Array.from({ length: Math.min(BATCH_SIZE, set.count - start) }, (_, place) => start + place);
      const x = buffer.subarray(0, rows.length * set.sampleLength);
      await set.fill(rows, x);
      const result = await session.run({ x: float32Tensor(x, [rows.length, ...model.inputShape]) });
      outputs.set(floats(result.output, 'output'), start * width);
      onBatch(start + rows.length);
    }
    return outputs;
  } finally {
    await session.dispose();
  }
}

export function outputWidth({ input }: Experiment): number {
  return Math.max(1, input.classes.length);
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
