/** Opens a table file in DuckDB as it is, and says in plain words and with line numbers what is wrong with it. */
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { FormatError, type FormatReason } from '../format-error.ts';
import { type Dialect, readDialect } from './csv-header.ts';

export type TableFormat = 'csv' | 'tsv' | 'parquet' | 'json';

const EXTENSIONS: Readonly<Record<string, TableFormat>> = {
  csv: 'csv',
  txt: 'csv',
  tsv: 'tsv',
  tab: 'tsv',
  parquet: 'parquet',
  pq: 'parquet',
  json: 'json',
  jsonl: 'json',
  ndjson: 'json',
};
/** Lines of rejected rows that a message names; the count is always complete. */
const NAMED_LINES = 5;

/** Why DuckDB rejects a line (`reject_errors.error_type`). */
const REJECTIONS: Readonly<
  Record<string, { readonly reason: FormatReason; readonly words: string; readonly suggestion: string }>
> = {
  'MISSING COLUMNS': {
    reason: 'ragged_row',
    words: 'too few values',
    suggestion: 'Give every row as many values as the header has names.',
  },
  'TOO MANY COLUMNS': {
    reason: 'ragged_row',
    words: 'too many values',
    suggestion:
      'Give every row as many values as the header has names; put values that contain the delimiter in quotes.',
  },
  'UNQUOTED VALUE': {
    reason: 'syntax',
    words: 'a quote that is not closed',
    suggestion: 'Close the quote, or double quotes inside a quoted value.',
  },
  'LINE SIZE OVER MAXIMUM': {
    reason: 'syntax',
    words: 'a line longer than 2 MB',
    suggestion: 'Look for a quote that is not closed.',
  },
  'INVALID ENCODING': { reason: 'syntax', words: 'bytes that are not UTF-8', suggestion: 'Save the file as UTF-8.' },
  CAST: { reason: 'bad_value', words: 'a value of another type', suggestion: 'Correct the values.' },
};

export interface Rejection {
  readonly line: number;
  readonly column: string | null;
  readonly kind: string;
  readonly text: string;
}

export function tableFormat(path: string): TableFormat | undefined {
  const name = basename(path).toLowerCase().replace(/\.gz$/, '');
  return EXTENSIONS[name.slice(name.lastIndexOf('.') + 1)];
}

/** Makes the table `raw` from the file: text columns for CSV and TSV, typed ones for Parquet and JSON. Refuses files with rejected rows. */
export async function loadRaw(
  connection: DuckDBConnection,
  path: string,
  format: TableFormat,
): Promise<Dialect | undefined> {
  const info = await stat(path).catch((error: Error) => {
    throw new FormatError(format, 'not_found', 'The file does not exist.', { path }, 'Check the path.', error);
  });
  if (info.size === 0)
    throw new FormatError(format, 'empty', 'The file is empty.', { path, offsetBytes: 0 }, 'Choose another file.');
  try {
    if (format === 'parquet') await connection.run(`CREATE TABLE raw AS SELECT * FROM read_parquet(${literal(path)})`);
    else if (format === 'json')
      await connection.run(
        `CREATE TABLE raw AS SELECT * FROM read_json(${literal(path)}, maximum_object_size = 67108864, sample_size = -1, convert_strings_to_integers = false)`,
      );
    else {
      const dialect = await readDialect(path, format, format === 'tsv' ? '\t' : undefined);
      await connection.run(`CREATE TABLE raw AS SELECT * FROM ${csvReader(path, dialect, {})}`);
      const rejections = await readRejections(connection);
      if (rejections.length > 0) throw rejectedRows(format, path, rejections);
      return dialect;
    }
  } catch (error) {
    throw error instanceof FormatError ? error : duckError(error as Error, path, format);
  }
  return undefined;
}

