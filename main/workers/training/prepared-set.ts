import type { Preprocessing } from '../../contract/checkpoint.ts';
import { compilePreprocessing } from '../../graph/index.ts';
import {
  availableBytes,
  float32Tensor,
  floats,
  RuntimeSession,
  type SessionSettings,
  uint8Tensor,
} from '../../runtime/index.ts';
import { expectedPictures } from './expected-pictures.ts';
import { elementsOf, type FeedColumn, memoryColumn } from './feeds.ts';
import { closePictureCache, openPictureCache } from './picture-cache.ts';
import { PictureThreads } from './picture-threads.ts';
import type { Preparation } from './preparation.ts';
import type { RawImages } from './raw-data.ts';

const CHUNK_ITEMS = 256;
/** How much of the free memory prepared inputs may take; beyond it they are made anew for every batch. */
const SHARE_OF_MEMORY = 0.4;
/** How much of it those may take that lie ready for the next steps, and how many they are at most. */
const SHARE_AHEAD = 0.05;
const MOST_AHEAD = 4096;

/** The input `x` of a model for a list of items, made by the very graph that ships with it. Row i belongs to item i. */
export interface PreparedInput {
  readonly column: FeedColumn;
  dispose(): Promise<void>;
}

/**
 * All samples in memory when they fit, which they do for everything but large pictures in large numbers. Otherwise threads
 * of their own prepare them, batch by batch, while the batch before is learned from; what had to be decoded lies on disk from
 * then on.
 */
export async function prepareImages(
  images: RawImages,
  items: Int32Array,
  preprocessing: Extract<Preprocessing, { kind: 'image' }>,
  settings: SessionSettings,
  onProgress: (done: number, total: number) => void = () => {},
  budgetBytes: number = availableBytes() * SHARE_OF_MEMORY,
): Promise<PreparedInput> {
  const shape = [preprocessing.channels, preprocessing.height, preprocessing.width];
  const sampleLength = elementsOf(shape);
  if (items.length * sampleLength * 4 > budgetBytes) {
    const ahead = Math.floor((availableBytes() * SHARE_AHEAD) / (4 * sampleLength));
    const cache = images.isEncoded ? openPictureCache(images.source.workspaceFolder, images.count, sampleLength) : null;
    const threads = new PictureThreads(
      { ...images.source, preprocessing },
      Math.max(1, Math.ceil(settings.threads / 2)),
      cache,
    );
    return {
      column: expectedPictures(threads, items, shape, Math.min(MOST_AHEAD, ahead)),
      dispose: async () => {
        await threads.close();
        if (cache) closePictureCache(cache);
      },
    };
  }
  const preparation = await openPreparation(images, preprocessing, settings);
  const all = new Float32Array(items.length * sampleLength);
  for (let start = 0; start < items.length; start += CHUNK_ITEMS) {
    const end = Math.min(items.length, start + CHUNK_ITEMS);
    await preparation.prepare(items.subarray(start, end), all.subarray(start * sampleLength, end * sampleLength));
    onProgress(end, items.length);
  }
  await preparation.dispose();
  return inMemory(memoryColumn('x', shape, all));
}

/** By the graph that ships. */
export async function openPreparation(
  images: RawImages,
  preprocessing: Extract<Preprocessing, { kind: 'image' }>,
  settings: SessionSettings,
): Promise<Preparation> {
  const sampleLength = preprocessing.channels * preprocessing.height * preprocessing.width;
  const session = await RuntimeSession.create(compilePreprocessing(preprocessing).onnx, settings);
  return {
    prepare: (items, into) => prepareInto(images, items, session, sampleLength, into),
    dispose: () => session.dispose(),
  };
}

/** @param numbers raw values, rows × columns of the preprocessing */
export async function prepareTable(
  numbers: Float64Array,
  items: Int32Array,
  preprocessing: Extract<Preprocessing, { kind: 'table' | 'graph' }>,
  settings: SessionSettings,
): Promise<PreparedInput> {
  const width = preprocessing.columns.length;
  if (items.length === 0) return inMemory(memoryColumn('x', [1], new Float32Array()));
  const session = await RuntimeSession.create(compilePreprocessing(preprocessing).onnx, settings);
  try {
    const table = new Float32Array(items.length * width);
    items.forEach((item, row) => {
      table.set(numbers.subarray(item * width, (item + 1) * width), row * width);
    });
    const [input] = session.inputNames;
    const { x } = await session.run({ [input]: float32Tensor(table, [items.length, width]) });
    const values = floats(x, 'x').slice();
    return inMemory(memoryColumn('x', [values.length / items.length], values));
  } finally {
    await session.dispose();
  }
}

export function inMemory(column: FeedColumn): PreparedInput {
  return { column, dispose: async () => {} };
}

/** Pictures of one size go through together, others one by one: each keeps its own size until the graph resizes it. */
async function prepareInto(
  images: RawImages,
  items: ArrayLike<number>,
  session: RuntimeSession,
  sampleLength: number,
  into: Float32Array,
): Promise<void> {
  const { channels, size } = images;
  const step = size === null ? 1 : CHUNK_ITEMS;
  for (let start = 0; start < items.length; start += step) {
    const chunk = Array.from({ length: Math.min(step, items.length - start) }, (_, place) => items[start + place]);
    const { data, height, width } = await images.read(chunk);
    const { x } = await session.run({ image: uint8Tensor(data, [chunk.length, height, width, channels]) });
    into.set(floats(x, 'x'), start * sampleLength);
  }
}
