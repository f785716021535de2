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
import { type FeedColumn, memoryColumn } from './feeds.ts';
import type { RawImages } from './raw-data.ts';

const CHUNK_ITEMS = 256;
/** How much of the free memory prepared inputs may take; beyond it they are made anew for every batch. */
const SHARE_OF_MEMORY = 0.4;

/** The input `x` of a model for a list of items, made by the very graph that ships with it. Row i belongs to item i. */
export interface PreparedInput {
  readonly column: FeedColumn;
  dispose(): Promise<void>;
}

/** All samples in memory when they fit, which they do for everything but large pictures in large numbers. */
export async function prepareImages(
  images: RawImages,
  items: Int32Array,
  preprocessing: Extract<Preprocessing, { kind: 'image' }>,
  settings: SessionSettings,
  onProgress: (done: number, total: number) => void = () => {},
  budgetBytes: number = availableBytes() * SHARE_OF_MEMORY,
): Promise<PreparedInput> {
  const shape = [preprocessing.channels, preprocessing.height, preprocessing.width];
  const sampleLength = preprocessing.channels * preprocessing.height * preprocessing.width;
  const session = await RuntimeSession.create(compilePreprocessing(preprocessing).onnx, settings);
  if (items.length * sampleLength * 4 > budgetBytes) {
    return {
      column: {
        name: 'x',
        dtype: 'float32',
        shape,
        fill: (rows, into) => {
          const chosen = Array.from(rows, (row) => items[row]);
          return prepareInto(images, chosen, session, sampleLength, into as Float32Array);
        },
      },
      dispose: () => session.dispose(),
    };
  }
  const all = new Float32Array(items.length * sampleLength);
  for (let start = 0; start < items.length; start += CHUNK_ITEMS) {
    const end = Math.min(items.length, start + CHUNK_ITEMS);
    const into = all.subarray(start * sampleLength, end * sampleLength);
    await prepareInto(images, items.subarray(start, end), session, sampleLength, into);
    onProgress(end, items.length);
  }
  await session.dispose();
  return inMemory(memoryColumn('x', shape, all));
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
    const { x } = await session.run({ table: float32Tensor(table, [items.length, width]) });
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
