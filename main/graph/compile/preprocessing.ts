import { BATCH } from '../dimension.ts';
import { add, cast, divide, matmul, multiply, reduceSum, reshape, scale, subtract, transpose } from '../expression.ts';
import { GraphError } from '../graph-error.ts';
import type { Target } from '../lowering/target.ts';
import { STANDARD } from '../lowering/target.ts';
import type { Graph, Tensor } from '../tensor.ts';
import { assemble } from './assemble.ts';
import type { CompiledGraph } from './model.ts';
import { createGraph } from './model.ts';

/** One column of a raw table, in the order of the columns. */
export type ColumnSpec =
  | { readonly kind: 'numeric'; readonly mean: number; readonly deviation: number }
  /** The raw value is the index of the category; anything outside 0 … categories − 1 becomes all zeros. */
  | { readonly kind: 'category'; readonly categories: number }
  /** The raw value is the index of the category and becomes its row of an embedding; row 0 is that of anything unknown. */
  | {
      readonly kind: 'index';
      /** By which models refer to the column. */
      readonly name: string;
      /** The row of each category, from 1 on, or 0. */
      readonly rows: readonly number[];
    }
  /** As it is, NaN included, for models that prepare it in ways of their own. */
  | { readonly kind: 'raw'; readonly name: string };

/**
 * How raw data become the model's input.
 *
 * `image`: input `image` uint8, [batch, height, width, channels] (`nhwc`, as decoders yield) or [batch, channels,
 * height, width] (`nchw`), of any size; resized linearly with antialiasing to the model's size, divided by 255, then
 * normalised per channel as (x − mean) / deviation. Colour becomes grey by the luma of Rec. 601, grey becomes colour by
 * repetition, after the resize.
 *
 * `text`, `series`, `tokens`: see there.
 *
 * `table`: input `table` float32 [batch, columns]; numeric columns are standardised, categories become one-hot columns, or
 * the number of a row. NaN stands for a missing value: a number becomes the mean of its column, a category all zeros or
 * row 0. `graph`: the same, input `nodes`; edges reach the model as they are.
 */
export type PreprocessingSpec =
  | {
      readonly kind: 'image';
      readonly layout: 'nhwc' | 'nchw';
      readonly channels: number;
      readonly height: number;
      readonly width: number;
      /** In units of the 0 … 1 range, one per channel. */
      readonly mean: readonly number[];
      readonly deviation: readonly number[];
      /** Whether raw images may differ in size from the model's; without it their size is fixed. Default true. */
      readonly resize?: boolean;
      /** Channels of the raw images, 1 (grey) or 3 (colour), where they differ from the model's. */
      readonly sourceChannels?: number;
    }
  | { readonly kind: 'table'; readonly columns: readonly ColumnSpec[] }
  | ({ readonly kind: 'text' } & TextSpec)
  | ({ readonly kind: 'series' } & SeriesSpec)
  | { readonly kind: 'graph'; readonly columns: readonly ColumnSpec[] }
  /** Input `tokens` int64 [batch, length]: text becomes tokens before the graph. `target`: what is written from them. */
  | ({ readonly kind: 'tokens'; readonly target?: TokensSpec | undefined } & TokensSpec);

/** How a text is split into tokens, which become the ids of a vocabulary. */
export interface TokensSpec {
  readonly unit: 'characters' | 'bytes' | 'words';
  readonly length: number;
  /** Tokens by id, from `FIRST_WORD` on. */
  readonly vocabulary: readonly string[];
}

/** Input `text` string [batch]: words, which stand between white space, become the ids of a vocabulary. */
export interface TextSpec {
  /** Words by id, from `FIRST_WORD` on. */
  readonly vocabulary: readonly string[];
  /** Words that the model sees; what is longer is cut, what is shorter is filled with `PADDING`. */
  readonly length: number;
  readonly lowercase: boolean;
  /** Whether each of the marks in `PUNCTUATION` is a word of its own. Default false. */
  readonly punctuation?: boolean;
  /** Whether words that the vocabulary lacks are told apart by `wordShapes`; their ids follow those of the vocabulary. Default false. */
  readonly shapes?: boolean;
}

/**
 * Input `series` float32 [batch, length, columns], raw values, oldest first; each less its origin, divided by its
 * deviation. The output, [batch, horizon, targets], is brought back to the units of the targets. `last` as origin takes
 * the newest value of the window, so that the model learns changes and can follow a trend out of what it has seen
 * (Zeng et al. 2023, "Are Transformers Effective for Time Series Forecasting?", NLinear).
 */
