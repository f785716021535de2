import { createReadStream, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { nearest } from '../../base/nearest.ts';
import type { ImportInput, ImportResult } from '../../contract/import-worker.ts';
import { type Edges, sha256, writeAnnotations } from '../../formats/dataset-pack/annotations.ts';
import { allocateColumns, type DatasetIndex, identityOf } from '../../formats/dataset-pack/dataset-index.ts';
import { FormatError } from '../../formats/format-error.ts';
import { describeTable } from '../../formats/table/describe-table.ts';
import { Table } from '../../formats/table/table.ts';
import type { TableFormat } from '../../formats/table/table-source.ts';
import type { ArtifactStore, StoredArtifact } from '../../storage/artifacts/artifact-store.ts';
import { assignSplits, summarizeSplits } from './assign-splits.ts';
import { type ImportSurroundings, stopWhenAsked } from './import-items.ts';
import { tableQuality } from './quality.ts';
import { writeVersion } from './write-version.ts';

const STEPS = 4;

/** Where a table comes from, when its rows were taken out of another format. */
export interface TableOrigin {
  readonly format: ImportResult['format'];
  /** Of a graph whose nodes are the rows. */
  readonly edges?: Edges;
}

/** A table as a dataset version, its rows as Parquet. */
export async function importTable(
  path: string,
  format: TableFormat,
  input: ImportInput,
  surroundings: ImportSurroundings,
  origin: TableOrigin = { format },
): Promise<ImportResult> {
  const { store, scratchFolder, signal, progress, log } = surroundings;
  const step = (done: number, phase: string) => {
    stopWhenAsked(signal);
    progress(phase, done, STEPS, 'steps');
  };
  mkdirSync(scratchFolder, { recursive: true });
  step(0, 'Reading the table');
  const table = await Table.open(path, format, { scratchFolder });
  try {
    for (const warning of table.warnings) log('warning', warning);
    const {
      target,
      splits: { groupBy },
    } = input.options;
    for (const [column, use] of [
      [target, 'take labels from'],
      [groupBy, 'keep rows together by'],
    ] as const) {
      if (column === undefined || table.columns.some(({ name }) => name === column)) continue;
      const names = table.columns.map(({ name }) => name);
      const guess = nearest(column, names);
      throw new FormatError(
        format,
        'unknown_column',
        `The table has no column "${column}" to ${use}.`,
        { path },
        guess === undefined ? `Choose one of ${names.join(', ')}.` : `Did you mean "${guess}"?`,
      );
    }
    const { schema, classes, labels, givenSplit } = await describeTable(table, target);
    step(1, 'Looking for duplicates');
    const rows = table.rowCount;
    const columns = {
      ...allocateColumns(0),
      labels: labels ?? new Int32Array(rows).fill(-1),
      splits: new Uint8Array(rows),
      flags: new Uint8Array(rows),
    };
    const groups = groupBy === undefined ? undefined : await table.values(groupBy);
    columns.splits.set(assignSplits(columns.labels, givenSplit, input.options.splits, groups));
    const missing = table.columns
      .filter((column) => column.missing > 0)
      .map((column) => ({ column: column.name, count: column.missing }));
    const quality = tableQuality(
      columns,
      classes,
      await table.duplicateRows(),
      missing,
      await table.rowsWithMissing(),
      table.warnings,
    );
    step(2, 'Taking the digest');
    const index: DatasetIndex = { columns, names: [], slices: [] };
    const { edges } = origin;
    const annotations = edges === undefined ? undefined : writeAnnotations(edges);
    const identity = { kind: 'table', schema, target: target ?? null, classes };
    const digest = identityOf(
      annotations === undefined ? identity : { ...identity, annotations: sha256(annotations) },
      index,
      await table.contentDigest(),
    );
    step(3, 'Writing');
    const known = input.knownDigests.includes(digest);
    const stored = known ? null : await storeParquet(table, join(scratchFolder, 'table.parquet'), store);
    const version = await writeVersion(store, input.knownDigests, {
      digest,
      kind: 'table',
      classes,
      rows,
      index,
      packs: Promise.resolve([]),
      thumbnails: [],
      table: stored,
      ...(annotations === undefined || known ? {} : { annotations: store.put(annotations) }),
    });
    step(STEPS, 'Writing');
    return {
      digest,
      ...version,
      format: origin.format,
      kind: 'table',
      ...(edges === undefined ? {} : { edges: edges.from.length }),
      schema: [...schema],
      target: target ?? null,
      rows,
      classes: [...classes],
      splits: summarizeSplits(columns.labels, columns.splits, classes.length),
      image: null,
      quality,
    };
  } finally {
    table.close();
  }
}

async function storeParquet(table: Table, temporary: string, store: ArtifactStore): Promise<StoredArtifact> {
  rmSync(temporary, { force: true });
  await table.writeParquet(temporary);
  const writer = store.writer();
  try {
    for await (const chunk of createReadStream(temporary, { highWaterMark: 1 << 20 })) writer.write(chunk as Buffer);
    return writer.commit();
  } catch (error) {
    writer.abort();
    throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}