/** The lines whose values are not of these types (column name → DuckDB type), by reading the file once more. */
export async function findBadValues(
  connection: DuckDBConnection,
  path: string,
  dialect: Dialect,
  types: Readonly<Record<string, string>>,
): Promise<readonly Rejection[]> {
  await connection.run(`CREATE OR REPLACE TEMP TABLE checked AS SELECT * FROM ${csvReader(path, dialect, types)}`);
  return (await readRejections(connection)).filter((rejection) => rejection.kind === 'CAST');
}

/** A string as an SQL literal. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A name as an SQL identifier. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function duckError(error: Error, path: string, format: TableFormat): FormatError {
  // DuckDB appends the query it was asked.
  const words = error.message
    .replace(/\n\s*LINE \d+:[\s\S]*$/, '')
    .replace(/\s+/g, ' ')
    .slice(0, 300);
  const line = /line[ :]+(\d+)/i.exec(words)?.[1];
  const place = { path, ...(line === undefined ? {} : { line: Number(line) }) };
  if (/no magic bytes|too small to be a parquet|footer/i.test(words))
    return new FormatError(
      format,
      'truncated',
      'The file does not end like a Parquet file; it was cut short or is something else.',
      place,
      'Get the file again.',
      error,
    );
  if (/malformed json|unexpected (character|end)|invalid json/i.test(words))
    return new FormatError(
      format,
      'syntax',
      `The JSON is not valid (${words}).`,
      place,
      'Correct it; a table is an array of objects or one object per line.',
      error,
    );
  if (/invalid unicode|not utf-8|encoding/i.test(words))
    return new FormatError(
      format,
      'syntax',
      `The text is not UTF-8 (${words}).`,
      place,
      'Save the file as UTF-8.',
      error,
    );
  return new FormatError(
    format,
    'damaged',
    `The file cannot be read (${words}).`,
    place,
    'Get a fresh copy, or save it as CSV.',
    error,
  );
}

function csvReader(path: string, dialect: Dialect, types: Readonly<Record<string, string>>): string {
  const columns = dialect.names.map((name) => `${literal(name)}: ${literal(types[name] ?? 'VARCHAR')}`).join(', ');
  return `read_csv(${literal(path)}, auto_detect = false, delim = ${literal(dialect.delimiter)}, quote = '"', escape = '"', header = ${dialect.header}, columns = {${columns}}, null_padding = false, strict_mode = true, store_rejects = true, rejects_limit = 100000)`;
}

/** Takes the rejected lines of the reads so far, and forgets them. */
async function readRejections(connection: DuckDBConnection): Promise<readonly Rejection[]> {
  const reader = await connection.runAndReadAll(
    'SELECT line, column_name, error_type, csv_line FROM reject_errors ORDER BY line, column_idx',
  );
  const rows = reader.getRowObjectsJson() as unknown as {
    line: string;
    column_name: string | null;
    error_type: string;
    csv_line: string;
  }[];
  await connection.run('DROP TABLE reject_errors; DROP TABLE reject_scans');
  return rows.map((row) => ({
    line: Number(row.line),
    column: row.column_name,
    kind: row.error_type,
    text: row.csv_line.slice(0, 200),
  }));
}

function rejectedRows(format: TableFormat, path: string, rejections: readonly Rejection[]): FormatError {
  const first = rejections[0];
  const { reason, words, suggestion } = REJECTIONS[first.kind] ?? REJECTIONS['UNQUOTED VALUE'];
  const lines = [...new Set(rejections.map((rejection) => rejection.line))];
  const named = `${lines.slice(0, NAMED_LINES).join(', ')}${lines.length > NAMED_LINES ? ' …' : ''}`;
  const all = lines.length === 1 ? 'It is the only such row.' : `${lines.length} rows are wrong, in lines ${named}.`;
  return new FormatError(
    format,
    reason,
    `The row has ${words}: ${JSON.stringify(first.text.trim())}. ${all}`,
    { path, line: first.line },
    suggestion,
  );
}