export interface SeriesSpec {
  readonly columns: readonly { readonly mean: number; readonly deviation: number }[];
  /** Which of the columns are forecast. */
  readonly targets: readonly number[];
  readonly length: number;
  readonly horizon: number;
  readonly origin: 'mean' | 'last';
}

const BYTE_RANGE = 255;
/** ITU-R BT.601: how bright red, green and blue look, as decoders turn colour into grey. */
const LUMA = [0.299, 0.587, 0.114] as const;

/** How many features a table has once its categories are one-hot or rows. */
export const featureCount = (columns: readonly ColumnSpec[]): number =>
  columns.reduce((sum, column) => sum + (column.kind === 'category' ? column.categories : 1), 0);

/** How many rows an embedding of a column has: one more than the largest that its categories have. */
export const embeddingRows = ({ rows }: Extract<ColumnSpec, { kind: 'index' }>): number =>
  rows.reduce((most, row) => Math.max(most, row), 0) + 1;

/** Preprocessing alone: raw input → `x`; so that training data and shipped models pass the very same graph. */
export function compilePreprocessing(spec: PreprocessingSpec, target: Target = STANDARD): CompiledGraph {
  const graph = createGraph();
  return assemble(graph, [{ name: 'x', tensor: buildPreprocessing(graph, spec).x }], target, 'preprocessing');
}

export interface BuiltPreprocessing {
  /** What the model takes. */
  readonly x: Tensor;
  /** Brings what the model says back to raw units. */
  readonly restore: (output: Tensor) => Tensor;
  /** Raw pictures that may differ from the size that the model sees. */
  readonly picture?: RawPicture;
}

export interface RawPicture {
  readonly image: Tensor;
  /** Of the height in its shape. */
  readonly axis: number;
  /** That the model sees. */
  readonly height: number;
  readonly width: number;
}

const unchanged = (output: Tensor): Tensor => output;

/** Adds the raw input to the graph and returns the model's input. */
export function buildPreprocessing(graph: Graph, spec: PreprocessingSpec): BuiltPreprocessing {
  switch (spec.kind) {
    case 'image':
      return buildImage(graph, spec);
    case 'table':
    case 'graph':
      return {
        x: tableFeatures(
          graph.input(spec.kind === 'table' ? 'table' : 'nodes', 'float32', [BATCH, spec.columns.length]),
          spec.columns,
        ),
        restore: unchanged,
      };
    case 'text':
      return { x: buildText(graph, spec), restore: unchanged };
    case 'tokens':
      return { x: graph.input('tokens', 'int64', [BATCH, spec.length]), restore: unchanged };
    case 'series':
      return buildSeries(graph, spec);
  }
}

function buildText(graph: Graph, spec: TextSpec): Tensor {
  const { vocabulary, length, lowercase, punctuation = false, shapes = false } = spec;
  const attributes = { vocabulary, length, lowercase, punctuation, shapes };
  return graph.apply('Tokenize', [graph.input('text', 'string', [BATCH])], attributes);
}

function buildSeries(graph: Graph, { columns, targets, length, horizon, origin }: SeriesSpec): BuiltPreprocessing {
  const wrong = targets.find((target) => columns[target] === undefined);
  if (targets.length === 0 || wrong !== undefined)
    throw new GraphError('invalid-argument', `A forecast needs targets among ${columns.length} columns.`);
  const raw = graph.input('series', 'float32', [BATCH, length, columns.length]);
  const row = (values: readonly number[]): Tensor =>
    graph.constant('float32', [1, 1, values.length], Float32Array.from(values));
  const from =
    origin === 'last'
      ? graph.apply('Slice', [raw], { axis: 1, start: length - 1, size: 1 })
      : row(columns.map(({ mean }) => mean));
  const chosen = targets.map((start) => graph.apply('Slice', [from], { axis: 2, start, size: 1 }));
  const base = chosen.length === 1 ? (chosen[0] as Tensor) : graph.apply('Concat', chosen, { axis: 2 });
  const spread = row(targets.map((target) => (columns[target] as { deviation: number }).deviation));
  const scaled = divide(subtract(raw, from), row(columns.map(({ deviation }) => deviation)));
  return {
    x: graph.apply('ZeroIfMissing', [scaled]),
    restore: (output) => {
      if (output.shape.slice(1).join() !== [horizon, targets.length].join())
        throw new GraphError('shape-mismatch', `A forecast is [batch, horizon, targets], not [${output.shape}].`);
      return add(multiply(output, spread), base);
    },
  };
}

