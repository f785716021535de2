import { readFile } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import type { ImportOptions, Inspection, Split } from '../../contract/datasets.ts';
import { readCoco } from '../../formats/coco/coco.ts';
import { type DetectedSource, detectSource } from '../../formats/detect-source.ts';
import { readDicomImage } from '../../formats/dicom/dicom-image.ts';
import { inspectIdxPair, openIdxPair } from '../../formats/idx/idx-pair.ts';
import { scanImageFolder } from '../../formats/image-folder/image-folder.ts';
import { scanImageMasks } from '../../formats/image-masks/image-masks.ts';
import { describeTable, likelyTarget } from '../../formats/table/describe-table.ts';
import { rowTable } from '../../formats/table/row-table.ts';
import { Table } from '../../formats/table/table.ts';

const PREVIEW_ROWS = 20;
const NEAR_DUPLICATE_DISTANCE = 4;
/** Share of train that is suggested for a split the source lacks. */
const VALIDATION = 0.1;
const TEST = 0.2;

type Details = Omit<Inspection, 'path' | 'format' | 'suggested'> & {
  readonly target?: string;
  readonly groupBy?: string;
};

/** What a path holds and how it would be imported. Reads as little as the format allows. @throws FormatError */
export async function inspectSource(path: string): Promise<Inspection> {
  const detected = await detectSource(path);
  const { target, groupBy, ...details } = await look(detected);
  return { path, format: detected.format, ...details, suggested: suggest(path, details, target, groupBy) };
}

async function look(source: DetectedSource): Promise<Details> {
  if (source.format === 'idx') return lookAtIdx(source.pairs);
  if (source.format === 'image-folder') return lookAtFolder(source.path);
  if (source.format === 'dicom') return lookAtDicom(source.path, source.names);
  if (source.format === 'image-masks') return lookAtMasks(source.path);
  if (source.format === 'coco') return lookAtBoxes(source.path);
  if (source.format === 'text' || source.format === 'node-link') {
    const rows = await rowTable(source.format, source.path);
    try {
      const details = await lookAtTable(rows.path, 'json');
      const edges =
        rows.edges === undefined ? [] : [`A graph of ${rows.edges.from.length} edges, each direction counted.`];
      return { ...details, warnings: [...edges, ...rows.warnings, ...details.warnings] };
    } finally {
      rows.dispose();
    }
  }
  return lookAtTable(source.path, source.format);
}

async function lookAtMasks(path: string): Promise<Details> {
  const items = await scanImageMasks(path);
  return {
    kind: 'image',
    rows: items.length,
    classes: [],
    schema: [...imageSchema([], false), { name: 'mask', type: 'mask', nullable: false }],
    givenSplits: splitsOf(items),
    preview: [],
    warnings: ['Every picture has a mask: the classes of its pixels.'],
  };
}

async function lookAtBoxes(path: string): Promise<Details> {
  const { classes, items, warnings } = await readCoco(path);
  const boxes = items.reduce((sum, item) => sum + item.boxes.length, 0);
  return {
    kind: 'image',
    rows: items.length,
    classes: [],
    schema: [...imageSchema([], false), { name: 'boxes', type: 'boxes', nullable: false, categories: [...classes] }],
    givenSplits: splitsOf(items),
    preview: [],
    warnings: [`${boxes} boxes of ${classes.length} classes: ${classes.join(', ')}.`, ...warnings],
  };
}

function splitsOf(items: readonly { readonly split: Split | undefined }[]): Split[] {
  return (['train', 'validation', 'test'] as const).filter((split) => items.some((item) => item.split === split));
}

async function lookAtIdx(pairs: Extract<DetectedSource, { format: 'idx' }>['pairs']): Promise<Details> {
  const headers = await Promise.all(pairs.map(inspectIdxPair));
  // Labels are small; reading one pair tells the classes.
  const labeled = pairs.find((pair) => pair.labelsPath !== undefined);
  const classes =
    labeled === undefined ? [] : [...new Set((await openIdxPair(labeled)).labels)].sort((a, b) => a - b).map(String);
  return {
    kind: 'image',
    rows: headers.reduce((sum, header) => sum + header.count, 0),
    classes,
    schema: imageSchema(
      classes,
      pairs.some((pair) => pair.labelsPath === undefined),
    ),
    givenSplits: (['train', 'validation', 'test'] as const).filter((split) =>
      pairs.some((pair) => pair.split === split),
    ),
    preview: [],
    warnings: pairs
      .filter((pair) => pair.labelsPath === undefined)
      .map((pair) => `No labels file lies beside ${basename(pair.imagesPath)}.`),
  };
}

