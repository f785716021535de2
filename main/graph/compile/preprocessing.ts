import { BATCH } from '../dimension.ts';
import { cast, divide, multiply, reduceSum, reshape, scale, subtract, transpose } from '../expression.ts';
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
  | { readonly kind: 'category'; readonly categories: number };

/**
 * How raw data become the model's input.
 *
 * `image`: input `image` uint8, [batch, height, width, channels] (`nhwc`, as decoders yield) or [batch, channels,
 * height, width] (`nchw`), of any size; resized linearly with antialiasing to the model's size, divided by 255, then
 * normalised per channel as (x − mean) / deviation. Colour becomes grey by the luma of Rec. 601, grey becomes colour by
 * repetition, after the resize.
 *
 * `table`: input `table` float32 [batch, columns]; numeric columns are standardised, categories become one-hot columns.
 * NaN stands for a missing value: a number becomes the mean of its column, a category all zeros.
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
  | { readonly kind: 'table'; readonly columns: readonly ColumnSpec[] };

const BYTE_RANGE = 255;
/** ITU-R BT.601: how bright red, green and blue look, as decoders turn colour into grey. */
const LUMA = [0.299, 0.587, 0.114] as const;

/** How many features a table has once its categories are one-hot. */
export const featureCount = (columns: readonly ColumnSpec[]): number =>
  columns.reduce((sum, column) => sum + (column.kind === 'numeric' ? 1 : column.categories), 0);

/** Preprocessing alone: raw input → `x`; so that training data and shipped models pass the very same graph. */
export function compilePreprocessing(spec: PreprocessingSpec, target: Target = STANDARD): CompiledGraph {
  const graph = createGraph();
  return assemble(graph, [{ name: 'x', tensor: buildPreprocessing(graph, spec) }], target, 'preprocessing');
}

/** Adds the raw input to the graph and returns the model's input. */
export function buildPreprocessing(graph: Graph, spec: PreprocessingSpec): Tensor {
  return spec.kind === 'image' ? buildImage(graph, spec) : buildTable(graph, spec.columns);
}

function buildImage(graph: Graph, spec: Extract<PreprocessingSpec, { kind: 'image' }>): Tensor {
  const { channels, height, width, mean, deviation } = spec;
  if (mean.length !== channels || deviation.length !== channels) {
    throw new GraphError('invalid-argument', `Mean and deviation need ${channels} values each.`);
  }
  const resize = spec.resize !== false;
  const source = spec.sourceChannels ?? channels;
  const [rows, columns] = resize ? ['height', 'width'] : [height, width];
  const nhwc = spec.layout === 'nhwc';
  const shape = nhwc ? [BATCH, rows, columns, source] : [BATCH, source, rows, columns];
  let x = cast(graph.input('image', 'uint8', shape), 'float32');
  if (nhwc) x = source === 1 && !resize ? reshape(x, [BATCH, 1, height, width]) : transpose(x, [0, 3, 1, 2]);
  if (resize) x = graph.apply('Resize', [x], { height, width, antialias: true });
  x = convertChannels(x, source, channels);
  const perChannel = (values: readonly number[]): Tensor =>
    graph.constant('float32', [1, channels, 1, 1], Float32Array.from(values));
  x = scale(x, 1 / BYTE_RANGE);
  return divide(subtract(x, perChannel(mean)), perChannel(deviation));
}

function convertChannels(x: Tensor, from: number, to: number): Tensor {
  if (from === to) return x;
  if (from === 3 && to === 1) {
    const weights = x.graph.constant('float32', [1, 3, 1, 1], Float32Array.from(LUMA));
    return reduceSum(multiply(x, weights), [1], true);
  }
  if (from === 1) return x.graph.apply('Concat', Array<Tensor>(to).fill(x), { axis: 1 });
  throw new GraphError('invalid-argument', `Images of ${from} channels cannot become images of ${to}.`);
}

function buildTable(graph: Graph, columns: readonly ColumnSpec[]): Tensor {
  const raw = graph.input('table', 'float32', [BATCH, columns.length]);
  const parts: Tensor[] = [];
  let index = 0;
  while (index < columns.length) {
    const column = columns[index] as ColumnSpec;
    if (column.kind === 'category') {
      const value = graph.apply('Slice', [raw], { axis: 1, start: index, size: 1 });
      parts.push(graph.apply('OneHotColumn', [value], { classes: column.categories }));
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
