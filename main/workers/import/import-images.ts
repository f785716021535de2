import { setImmediate } from 'node:timers/promises';
import type { ImportInput, ImportResult } from '../../contract/import-worker.ts';
import { sha256, writeAnnotations } from '../../formats/dataset-pack/annotations.ts';
import {
  allocateColumns,
  type DatasetIndex,
  type ItemColumns,
  identityOf,
  type SliceInfo,
} from '../../formats/dataset-pack/dataset-index.ts';
import { FormatError } from '../../formats/format-error.ts';
import { assignSplits, summarizeSplits } from './assign-splits.ts';
import { findDuplicates } from './duplicates.ts';
import { type ImportSurroundings, importItems, type ReadItems, stopWhenAsked } from './import-items.ts';
import type { ItemSource } from './item-source.ts';
import { imageQuality, unusualImages } from './quality.ts';
import type { SimilarityThread } from './similarity-thread.ts';
import { writeVersion } from './write-version.ts';

/** A source of pictures as a dataset version. */
export async function importImages(
  source: ItemSource,
  input: ImportInput,
  surroundings: ImportSurroundings,
  similarity: SimilarityThread,
): Promise<ImportResult> {
  const { options } = input;
  const { parts, packs, sketches } = await importItems(source, surroundings, similarity);
  const unreadable = [...source.unreadable, ...parts.flatMap((part) => part.unreadable)];
  for (const { path, reason } of unreadable) surroundings.log('warning', `${path} was left out: ${reason}`);
  for (const remark of source.remarks) surroundings.log('info', remark);
  const rows = parts.reduce((sum, part) => sum + part.items.length, 0);
  if (rows === 0)
    throw new FormatError(
      source.format,
      'empty',
      `None of the ${source.count} files could be read. The first: ${unreadable[0]?.reason ?? ''}`,
      { path: input.path },
      'Check that these are the right files.',
    );

  const total = 2;
  surroundings.progress('Comparing images', 0, total, 'steps');
  const columns = allocateColumns(rows);
  joinDigests(parts, columns);
  const comparing = findDuplicates(columns.digests, sketches, options.nearDuplicateDistance, similarity);
  // What fails is told where it is awaited, below.
  comparing.catch(() => {});
  // The rest is done while the thread compares. Between its parts there is time for what comes in: a wish to stop, packs
  // that are stored, pictures to compare.
  const { names, slices } = joinItems(source, parts, columns);
  await setImmediate();
  columns.splits.set(assignSplits(columns.labels, sourceSplits(source, parts), options.splits));
  columns.brightness.set(sketches.brightness);
  await setImmediate();
  const unusual = unusualImages(columns);
  const volume = source.kind === 'volume';
  const labeled = source.classes.length > 0;
  const schema: ImportResult['schema'] = [
    { name: volume ? 'slice' : 'image', type: volume ? 'volume' : 'image', nullable: false },
    ...(labeled
      ? [
          {
            name: 'label',
            type: 'category' as const,
            nullable: columns.labels.includes(-1),
            categories: [...source.classes],
          },
        ]
      : []),
    ...(source.annotations === undefined ? [] : [source.annotations.column]),
  ];
  const target = labeled ? 'label' : null;
  const index: DatasetIndex = { columns, names, slices };
  const identity = { kind: source.kind, schema, target, classes: source.classes };
  const annotations = await annotationsOf(source, parts, columns);
  await setImmediate();
  const digest = identityOf(
    annotations === undefined ? identity : { ...identity, annotations: sha256(annotations) },
    index,
    null,
  );
  const common = (values: Uint32Array) => {
    for (const value of values) if (value !== values[0]) return null;
    return values[0];
  };
  const duplicates = await comparing;
  stopWhenAsked(surroundings.signal);
  const quality = imageQuality(columns, duplicates, unusual, source.classes, unreadable);
  surroundings.progress('Comparing images', 1, total, 'steps');
  const version = await writeVersion(surroundings.store, input.knownDigests, {
    digest,
    kind: source.kind,
    classes: source.classes,
    rows,
    index,
    packs,
    thumbnails: parts.flatMap((part) => part.thumbnails ?? []),
    table: null,
    ...(annotations === undefined || input.knownDigests.includes(digest)
      ? {}
      : { annotations: surroundings.store.put(annotations) }),
  });
  surroundings.progress('Comparing images', total, total, 'steps');
  return {
    digest,
    ...version,
    format: source.format,
    kind: source.kind,
    schema,
    target,
    rows,
    classes: [...source.classes],
    splits: summarizeSplits(columns.labels, columns.splits, source.classes.length),
    image: {
      channels: columns.channels.reduce((most, channels) => Math.max(most, channels)),
      width: common(columns.widths),
      height: common(columns.heights),
    },
    quality,
  };
}

/** Masks or boxes of the items that could be read, as a file. */
async function annotationsOf(
  source: ItemSource,
  parts: ReadItems['parts'],
  { widths, heights }: ItemColumns,
): Promise<Uint8Array | undefined> {
  if (source.annotations === undefined) return undefined;
  const items = parts.flatMap((part) => [...part.items]);
  const sizes = items.map((_, row) => ({ width: widths[row], height: heights[row] }));
  return writeAnnotations(await source.annotations.of(items, sizes));
}

/** The split that the source gives to the n-th readable item. */
function sourceSplits(source: ItemSource, parts: ReadItems['parts']): (row: number) => ReturnType<ItemSource['split']> {
  const starts: number[] = [];
  let start = 0;
  for (const part of parts) {
    starts.push(start);
    start += part.items.length;
  }
  return (row) => {
    const part = starts.findLastIndex((first, i) => first <= row && parts[i].items.length > 0);
    return source.split(parts[part].items[row - starts[part]]);
  };
}

function joinDigests(parts: ReadItems['parts'], columns: ItemColumns): void {
  let row = 0;
  for (const part of parts) {
    columns.digests.set(part.digests, 32 * row);
    row += part.items.length;
  }
}

function joinItems(source: ItemSource, parts: ReadItems['parts'], columns: ItemColumns) {
  const names: string[] = [];
  const slices: SliceInfo[] = [];
  let row = 0;
  let thumbnailPack = 0;
  for (const [number, part] of parts.entries()) {
    const count = part.items.length;
    columns.packs.fill(number, row, row + count);
    for (const name of [
      'offsets',
      'lengths',
      'encodings',
      'widths',
      'heights',
      'channels',
      'thumbnailOffsets',
      'thumbnailLengths',
    ] as const)
      columns[name].set(part[name], row);
    columns.thumbnailPacks.fill(thumbnailPack, row, row + count);
    if (part.thumbnails) thumbnailPack++;
    for (let i = 0; i < count; i++) {
      const item = part.items[i];
      columns.labels[row + i] = source.labels[item];
      const name = source.name(item);
      // The index separates names by line breaks.
      names.push(name.includes('\n') ? name.replaceAll('\n', '⏎') : name);
    }
    slices.push(...part.slices);
    row += count;
  }
  return { names, slices };
}