async function lookAtFolder(path: string): Promise<Details> {
  const folder = await scanImageFolder(path);
  const unlabeled = folder.items.filter((item) => item.label < 0).length;
  return {
    kind: 'image',
    rows: folder.items.length,
    classes: [...folder.classes],
    schema: imageSchema(folder.classes, unlabeled > 0),
    givenSplits: [...folder.givenSplits],
    preview: [],
    warnings: [
      ...(unlabeled > 0 ? [`${unlabeled} pictures lie outside of class folders and have no label.`] : []),
      ...(folder.ignored.length > 0
        ? [
            `${folder.ignored.length} files are no pictures and are left out: ${folder.ignored.slice(0, 3).join(', ')}${folder.ignored.length > 3 ? ' …' : ''}.`,
          ]
        : []),
    ],
  };
}

async function lookAtDicom(path: string, names: readonly string[]): Promise<Details> {
  const file = join(path, names[0]);
  const first = readDicomImage(await readFile(file), file);
  return {
    kind: 'volume',
    rows: names.length,
    classes: [],
    schema: [{ name: 'slice', type: 'volume', nullable: false }],
    givenSplits: [],
    preview: [
      {
        modality: first.modality,
        width: first.width,
        height: first.height,
        'pixel spacing (mm)': first.pixelSpacing?.join(' × ') ?? null,
        'slice thickness (mm)': first.sliceThickness,
      },
    ],
    warnings: ['Who was examined is not imported: only pixels and geometry are.'],
  };
}

async function lookAtTable(path: string, format: 'csv' | 'tsv' | 'parquet' | 'json'): Promise<Details> {
  const table = await Table.open(path, format);
  try {
    const target = likelyTarget(table);
    const { schema, classes, givenSplits } = await describeTable(table, target);
    return {
      kind: 'table',
      rows: table.rowCount,
      classes,
      schema,
      givenSplits: [...givenSplits],
      preview: [...(await table.preview(PREVIEW_ROWS))],
      warnings: [...table.warnings],
      ...(target === undefined ? {} : { target }),
      ...groupingOf(table, schema, target),
    };
  } finally {
    table.close();
  }
}

/** Of pairs of texts that share their first ones, that: a model must not be tested on what it has read. */
function groupingOf(
  { columns, rowCount }: Table,
  schema: Inspection['schema'],
  target: string | undefined,
): Pick<Details, 'groupBy'> {
  const texts = schema.filter(({ type }) => type === 'text');
  if (target !== undefined && !texts.some(({ name }) => name === target)) return {};
  const [first, second] = texts;
  if (first === undefined || second === undefined) return {};
  const { distinct = 0, missing = 0 } = columns.find(({ name }) => name === first.name) ?? {};
  return distinct + missing === rowCount ? {} : { groupBy: first.name };
}

function imageSchema(classes: readonly string[], nullable: boolean): Inspection['schema'] {
  return [
    { name: 'image', type: 'image', nullable: false },
    ...(classes.length === 0 ? [] : [{ name: 'label', type: 'category' as const, nullable, categories: [...classes] }]),
  ];
}

function suggest(
  path: string,
  { kind, givenSplits }: Pick<Details, 'kind' | 'givenSplits'>,
  target: string | undefined,
  groupBy: string | undefined,
): ImportOptions {
  const name = basename(path, extname(path)) || 'dataset';
  const splits: ImportOptions['splits'] =
    kind === 'volume'
      ? { mode: 'given', validation: 0, test: 0, seed: 0 }
      : givenSplits.length > 0
        ? {
            mode: 'given',
            validation: givenSplits.includes('validation') ? 0 : VALIDATION,
            test: givenSplits.includes('test') ? 0 : TEST,
            seed: 0,
          }
        : { mode: 'stratified', validation: VALIDATION, test: TEST, seed: 0 };
  return {
    name: name.slice(0, 120),
    licence: '',
    description: '',
    splits: groupBy === undefined ? splits : { ...splits, groupBy },
    nearDuplicateDistance: NEAR_DUPLICATE_DISTANCE,
    ...(target === undefined ? {} : { target }),
  };
}