function buildImage(graph: Graph, spec: Extract<PreprocessingSpec, { kind: 'image' }>): BuiltPreprocessing {
  const { channels, height, width, mean, deviation } = spec;
  if (mean.length !== channels || deviation.length !== channels) {
    throw new GraphError('invalid-argument', `Mean and deviation need ${channels} values each.`);
  }
  const resize = spec.resize !== false;
  const source = spec.sourceChannels ?? channels;
  const [rows, columns] = resize ? ['height', 'width'] : [height, width];
  const nhwc = spec.layout === 'nhwc';
  const shape = nhwc ? [BATCH, rows, columns, source] : [BATCH, source, rows, columns];
  const image = graph.input('image', 'uint8', shape);
  let x = cast(image, 'float32');
  if (nhwc) x = source === 1 && !resize ? reshape(x, [BATCH, 1, height, width]) : transpose(x, [0, 3, 1, 2]);
  if (resize) x = graph.apply('Resize', [x], { height, width, antialias: true });
  x = convertChannels(x, source, channels);
  const perChannel = (values: readonly number[]): Tensor =>
    graph.constant('float32', [1, channels, 1, 1], Float32Array.from(values));
  x = scale(x, 1 / BYTE_RANGE);
  return {
    x: divide(subtract(x, perChannel(mean)), perChannel(deviation)),
    restore: unchanged,
    ...(resize ? { picture: { image, axis: nhwc ? 1 : 2, height, width } } : {}),
  };
}

export function convertChannels(x: Tensor, from: number, to: number): Tensor {
  if (from === to) return x;
  if (from === 3 && to === 1) {
    const weights = x.graph.constant('float32', [1, 3, 1, 1], Float32Array.from(LUMA));
    return reduceSum(multiply(x, weights), [1], true);
  }
  if (from === 1) return x.graph.apply('Concat', Array<Tensor>(to).fill(x), { axis: 1 });
  throw new GraphError('invalid-argument', `Images of ${from} channels cannot become images of ${to}.`);
}

/** Raw columns [N, columns] → features [N, features]. */
export function tableFeatures(raw: Tensor, columns: readonly ColumnSpec[]): Tensor {
  if (columns.length > 0 && columns.every(({ kind }) => kind === 'raw')) return raw;
  const { graph } = raw;
  const parts: Tensor[] = [];
  let index = 0;
  while (index < columns.length) {
    const column = columns[index] as ColumnSpec;
    if (column.kind !== 'numeric') {
      const value = graph.apply('Slice', [raw], { axis: 1, start: index, size: 1 });
      parts.push(ofOneColumn(value, column));
      index++;
      continue;
    }
    // Neighbouring numeric columns go through together.
    const run: Extract<ColumnSpec, { kind: 'numeric' }>[] = [];
    for (let next = columns[index]; next?.kind === 'numeric'; next = columns[index + run.length]) run.push(next);
    const values = graph.apply('Slice', [raw], { axis: 1, start: index, size: run.length });
    const row = (pick: (entry: (typeof run)[number]) => number): Tensor =>
      graph.constant('float32', [1, run.length], Float32Array.from(run, pick));
    const centred = subtract(
      values,
      row((entry) => entry.mean),
    );
    const scaled = divide(
      centred,
      row((entry) => entry.deviation),
    );
    parts.push(graph.apply('ZeroIfMissing', [scaled]));
    index += run.length;
  }
  const [first] = parts;
  if (!first) throw new GraphError('invalid-argument', 'A table needs at least one column.');
  return parts.length === 1 ? first : graph.apply('Concat', parts, { axis: 1 });
}

function ofOneColumn(value: Tensor, column: Exclude<ColumnSpec, { kind: 'numeric' }>): Tensor {
  switch (column.kind) {
    case 'category':
      return oneHot(value, column.categories);
    case 'index':
      return rowOf(value, column.rows);
    case 'raw':
      return value;
  }
}

const oneHot = (value: Tensor, classes: number): Tensor => value.graph.apply('OneHotColumn', [value], { classes });

/** Exact: one product of the sum is not zero, and rows are far below the whole numbers that float32 leaves out. */
const rowOf = (value: Tensor, rows: readonly number[]): Tensor =>
  matmul(oneHot(value, rows.length), value.graph.constant('float32', [rows.length, 1], Float32Array.from(rows)));
