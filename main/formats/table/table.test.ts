import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ParquetRows, Table } from './table.ts';
import { tableFormat } from './table-source.ts';

const VEGA = join(process.cwd(), 'node_modules/vega-datasets/data');

describe('table', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'table-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const write = async (name: string, text: string | Uint8Array) => {
    await writeFile(join(folder, name), text);
    return join(folder, name);
  };
  const open = (path: string) => Table.open(path, tableFormat(path)!);

  it('reads the penguins with typed columns and counts what is missing', async () => {
    const table = await open(join(VEGA, 'penguins.json'));
    expect(table.rowCount).toBe(344);
    expect(table.columns.find(({ name }) => name === 'Species')).toEqual({
      name: 'Species',
      type: 'text',
      missing: 0,
      distinct: 3,
    });
    expect(table.columns.find(({ name }) => name === 'Beak Length (mm)')).toMatchObject({ type: 'number', missing: 2 });
    expect(await table.distinctValues('Species')).toEqual(['Adelie', 'Chinstrap', 'Gentoo']);
    table.close();
  });

  it('infers types of CSV, also behind words for missing values and in quotes with line breaks', async () => {
    const path = await write(
      'types.csv',
      'id,size,flag,day,note,country\n1,1.5,true,2024-01-31,"a,\n""b""",NA\n2,NA,false,2024-02-01,,DE\n',
    );
    const table = await open(path);
    expect(table.columns.map(({ name, type, missing }) => [name, type, missing])).toEqual([
      ['id', 'integer', 0],
      ['size', 'number', 1],
      ['flag', 'boolean', 0],
      ['day', 'time', 0],
      ['note', 'text', 1],
      ['country', 'text', 0],
    ]);
    expect(await table.preview(1)).toEqual([
      { id: 1, size: 1.5, flag: true, day: '2024-01-31', note: 'a,\n"b"', country: 'NA' },
    ]);
    table.close();
  });

  it('keeps codes with leading zeros as text, and reads signs, exponents and times', async () => {
    const table = await open(
      await write(
        'codes.csv',
        'zip,share,when\n00501,-0.5,2024-01-31 10:00:00\n10001,1e-3,2024-02-01 11:30:00\n90210,+.25,2024-02-02 00:00:00\n',
      ),
    );
    expect(table.columns.map(({ type }) => type)).toEqual(['text', 'number', 'time']);
    expect((await table.preview(3)).map((row) => row.share)).toEqual([-0.5, 0.001, 0.25]);
    table.close();
  });

  it('reads TSV and semicolons', async () => {
    const tabs = await open(join(VEGA, 'unemployment.tsv'));
    expect(tabs.columns.map(({ type }) => type)).toEqual(['integer', 'number']);
    tabs.close();
    const table = await open(await write('semicolon.csv', 'a;b\n1;x\n2;y\n'));
    expect(table.columns.map(({ name }) => name)).toEqual(['a', 'b']);
    table.close();
  });

  it('refuses ragged rows and names their lines', async () => {
    const path = await write('ragged.csv', 'a,b,c\n1,2,x\n1,2\n3,4,y,9\n5,6,z\n');
    await expect(open(path)).rejects.toMatchObject({
      reason: 'ragged_row',
      place: { line: 3 },
      message: expect.stringMatching(/too few values: "1,2". 2 rows are wrong, in lines 3, 4/),
    });
    const quote = await write('quote.csv', 'a,b\n1,x\n2,"y\n');
    await expect(open(quote)).rejects.toMatchObject({ reason: 'syntax', place: { line: 3 } });
  });

  it('keeps a column text for a few words among numbers, and says where they are', async () => {
    const rows = Array.from({ length: 40 }, (_, i) => `${i},${i === 20 ? 'about 5' : i / 2}`);
    const table = await open(await write('mixed.csv', `a,b\n${rows.join('\n')}\n`));
    expect(table.columns.map(({ type }) => type)).toEqual(['integer', 'text']);
    expect(table.warnings).toEqual(['Column "b" is text because one value is no number (line 22: "about 5").']);
    table.close();
  });

  it('gives the same digest for CSV, Parquet and JSON of the same values, and another for others', async () => {
    const csv = await open(await write('same.csv', 'a,b\n1,x\n2,\n'));
    await csv.writeParquet(join(folder, 'same.parquet'));
    const parquet = await open(join(folder, 'same.parquet'));
    const json = await open(await write('same.json', '[{"a":1,"b":"x"},{"a":2,"b":null}]'));
    const other = await open(await write('other.csv', 'a,b\n1,x\n2,y\n'));
    const swapped = await open(await write('swapped.csv', 'a,b\n2,\n1,x\n'));
    const [digest, ...digests] = await Promise.all(
      [csv, parquet, json, other, swapped].map((table) => table.contentDigest()),
    );
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    expect(digests.map((value) => value === digest)).toEqual([true, true, false, false]);
    for (const table of [csv, parquet, json, other, swapped]) table.close();
  });

  it('finds equal rows and rows with missing values', async () => {
    const table = await open(await write('equal.csv', 'a,b\n1,x\n2,\n1,x\n3,y\n2,\n1,x\n'));
    expect(await table.duplicateRows()).toEqual([
      [0, 2, 5],
      [1, 4],
    ]);
    expect(await table.rowsWithMissing()).toEqual([1, 4]);
    table.close();
  });

  it('reads rows of its Parquet file in any order, and numbers for training', async () => {
    const table = await open(join(VEGA, 'penguins.json'));
    const path = join(folder, 'penguins.parquet');
    await table.writeParquet(path);
    const rows = await ParquetRows.open(path);
    const read = await rows.read([300, 0], table.columns);
    expect(read.map((row) => row.Species)).toEqual(['Gentoo', 'Adelie']);
    expect(read[1]['Body Mass (g)']).toBe(3750);
    const numbers = await rows.readNumbers([
      { name: 'Beak Length (mm)' },
      { name: 'Species', categories: ['Adelie', 'Chinstrap', 'Gentoo'] },
    ]);
    expect([...numbers.subarray(0, 2), ...numbers.subarray(600, 602)]).toEqual([
      39.1,
      0,
      read[0]['Beak Length (mm)'],
      2,
    ]);
    expect(numbers.filter(Number.isNaN).length).toBe(2);
    rows.close();
    table.close();
  });

  it('names damaged, cut, empty and absent files', async () => {
    const parquet = await readFile(join(VEGA, 'flights-3m.parquet'));
    await expect(open(await write('cut.parquet', parquet.subarray(0, 5000)))).rejects.toMatchObject({
      reason: 'truncated',
    });
    await expect(open(await write('bad.json', '[{"a":1},\n{"a":]'))).rejects.toMatchObject({
      reason: 'syntax',
      message: expect.stringContaining('record/value 3'),
    });
    await expect(open(await write('bad.jsonl', '{"a":1}\n{"a":\n'))).rejects.toMatchObject({
      reason: 'syntax',
      place: { line: 3 },
    });
    await expect(open(await write('empty.csv', ''))).rejects.toMatchObject({ reason: 'empty' });
    await expect(open(await write('header.csv', 'a,b\n'))).rejects.toMatchObject({ reason: 'empty' });
    await expect(open(join(folder, 'absent.csv'))).rejects.toMatchObject({ reason: 'not_found' });
    await expect(open(await write('latin1.csv', Buffer.from('a,b\n1,Zürich\n', 'latin1')))).rejects.toMatchObject({
      reason: 'syntax',
    });
  });
});
