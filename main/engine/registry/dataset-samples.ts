import type { Split } from '../../contract/datasets.ts';
import { LightbenchError } from '../../contract/errors.ts';
import { DatasetFiles } from '../../formats/dataset-pack/dataset-files.ts';
import { ParquetRows } from '../../formats/table/table.ts';
import { Tokenizer } from '../../models/index.ts';
import type { EngineContext } from '../core/context.ts';
import type { InputLayout, TensorValue } from '../training/index.ts';
import { drawingInputs } from './drawing-inputs.ts';
import { neighborhood } from './neighborhood.ts';
import type { InputTensors, RawSamples } from './raw-samples.ts';

/** Raw samples out of the packs and tables of the workspace. */
export class DatasetSamples implements RawSamples {
  readonly #context: EngineContext;

  constructor(context: EngineContext) {
    this.#context = context;
  }

  indices(datasetDigest: string, split: Split): readonly number[] {
    const files = this.#open(datasetDigest);
    try {
      return Array.from(files.splitItems(split));
    } finally {
      files.close();
    }
  }

  async batch(datasetDigest: string, indices: readonly number[], layout: InputLayout): Promise<InputTensors> {
    const files = this.#open(datasetDigest);
    try {
      const beyond = indices.find((index) => index >= files.count);
      if (beyond !== undefined)
        throw new LightbenchError(
          'record.not_found',
          `The dataset has ${files.count} items; there is no item ${beyond}.`,
        );
      return await sampler(layout)(files, indices, layout);
    } finally {
      files.close();
    }
  }

  #open(datasetDigest: string): DatasetFiles {
    const { datasets, artifacts } = this.#context.workspace;
    const stored = datasets.version(datasetDigest);
    if (stored === undefined)
      throw new LightbenchError('record.not_found', `No dataset version has the digest ${datasetDigest}.`);
    return DatasetFiles.open(artifacts, stored.manifestDigest);
  }
}

type Sampler = (files: DatasetFiles, indices: readonly number[], layout: InputLayout) => Promise<InputTensors>;

/** How items become the raw input of a model, by the name of the input. */
const samplers: Readonly<Record<string, Sampler>> = {
  image: async (files, indices, layout) => ({ image: await pixels(files, indices, layout) }),
  table: (files, indices, layout) => ofTable(files, layout, (table) => rows(table, indices, layout)),
  text: (files, indices, layout) => ofTable(files, layout, (table) => texts(table, indices, layout)),
  tokens: (files, indices, layout) => ofTable(files, layout, (table) => tokens(table, indices, layout)),
  series: (files, indices, layout) => ofTable(files, layout, (table) => windows(table, indices, layout)),
  nodes,
  noise: async (_files, indices, layout) => {
    const classes = layout.drawing?.classes ?? 0;
    // Each class in turn, as on the studio's sheets of samples.
    return drawingInputs(
      layout,
      indices.map((seed, place) => ({ seed, label: classes === 0 ? -1 : place % classes })),
    );
  },
};

function sampler({ input }: InputLayout): Sampler {
  const found = samplers[input.name];
  if (found === undefined)
    throw new LightbenchError('deployment.bad_input', `Items of a dataset do not become the input ${input.name}.`);
  return found;
}

/** UINT8 [N, H, W, C]; where the model takes any height and width, those of the first item. */
async function pixels(files: DatasetFiles, indices: readonly number[], layout: InputLayout): Promise<TensorValue> {
  if (files.tablePath !== null)
    throw new LightbenchError('deployment.bad_input', 'The model takes pictures and the dataset is a table.');
  const [, height, width, channels] = layout.input.shape;
  const { widths, heights } = files.index.columns;
  const { data, shape } = await files.tensor(indices, {
    height: height > 0 ? height : heights[indices[0]],
    width: width > 0 ? width : widths[indices[0]],
    channels: channels === 1 ? 1 : 3,
  });
  return { dtype: 'uint8', dims: shape, data };
}

