import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import type { Column } from '../../contract/datasets.ts';
import { allocateColumns, type DatasetManifest, writeIndex } from '../../formats/dataset-pack/dataset-index.ts';
import { Table } from '../../formats/table/table.ts';
import { sha256 } from '../../storage/index.ts';
import { openTrainedModels, SIZE, type TrainedModels } from '../trained-model.test-support.ts';
import type { InputLayout } from '../training/index.ts';
import { neighborhood } from './neighborhood.ts';

const TABLE = sha256('a table');
const picture = (height: number, width: number, channels: number): InputLayout => ({
  input: { name: 'image', datatype: 'UINT8', shape: [-1, height, width, channels], description: '' },
  columns: [],
});
const column = (name: string, categories?: string[]): Column => ({
  name,
  type: categories === undefined ? 'number' : 'category',
  nullable: true,
  ...(categories === undefined ? {} : { categories }),
});
const row = (...columns: Column[]): InputLayout => ({
  input: { name: 'table', datatype: 'FP32', shape: [-1, columns.length], description: '' },
  columns,
});

let models: TrainedModels;

beforeEach(async () => {
  models = openTrainedModels(systemClock);
  const { workspace, folder } = models;
  const csv = join(folder, 'table.csv');
  writeFileSync(csv, 'size,colour\n1.5,red\n,blue\n3,\n4,green\n');
  const table = await Table.open(csv, 'csv');
  const parquet = join(folder, 'table.parquet');
  await table.writeParquet(parquet);
  table.close();
  const columns = allocateColumns(4);
  columns.splits.set([0, 2, 2, 0]);
  const manifest: DatasetManifest = {
    layout: 1,
    digest: TABLE,
    kind: 'table',
    classes: [],
    rows: 4,
    index: workspace.artifacts.put(writeIndex({ columns, names: [], slices: [] })),
    packs: [],
    thumbnails: [],
    table: workspace.artifacts.put(readFileSync(parquet)),
  };
  const pictures = workspace.datasets.version(models.datasetDigest)!.version;
  workspace.datasets.insert({ id: 'dataset_table', name: 'table', kind: 'table', createdAt: pictures.createdAt });
  workspace.datasets.insertVersion(
    { ...pictures, digest: TABLE, datasetId: 'dataset_table', name: 'table', kind: 'table', image: null, rows: 4 },
    workspace.artifacts.put(Buffer.from(JSON.stringify(manifest))).digest,
  );
});
afterEach(() => models.close());

describe('raw samples', () => {
  it('are the pixels as they were imported', async () => {
    const { image: batch } = await models.samples.batch(models.datasetDigest, [3, 0], picture(SIZE, SIZE, 1));
    expect(batch).toMatchObject({ dtype: 'uint8', dims: [2, SIZE, SIZE, 1] });
    const { image: first } = await models.samples.batch(models.datasetDigest, [0], picture(-1, -1, 1));
    expect(first.dims).toEqual([1, SIZE, SIZE, 1]);
    expect((batch.data as Uint8Array).slice(SIZE * SIZE)).toEqual(first.data);
  });

  it('are brought to the size and the channels that a model asks for', async () => {
    const { image } = await models.samples.batch(models.datasetDigest, [0], picture(8, 4, 3));
    expect(image.dims).toEqual([1, 8, 4, 3]);
  });

  it('are numbers, indices of categories, and NaN where a value is missing or unknown', async () => {
    const layout = row(column('colour', ['red', 'blue']), column('size'));
    const { table } = await models.samples.batch(TABLE, [3, 1, 0, 2], layout);
    expect(table).toMatchObject({ dims: [4, 2], dtype: 'float32' });
    expect([...(table.data as Float32Array)]).toEqual([Number.NaN, 4, 1, Number.NaN, 0, 1.5, Number.NaN, 3]);
    expect(models.samples.indices(TABLE, 'test')).toEqual([1, 2]);
  });

  it('are refused when the dataset is of another kind, lacks a column, or ends before', async () => {
    const { samples, datasetDigest } = models;
    for (const wrong of [
      samples.batch(TABLE, [0], picture(SIZE, SIZE, 1)),
      samples.batch(datasetDigest, [0], row(column('size'))),
      samples.batch(TABLE, [0], row(column('weight'))),
    ])
      await expect(wrong).rejects.toMatchObject({ code: 'deployment.bad_input' });
    await expect(samples.batch(TABLE, [4], row(column('size')))).rejects.toMatchObject({ code: 'record.not_found' });
    await expect(samples.batch('0'.repeat(64), [0], picture(1, 1, 1))).rejects.toMatchObject({
      code: 'record.not_found',
    });
  });
});

describe('the nodes around others', () => {
  // 0 → 1 → 2 → 3, and 4 ⇄ 2.
  const edges = {
    kind: 'edges' as const,
    from: Int32Array.of(0, 1, 2, 4, 2),
    to: Int32Array.of(1, 2, 3, 2, 4),
  };

  it('are those whose edges lead there, behind those that were asked about', () => {
    expect(neighborhood(edges, [2], 1)).toEqual({ nodes: [2, 1, 4], from: [1, 2, 0], to: [0, 0, 2] });
    expect(neighborhood(edges, [2], Number.POSITIVE_INFINITY).nodes).toEqual([2, 1, 4, 0]);
    expect(neighborhood(edges, [3, 0], 1).nodes).toEqual([3, 0, 2]);
  });

  it('are none where no edge leads there', () => {
    expect(neighborhood(edges, [0], 3)).toEqual({ nodes: [0], from: [], to: [] });
  });
});
