import { availableParallelism } from 'node:os';
import type { z } from 'zod';
import { type ParityInput, type ParityResult, parityInput, type parityTensor } from '../contract/bundle-worker.ts';
import { elementTensor, floats, type RuntimeFeeds, RuntimeSession, runtimeVersion } from '../runtime/index.ts';
import { runWorker } from './worker-channel.ts';

const SHOWN_SAMPLES = 10;
const SHOWN_NUMBERS = 1024;
/** Picture, class, score, left, top, right, bottom. */
const BOX_NUMBERS = 7;
/** Boxes are the same up to this, in pixels and in their scores. */
const SAME_BOX = 1e-2;

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
      const expected = await outputs(reference, { ...weights, ...samples }, input);
      const actual = await outputs(bundle, samples, input);
      for (const [offset, row] of expected.rows.entries()) {
        const other = actual.rows[offset] ?? new Float32Array();
        const difference = compare(row, other, input.answer === 'class' || input.answer === 'pixels');
        maxAbsDiff = Math.max(maxAbsDiff, difference);
        agreeing += agreement(
          input,
          { row, found: expected.found[offset] },
          { row: other, found: actual.found[offset] },
        );
        differences.push({
          sample: from + offset,
          batchSize,
          maxAbsDiff: difference,
          reference: finite(row),
          bundle: finite(other),
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

interface Said {
  readonly rows: readonly Float32Array[];
  /** Of each sample its boxes, seven numbers each, or the ids of its tokens; none where the model finds neither. */
  readonly found: readonly (readonly number[])[];
}

async function outputs(
  session: RuntimeSession,
  feeds: RuntimeFeeds,
  { outputName, answer }: ParityInput,
): Promise<Said> {
  const all = await session.run(feeds);
  const tensor = all[outputName];
  const values = floats(tensor, outputName);
  const count = tensor.dims[0];
  const width = values.length / count;
  const found: number[][] = Array.from({ length: count }, () => []);
  if (answer === 'boxes') {
    const boxes = floats(all.detections, 'detections');
    for (let at = 0; at < boxes.length; at += BOX_NUMBERS)
      found[boxes[at]]?.push(...boxes.subarray(at + 1, at + BOX_NUMBERS));
  }
  if (answer === 'tokens') {
    const ids = Array.from(all.sequences.data as BigInt64Array, Number);
    ids.forEach((id, at) => {
      found[Math.floor((at * count) / ids.length)].push(id);
    });
  }
  return { rows: Array.from({ length: count }, (_, row) => values.slice(row * width, (row + 1) * width)), found };
}

interface SaidOfSample {
  readonly row: Float32Array;
  readonly found: readonly number[] | undefined;
}

/** 1 where both answers are the same, 0 where not; of pixels, the share of them. */
function agreement({ answer, classes }: ParityInput, a: SaidOfSample, b: SaidOfSample): number {
  switch (answer) {
    case 'numbers':
      return 1;
    case 'class':
      return argmax(a.row) === argmax(b.row) ? 1 : 0;
    case 'boxes':
    case 'tokens': {
      const [ours, theirs] = [a.found ?? [], b.found ?? []];
      const same = (value: number, at: number): boolean => Math.abs(value - theirs[at]) <= SAME_BOX;
      return ours.length === theirs.length && ours.every(same) ? 1 : 0;
    }
    case 'pixels': {
      const pixels = a.row.length / classes;
      let same = 0;
      for (let pixel = 0; pixel < pixels; pixel++)
        if (classAt(a.row, pixel, pixels) === classAt(b.row, pixel, pixels)) same++;
      return same / pixels;
    }
  }
}

/** @param row [classes, pixels] */
function classAt(row: Float32Array, pixel: number, pixels: number): number {
  let best = pixel;
  for (let at = pixel; at < row.length; at += pixels) if (row[at] > row[best]) best = at;
  return best;
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
  const shown = Array.prototype.slice.call(values, 0, SHOWN_NUMBERS) as number[];
  return shown.map((value) => (Number.isFinite(value) ? value : Number.MAX_VALUE));
}
