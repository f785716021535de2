import { float32Tensor, int64Tensor, type RuntimeTensor } from '../../runtime/index.ts';

export type FeedType = 'float32' | 'int64';
export type FeedData = Float32Array<ArrayBuffer> | BigInt64Array<ArrayBuffer>;

/** A tensor that a compiled graph reads by name. */
export interface Feed {
  readonly data: FeedData;
  /** Of one step; the data hold those of all steps of a run, one after the other. */
  readonly dims: readonly number[];
}

/** What the samples of a batch are to a model: `x`, `y`, and whatever else it reads. */
export type Feeds = Readonly<Record<string, Feed>>;

/** One named input, sample by sample. */
export interface FeedColumn {
  readonly name: string;
  readonly dtype: FeedType;
  /** Of one sample. */
  readonly shape: readonly number[];
  /** Writes the values of `rows` one after the other into `into`. */
  fill(rows: ArrayLike<number>, into: FeedData): void | Promise<void>;
  /**
   * Tells which rows will be asked for next, after those announced before; what takes time begins with them.
   *
   * @returns whether there was room for them: otherwise they may be announced later
   */
  expect?(rows: ArrayLike<number>): boolean;
}

/** Samples that can be gathered into batches. */
export interface PreparedSet {
  readonly count: number;
  /** Set when samples cannot be separated: every batch is all of them. */
  readonly whole: boolean;
  /**
   * The feeds for some samples. Their memory is used again by the next call.
   *
   * @param steps that the rows are for, equally many each
   */
  feeds(rows: ArrayLike<number>, steps: number): Promise<Feeds>;
  /** See `FeedColumn`. Only where announcing changes anything. */
  expect?(rows: ArrayLike<number>): boolean;
  dispose(): Promise<void>;
}

/** A set whose samples lie in columns, row by row. */
export function columnSet(
  count: number,
  columns: readonly FeedColumn[],
  dispose: () => Promise<void> = async () => {},
): PreparedSet {
  const buffers = new Map<string, FeedData>();
  // No set has two columns of pictures.
  const slow = columns.find(({ expect }) => expect !== undefined);
  return {
    count,
    whole: false,
    ...(slow?.expect && { expect: slow.expect }),
    feeds: async (rows, steps) => {
      const feeds: Record<string, Feed> = {};
      for (const { name, dtype, shape, fill } of columns) {
        const length = rows.length * elementsOf(shape);
        let buffer = buffers.get(name);
        if (buffer === undefined || buffer.length < length) {
          buffer = dtype === 'int64' ? new BigInt64Array(length) : new Float32Array(length);
          buffers.set(name, buffer);
        }
        const data = buffer.subarray(0, length) as FeedData;
        const filled = fill(rows, data);
        if (filled !== undefined) await filled;
        feeds[name] = { data, dims: [rows.length / steps, ...shape] };
      }
      return feeds;
    },
    dispose,
  };
}

/** Whether `part` is what `rows` has from `at` on. */
export function sameRows(part: ArrayLike<number>, rows: ArrayLike<number>, at: number): boolean {
  for (let place = 0; place < part.length; place++) if (part[place] !== rows[at + place]) return false;
  return true;
}

/** A column whose values all lie in memory, row-major. */
export function memoryColumn(name: string, shape: readonly number[], all: FeedData): FeedColumn {
  const size = elementsOf(shape);
  return {
    name,
    dtype: all instanceof BigInt64Array ? 'int64' : 'float32',
    shape,
    fill: (rows, into) => {
      // Both are of the type that the column was made with.
      const [from, to] = [all as Float32Array, into as Float32Array];
      if (size === 1) for (let place = 0; place < rows.length; place++) to[place] = from[rows[place]];
      else
        for (let place = 0; place < rows.length; place++)
          to.set(from.subarray(rows[place] * size, (rows[place] + 1) * size), place * size);
    },
  };
}

/** @param steps in front of the dimensions of one step, when there are several */
export function feedTensor({ data, dims }: Feed, steps: readonly number[] = []): RuntimeTensor {
  return data instanceof BigInt64Array
    ? int64Tensor(data, [...steps, ...dims])
    : float32Tensor(data, [...steps, ...dims]);
}

export function elementsOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