/** @throws LightbenchError deployment.bad_input when the dataset is no table, or lacks a column that the model takes */
async function ofTable(
  { tablePath }: DatasetFiles,
  { input, columns }: InputLayout,
  read: (table: ParquetRows) => Promise<TensorValue>,
): Promise<InputTensors> {
  if (tablePath === null)
    throw new LightbenchError(
      'deployment.bad_input',
      'The model takes the columns of a table and the dataset has none.',
    );
  const table = await ParquetRows.open(tablePath);
  try {
    return { [input.name]: await read(table) };
  } catch (error) {
    const names = columns.map(({ name }) => name).join(', ');
    throw new LightbenchError(
      'deployment.bad_input',
      `The table lacks what the model takes (${names}): ${(error as Error).message}`,
      { cause: error },
    );
  } finally {
    table.close();
  }
}

/** FP32 [N, F]: numbers, category indices, NaN where a value is missing. */
async function rows(table: ParquetRows, indices: readonly number[], layout: InputLayout): Promise<TensorValue> {
  const all = await table.readNumbers(namesOf(layout));
  const width = layout.columns.length;
  const data = new Float32Array(indices.length * width);
  indices.forEach((row, at) => {
    data.set(all.subarray(row * width, (row + 1) * width), at * width);
  });
  return { dtype: 'float32', dims: [indices.length, width], data };
}

/** FP32 [N, F] and INT64 [2, E]: nodes, and all that lies near enough to have a say about them. */
async function nodes(files: DatasetFiles, indices: readonly number[], layout: InputLayout): Promise<InputTensors> {
  const annotations = files.annotations();
  if (annotations?.kind !== 'edges')
    throw new LightbenchError('deployment.bad_input', 'The model takes a graph and the dataset is none.');
  const near = neighborhood(annotations, indices, layout.hops ?? Number.POSITIVE_INFINITY);
  const edges: TensorValue = {
    dtype: 'int64',
    dims: [2, near.from.length],
    data: BigInt64Array.from([...near.from, ...near.to], BigInt),
  };
  if (layout.columns.length > 0)
    return { ...(await ofTable(files, layout, (table) => rows(table, near.nodes, layout))), edges };
  return { nodes: { dtype: 'float32', dims: [near.nodes.length, 1], data: Float32Array.from(near.nodes) }, edges };
}

/** BYTES [N]; a missing text is empty. */
async function texts(table: ParquetRows, indices: readonly number[], { columns }: InputLayout): Promise<TensorValue> {
  const all = await table.readTexts(columns[0].name);
  return { dtype: 'string', dims: [indices.length], data: indices.map((row) => all[row] ?? '') };
}

/** INT64 [N, length]: how each text begins, filled up where it is shorter. */
async function tokens(table: ParquetRows, indices: readonly number[], layout: InputLayout): Promise<TensorValue> {
  if (layout.tokens === undefined) throw new Error('nothing says how text becomes tokens');
  const { unit, vocabulary, length, lowercase } = layout.tokens;
  const all = await table.readTexts(layout.columns[0].name);
  const tokenizer = new Tokenizer(unit, vocabulary);
  const data = new BigInt64Array(indices.length * length);
  indices.forEach((row, at) => {
    const ids = tokenizer.ids(Tokenizer.split(all[row] ?? '', unit, lowercase).slice(0, length));
    data.set(ids.map(BigInt), at * length);
  });
  return { dtype: 'int64', dims: [indices.length, length], data };
}

/** FP32 [N, length, F]: the rows before the one that is named; of the first rows, those that there are and what follows. */
async function windows(table: ParquetRows, indices: readonly number[], layout: InputLayout): Promise<TensorValue> {
  const [, length] = layout.input.shape;
  const width = layout.columns.length;
  const all = await table.readNumbers(namesOf(layout));
  const count = all.length / width;
  const order =
    layout.orderedBy == null
      ? Int32Array.from({ length: count }, (_, row) => row)
      : await table.orderBy(layout.orderedBy);
  if (count < length) throw new Error(`it has ${count} rows, and a window takes ${length}`);
  const places = new Int32Array(count);
  order.forEach((row, place) => {
    places[row] = place;
  });
  const data = new Float32Array(indices.length * length * width);
  indices.forEach((index, at) => {
    const end = Math.max(length, places[index]);
    for (let step = 0; step < length; step++) {
      const row = order[end - length + step];
      data.set(all.subarray(row * width, (row + 1) * width), (at * length + step) * width);
    }
  });
  return { dtype: 'float32', dims: [indices.length, length, width], data };
}

function namesOf({ columns }: InputLayout) {
  return columns.map(({ name, categories }) => (categories === undefined ? { name } : { name, categories }));
}
