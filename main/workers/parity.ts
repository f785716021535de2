import { availableParallelism } from 'node:os';
import type { z } from 'zod';
import { type ParityInput, type ParityResult, parityInput, type parityTensor } from '../contract/bundle-worker.ts';
import { PADDING } from '../graph/index.ts';
import {
  elementTensor,
  floats,
  type RuntimeFeeds,
  RuntimeSession,
  type RuntimeTensor,
  runtimeVersion,
  type SessionSettings,
} from '../runtime/index.ts';
import { TokenReader } from './serving/token-reader.ts';
import { draw } from './training/draw-samples.ts';
import { runWorker } from './worker-channel.ts';

const SHOWN_SAMPLES = 10;
const SHOWN_NUMBERS = 1024;
/** Each is read as often as it has tokens. */
const WRITTEN_SAMPLES = 8;
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
  const weights = mapValues(input.reference.weights, feed);
  const checks: ParityResult['checks'] = [];
  const differences: Difference[] = [];

  for (const { inputs, count, batchSize } of input.sets.flatMap((set) =>
    set.batchSizes.map((size) => ({ ...set, batchSize: size })),
  )) {
    let maxAbsDiff = 0;
    let agreeing = 0;
    for (let from = 0; from < count; from += batchSize) {
      const to = Math.min(count, from + batchSize);
      const samples = mapValues(inputs, (value) => feed(value.dims[0] === count ? rows(value, from, to) : value));
      const expected = await expectedOf(reference, weights, samples, input);
      const actual = await outputs(bundle, samples, input);
      for (let offset = 0; offset < to - from; offset++) {
        const [ours, theirs] = [sampleOf(expected, offset), sampleOf(actual, offset)];
        const difference = Math.max(
          compare(ours.row, theirs.row, input.answer !== 'numbers' && input.answer !== 'boxes'),
          input.answer === 'picture' && !sameBytes(ours.row, theirs) ? Number.MAX_VALUE : 0,
        );
        maxAbsDiff = Math.max(maxAbsDiff, difference);
        agreeing += agreement(input, ours, theirs);
        differences.push({
          sample: from + offset,
          batchSize,
          maxAbsDiff: difference,
          reference: finite(ours.row),
          bundle: finite(theirs.row),
        });
      }
    }
    checks.push({ batchSize, samples: count, maxAbsDiff, classAgreement: agreeing / count });
  }
  if (input.generation !== undefined) {
    checks.push(await compareGeneration(input, reference, weights, settings, differences));
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

/** Texts whose first half is read at once and the rest token by token, against what training says of all places. */
async function compareGeneration(
  { generation, sets: [{ inputs, count }], outputName }: ParityInput,
  reference: RuntimeSession,
  weights: RuntimeFeeds,
  settings: SessionSettings,
  differences: Difference[],
): Promise<ParityResult['checks'][number]> {
  const { onnx, ...graph } = generation as NonNullable<ParityInput['generation']>;
  const session = await RuntimeSession.create(onnx, settings);
  const samples = Math.min(count, WRITTEN_SAMPLES);
  const [tokens] = Object.entries(inputs);
  let [maxAbsDiff, places, same] = [0, 0, 0];
  for (let sample = 0; sample < samples; sample++) {
    const one = rows(tokens[1], sample, sample + 1);
    const said = floats((await reference.run({ ...weights, [tokens[0]]: feed(one) }))[outputName], outputName);
    const ids = Array.from(one.data as BigInt64Array, Number);
    const known = ids.includes(PADDING) ? ids.indexOf(PADDING) : ids.length;
    const vocabulary = said.length / ids.length;
    const reader = new TokenReader(session, graph);
    let worst: Difference | undefined;
    for (let read = Math.max(1, known >> 1); read <= known; read++) {
      const ours = said.subarray((read - 1) * vocabulary, read * vocabulary);
      const theirs = await reader.next(ids.slice(0, read));
      const difference = compare(ours, theirs, true);
      places++;
      if (argmax(ours) === argmax(theirs)) same++;
      if (worst === undefined || difference > worst.maxAbsDiff)
        worst = { sample, batchSize: 1, maxAbsDiff: difference, reference: finite(ours), bundle: finite(theirs) };
    }
    if (worst === undefined) continue;
    maxAbsDiff = Math.max(maxAbsDiff, worst.maxAbsDiff);
    differences.push(worst);
  }
  await session.dispose();
  return { batchSize: 1, samples, maxAbsDiff, classAgreement: same / places, tokenByToken: true };
}

function mapValues<T>(values: Readonly<Record<string, Values>>, change: (value: Values) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]));
}

