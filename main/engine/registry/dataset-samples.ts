import type { Split } from '../../contract/datasets.ts';
import { LightbenchError } from '../../contract/errors.ts';
import { DatasetFiles } from '../../formats/dataset-pack/dataset-files.ts';
import { ParquetRows } from '../../formats/table/table.ts';
import type { EngineContext } from '../core/context.ts';
import type { TensorValue } from '../training/index.ts';
import type { InputLayout, RawSamples } from './raw-samples.ts';

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

  async batch(datasetDigest: string, indices: readonly number[], layout: InputLayout): Promise<TensorValue> {
    const files = this.#open(datasetDigest);
    try {
      const beyond = indices.find((index) => index >= files.count);
      if (beyond !== undefined)
        throw new LightbenchError(
          'record.not_found',
          `The dataset has ${files.count} items; there is no item ${beyond}.`,
        );
      return layout.columns.length === 0
        ? await pixels(files, indices, layout)
        : await rows(files.tablePath, indices, layout);
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

/** FP32 [N, F]: numbers, category indices, NaN where a value is missing. */
async function rows(tablePath: string | null, indices: readonly number[], layout: InputLayout): Promise<TensorValue> {
  if (tablePath === null)
    throw new LightbenchError(
      'deployment.bad_input',
      'The model takes the columns of a table and the dataset has none.',
    );
  const table = await ParquetRows.open(tablePath);
  try {
    const all = await table
      .readNumbers(
        layout.columns.map(({ name, categories }) => (categories === undefined ? { name } : { name, categories })),
      )
      .catch((error: Error) => {
        throw new LightbenchError('deployment.bad_input', `The table lacks what the model takes: ${error.message}`, {
          cause: error,
        });
      });
    const width = layout.columns.length;
    const data = new Float32Array(indices.length * width);
    indices.forEach((row, at) => {
      data.set(all.subarray(row * width, (row + 1) * width), at * width);
    });
    return { dtype: 'float32', dims: [indices.length, width], data };
  } finally {
    table.close();
  }
}
