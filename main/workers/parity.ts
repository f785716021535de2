import { availableParallelism } from 'node:os';
import type { z } from 'zod';
import { type ParityResult, parityInput, type parityTensor } from '../contract/bundle-worker.ts';
import { elementTensor, floats, type RuntimeFeeds, RuntimeSession, runtimeVersion } from '../runtime/index.ts';
import { runWorker } from './worker-channel.ts';

const SHOWN_SAMPLES = 10;

type Values = z.infer<typeof parityTensor>;
type Difference = ParityResult['worst'][number];

/**
 * Feeds real samples to the graph as it was trained and to the graph that ships, at several batch sizes, and compares the
 * outputs. A number that is not finite never agrees with anything.
 */
runWorker(parityInput, async (input) => {
  const settings = { provider: 'cpu', threads: availableParallelism() } as const;
  const reference = await RuntimeSession.create(input.reference.onnx, settings);
  const bundle = await RuntimeSession.create(input.bundleOnnx, settings);
  const weights = Object.fromEntries(
    Object.entries(input.reference.weights).map(([name, value]) => [name, feed(value)]),
  );
  const count = input.samples.dims[0];
  const checks: ParityResult['checks'] = [];
  const differences: Difference[] = [];

  for (const batchSize of input.batchSizes) {
    let maxAbsDiff = 0;
    let agreeing = 0;
    for (let from = 0; from < count; from += batchSize) {
      const samples = { [input.inputName]: feed(rows(input.samples, from, Math.min(count, from + batchSize))) };
      const expected = await outputs(reference, { ...weights, ...samples }, input.outputName);
      const actual = await outputs(bundle, samples, input.outputName);
      for (const [offset, row] of expected.entries()) {
        const difference = compare(row, actual[offset] ?? [], input.classification);
        maxAbsDiff = Math.max(maxAbsDiff, difference);
        if (!input.classification || argmax(row) === argmax(actual[offset] ?? [])) agreeing++;
        differences.push({
          sample: from + offset,
          batchSize,
          maxAbsDiff: difference,
          reference: finite(row),
          bundle: finite(actual[offset] ?? []),
        });
      }
    }
    checks.push({ batchSize, samples: count, maxAbsDiff, classAgreement: agreeing / count });
  }
  await reference.dispose();
  await bundle.dispose();
  const maxAbsDiff = Math.max(...checks.map((check) => check.maxAbsDiff));
  const result: ParityResult = {
    checks,
    maxAbsDiff,
    passed: maxAbsDiff <= input.tolerance,
    runtime: `onnxruntime-node ${runtimeVersion()}, cpu`,
    worst: differences.toSorted((a, b) => b.maxAbsDiff - a.maxAbsDiff).slice(0, SHOWN_SAMPLES),
  };
  return result;
});

const feed = (value: Values) => elementTensor(value.dtype, value.data, value.dims);

function rows(samples: Values, from: number, to: number): Values {
  const size = samples.data.length / samples.dims[0];
  return { ...samples, dims: [to - from, ...samples.dims.slice(1)], data: samples.data.slice(from * size, to * size) };
}

async function outputs(session: RuntimeSession, feeds: RuntimeFeeds, name: string): Promise<Float32Array[]> {
  const tensor = (await session.run(feeds))[name];
  const values = floats(tensor, name);
  const count = tensor.dims[0];
  const width = values.length / count;
  return Array.from({ length: count }, (_, row) => values.slice(row * width, (row + 1) * width));
}

/**
 * The largest absolute difference; for numbers above 1 that are no probabilities, relative to them. A large number when
 * the rows cannot be compared, because JSON has no infinity.
 */
function compare(a: ArrayLike<number>, b: ArrayLike<number>, probabilities: boolean): number {
  if (a.length !== b.length) return Number.MAX_VALUE;
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const scale = probabilities ? 1 : Math.max(1, Math.abs(a[i]));
    const difference = Math.abs(a[i] - b[i]) / scale;
    if (!Number.isFinite(difference)) return Number.MAX_VALUE;
    largest = Math.max(largest, difference);
  }
  return largest;
}

function argmax(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}

function finite(values: ArrayLike<number>): number[] {
  return Array.from(values, (value) => (Number.isFinite(value) ? value : Number.MAX_VALUE));
}