const feed = (value: Values) => elementTensor(value.dtype, value.data, value.dims);

function rows(samples: Values, from: number, to: number): Values {
  const size = samples.data.length / samples.dims[0];
  return { ...samples, dims: [to - from, ...samples.dims.slice(1)], data: samples.data.slice(from * size, to * size) };
}

interface Said {
  readonly rows: readonly Float32Array[];
  /** Of each sample its boxes, seven numbers each, or the ids of its tokens; none where the model finds neither. */
  readonly found: readonly (readonly number[])[];
  /** uint8 [samples, height, width, channels]; none where nothing is drawn. */
  readonly image?: RuntimeTensor | undefined;
}

/** What the graph of training says; of one that draws, what comes of it in the hands of the studio. */
async function expectedOf(
  session: RuntimeSession,
  weights: RuntimeFeeds,
  samples: RuntimeFeeds,
  input: ParityInput,
): Promise<Said> {
  const { drawing } = input.reference;
  if (drawing === undefined) return outputs(session, { ...weights, ...samples }, input);
  const { noise, temperature, label, steps } = samples;
  const deviation = temperature === undefined ? 1 : floats(temperature, 'temperature')[0];
  const scaled = Float32Array.from(floats(noise, 'noise'), (value) => value * deviation);
  const told = label === undefined ? weights : { ...weights, label };
  const count = steps === undefined ? undefined : Number(steps.data[0]);
  const values = await draw(session, drawing, scaled, noise.dims, told, count);
  return { rows: inRows(values, noise.dims[0]), found: [] };
}

function inRows(values: Float32Array, count: number): Float32Array[] {
  const width = values.length / count;
  return Array.from({ length: count }, (_, row) => values.slice(row * width, (row + 1) * width));
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
  return { rows: inRows(values, count), found, image: answer === 'picture' ? all.image : undefined };
}

interface SaidOfSample {
  readonly row: Float32Array;
  readonly found: readonly number[] | undefined;
  readonly image: SaidPicture | undefined;
}

interface SaidPicture {
  readonly bytes: Uint8Array;
  readonly channels: number;
}

function sampleOf({ rows, found, image }: Said, offset: number): SaidOfSample {
  return { row: rows[offset] ?? new Float32Array(), found: found[offset], image: image && pictureOf(image, offset) };
}

function pictureOf({ data, dims: [, height, width, channels] }: RuntimeTensor, offset: number): SaidPicture {
  const size = height * width * channels;
  return { bytes: (data as Uint8Array).subarray(offset * size, (offset + 1) * size), channels };
}

/** How far the bytes of a picture are from its numbers, [channels, height, width] in 0 … 1: one for each byte. */
function byteDifferences(row: Float32Array, { bytes, channels }: SaidPicture): number[] {
  const pixels = row.length / channels;
  return Array.from(row, (value, place) => {
    const byte = bytes[(place % pixels) * channels + Math.floor(place / pixels)];
    return Math.abs(byte - Math.round(Math.min(1, Math.max(0, value)) * 255));
  });
}

/** Rounding may fall to either side. */
function sameBytes(row: Float32Array, { image }: SaidOfSample): boolean {
  return image !== undefined && byteDifferences(row, image).every((difference) => difference <= 1);
}

/** 1 where both answers are the same, 0 where not; of pixels, the share of them. */
function agreement({ answer, classes }: ParityInput, a: SaidOfSample, b: SaidOfSample): number {
  switch (answer) {
    case 'numbers':
      return 1;
    case 'class':
      return argmax(a.row) === argmax(b.row) ? 1 : 0;
    case 'picture': {
      const differences = b.image === undefined ? [] : byteDifferences(a.row, b.image);
      return differences.filter((difference) => difference === 0).length / Math.max(1, differences.length);
    }
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
