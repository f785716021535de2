import type { Preprocessing } from '../../contract/checkpoint.ts';
import type { Column } from '../../contract/datasets.ts';
import { embedsCategories, type RunConfig } from '../../contract/run-config.ts';
import type { RawImages } from './raw-data.ts';

/** Bounds from below: a constant column or channel is centred and otherwise left alone. */
const SMALLEST_DEVIATION = 1e-6;
const BYTE_RANGE = 255;
const CHUNK_ITEMS = 1024;
const LUMA = [0.299, 0.587, 0.114] as const;

/** The preprocessing of a run on pictures; mean and deviation over the pixels of `train`, before any resize. */
export async function imagePreprocessing(
  images: RawImages,
  train: Int32Array,
  config: RunConfig['preprocessing'],
): Promise<Extract<Preprocessing, { kind: 'image' }>> {
  const [height, width] = config.resize ?? [images.size?.height ?? 0, images.size?.width ?? 0];
  const channels = config.channels ?? images.channels;
  const base = {
    kind: 'image',
    layout: 'nhwc',
    channels,
    height,
    width,
    sourceChannels: images.channels,
    resize: images.size === null || images.size.height !== height || images.size.width !== width,
  } as const;
  switch (config.normalize) {
    case 'none':
      return { ...base, mean: Array(channels).fill(0), deviation: Array(channels).fill(1 / BYTE_RANGE) };
    case 'unit':
      return { ...base, mean: Array(channels).fill(0), deviation: Array(channels).fill(1) };
    case 'dataset': {
      const moments = await pixelMoments(images, train, channels);
      return {
        ...base,
        mean: moments.map(({ mean }) => mean / BYTE_RANGE),
        deviation: moments.map(({ deviation }) => Math.max(SMALLEST_DEVIATION, deviation / BYTE_RANGE)),
      };
    }
  }
}

/** Numbers are standardised over `train`, categories become one-hot, or rows where the model embeds them. */
export function tablePreprocessing(
  columns: readonly Column[],
  numbers: Float64Array,
  train: Int32Array,
  { preprocessing: config, model }: Pick<RunConfig, 'preprocessing' | 'model'>,
): Extract<Preprocessing, { kind: 'table' }> {
  return {
    kind: 'table',
    columns: columns.map((column, place) => {
      const { name, categories } = column;
      if (categories !== undefined && embedsCategories(model)) {
        const counts = countsOf(numbers, columns.length, place, train, categories.length);
        return { kind: 'index', name, rows: rowsOf(counts, model.minimumCount) };
      }
      if (categories !== undefined) return { kind: 'category', categories: categories.length };
      const { mean, deviation } = moments(numbers, columns.length, place, train);
      // The mean is needed in any case: it is what a missing value becomes.
      return config.normalize === 'dataset'
        ? { kind: 'numeric', mean, deviation }
        : { kind: 'numeric', mean, deviation: 1 };
    }),
  };
}

/** How often train has each category of a column. */
function countsOf(
  numbers: Float64Array,
  columnCount: number,
  column: number,
  train: Int32Array,
  categories: number,
): number[] {
  const counts = Array<number>(categories).fill(0);
  for (const item of train) {
    const category = numbers[item * columnCount + column];
    if (!Number.isNaN(category)) counts[category]++;
  }
  return counts;
}

/** The row of each category: 0 for those that train has less than `minimum` times, the others follow each other. */
function rowsOf(counts: readonly number[], minimum: number): number[] {
  let row = 0;
  return counts.map((count) => (count < minimum ? 0 : ++row));
}

/** Mean and standard deviation of the present values of some rows in one column; 0 and 1 when there are none. */
export function moments(
  numbers: Float64Array,
  columnCount: number,
  column: number,
  rows: Int32Array,
): { readonly mean: number; readonly deviation: number; readonly missing: number } {
  const present = rows.filter((row) => !Number.isNaN(numbers[row * columnCount + column]));
  const missing = rows.length - present.length;
  if (present.length === 0) return { mean: 0, deviation: 1, missing };
  const at = (row: number) => numbers[row * columnCount + column];
  const mean = present.reduce((sum, row) => sum + at(row), 0) / present.length;
  const squares = present.reduce((sum, row) => sum + (at(row) - mean) ** 2, 0);
  const deviation = Math.sqrt(squares / present.length);
  return { mean, deviation: deviation < SMALLEST_DEVIATION ? 1 : deviation, missing };
}

/** Exact: counts of byte values, so that neither the order nor the number of pixels loses digits. */
async function pixelMoments(
  images: RawImages,
  train: Int32Array,
  channels: number,
): Promise<{ mean: number; deviation: number }[]> {
  const toGrey = images.channels === 3 && channels === 1;
  const histograms = Array.from({ length: toGrey ? 1 : images.channels }, () => new Float64Array(BYTE_RANGE + 1));
  const step = images.size === null ? 1 : CHUNK_ITEMS;
  for (let start = 0; start < train.length; start += step) {
    const { data } = await images.read(train.subarray(start, start + step));
    if (toGrey) {
      for (let i = 0; i < data.length; i += 3)
        histograms[0][Math.round(LUMA[0] * data[i] + LUMA[1] * data[i + 1] + LUMA[2] * data[i + 2])]++;
    } else if (images.channels === 1) {
      const histogram = histograms[0];
      for (let i = 0; i < data.length; i++) histogram[data[i]]++;
    } else {
      for (let i = 0; i < data.length; i++) histograms[i % images.channels][data[i]]++;
    }
  }
  const result = histograms.map((histogram) => {
    let [count, sum, squares] = [0, 0, 0];
    histogram.forEach((times, value) => {
      count += times;
      sum += times * value;
      squares += times * value * value;
    });
    const mean = count === 0 ? 0 : sum / count;
    const variance = count === 0 ? BYTE_RANGE ** 2 : Math.max(0, squares / count - mean * mean);
    return { mean, deviation: Math.sqrt(variance) };
  });
  return Array.from({ length: channels }, (_, channel) => result[channel % result.length]);
}
