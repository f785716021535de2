import type { Column, Split } from '../../contract/datasets.ts';
import type { Annotations } from '../../formats/dataset-pack/annotations.ts';
import { DatasetFiles } from '../../formats/dataset-pack/dataset-files.ts';
import { splitNames } from '../../formats/dataset-pack/dataset-index.ts';
import { ParquetRows } from '../../formats/table/table.ts';
import { ArtifactStore } from '../../storage/artifacts/artifact-store.ts';

/** Pixels as uint8, [count, height, width, channels]. */
export interface RawBatch {
  readonly data: Uint8Array;
  readonly height: number;
  readonly width: number;
}

/** The items of a dataset version as a deployed model would get them. */
export interface RawData {
  readonly count: number;
  /** The split of every item. */
  readonly splits: readonly Split[];
  /** Pictures only; null for tables. */
  readonly images: RawImages | null;
  /** Row-major, rows × columns: numbers, category indices, NaN where a value is missing. Tables only. */
  numbers(columns: readonly Column[]): Promise<Float64Array>;
  /** One column as text, null where a value is missing. Tables only. */
  texts(column: string): Promise<readonly (string | null)[]>;
  /** The rows by rising value of a column. Tables only. */
  orderBy(column: string): Promise<Int32Array>;
  /** Masks or boxes of pictures, edges of a graph; null where there are none. */
  annotations(): Annotations | null;
  close(): void;
}

export interface RawImages {
  readonly count: number;
  readonly channels: 1 | 3;
  /** By which another thread opens them. */
  readonly source: { readonly workspaceFolder: string; readonly manifestDigest: string };
  /** Whether they are files, which cost more to decode than to read. */
  readonly isEncoded: boolean;
  /** Null when the pictures differ in size; they are then read one by one. */
  readonly size: { readonly height: number; readonly width: number } | null;
  sizeOf(item: number): { readonly height: number; readonly width: number };
  /** Several pictures of the common size, or one of its own. */
  read(items: ArrayLike<number>): Promise<RawBatch>;
}

/** @throws FormatError, or a system error when a file of the dataset is missing */
export function openRawData(workspaceFolder: string, manifestDigest: string): RawData {
  const files = DatasetFiles.open(new ArtifactStore(workspaceFolder), manifestDigest);
  const splits = Array.from(files.index.columns.splits, (code) => splitNames[code] as Split);
  const { tablePath } = files;
  return {
    count: files.count,
    splits,
    images: tablePath === null ? rawImages(files, { workspaceFolder, manifestDigest }) : null,
    numbers: (columns) =>
      ofTable(
        tablePath,
        (rows) =>
          columns.length === 0
            ? Promise.resolve(new Float64Array())
            : rows.readNumbers(
                columns.map(({ name, categories }) => (categories === undefined ? { name } : { name, categories })),
              ),
        new Float64Array(),
      ),
    texts: (column) => ofTable(tablePath, (rows) => rows.readTexts(column), []),
    orderBy: (column) => ofTable(tablePath, (rows) => rows.orderBy(column), new Int32Array()),
    annotations: () => files.annotations(),
    close: () => files.close(),
  };
}

async function ofTable<T>(path: string | null, read: (rows: ParquetRows) => Promise<T>, none: T): Promise<T> {
  if (path === null) return none;
  const rows = await ParquetRows.open(path);
  try {
    return await read(rows);
  } finally {
    rows.close();
  }
}

function rawImages(files: DatasetFiles, source: RawImages['source']): RawImages {
  const { widths, heights, channels } = files.index.columns;
  const common = files.commonShape();
  const model = channels.every((count) => count === 1) ? 1 : 3;
  return {
    count: files.count,
    channels: model,
    source,
    isEncoded: files.isEncoded,
    size: common === null ? null : { height: common.height, width: common.width },
    sizeOf: (item) => ({ height: heights[item], width: widths[item] }),
    read: async (items) => {
      const first = items[0];
      const shape = { height: heights[first], width: widths[first], channels: model } as const;
      const { data } = await files.tensor(items, shape);
      return { data, height: shape.height, width: shape.width };
    },
  };
}
