/**
 * Tables: CSV, TSV, Parquet and JSON records through DuckDB, with typed columns. Nothing is dropped silently: rows that do
 * not fit the header are refused with their lines, values that do not fit the type of their column keep the column a text
 * column and are named in `warnings`.
 */
import { type DuckDBConnection, DuckDBInstance, type Json } from '@duckdb/node-api';
import { FormatError } from '../format-error.ts';
import type { Dialect } from './csv-header.ts';
import { duckError, findBadValues, identifier, literal, loadRaw, type TableFormat } from './table-source.ts';

export type TableColumnType = 'number' | 'integer' | 'boolean' | 'time' | 'text';

export interface TableColumn {
  readonly name: string;
  readonly type: TableColumnType;
  /** Rows without a value. */
  readonly missing: number;
  /** Distinct values, missing ones not counted. */
  readonly distinct: number;
}

export type TableRow = Readonly<Record<string, string | number | boolean | null>>;

/**
 * From strict to loose: a text column takes the first type that fits all its values. DuckDB casts "1.5" to the integer 2
 * and "00501" to 501, so that the text must look like the type as well.
 */
const CANDIDATES: readonly { readonly sql: string; readonly type: TableColumnType; readonly pattern: string }[] = [
  { sql: 'BIGINT', type: 'integer', pattern: '[+-]?(0|[1-9][0-9]*)' },
  { sql: 'DOUBLE', type: 'number', pattern: '[+-]?((0|[1-9][0-9]*)([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?' },
  { sql: 'BOOLEAN', type: 'boolean', pattern: '[a-zA-Z]+' },
  { sql: 'DATE', type: 'time', pattern: '.*' },
  { sql: 'TIMESTAMP', type: 'time', pattern: '.*' },
];
/** What people write for a missing value. In a column of text, only the empty value is one: "NA" may be Namibia. */
const MISSING_WORDS = ['', 'NA', 'N/A', 'n/a', 'NaN', 'nan', 'NULL', 'null', 'None', '?', '-', '.'];
/** From this share of fitting values on, the others are worth a warning. */
const MOSTLY = 0.9;
const NAMED_VALUES = 5;
/** Rows that share one hash in `contentDigest`. */
const DIGEST_BLOCK_ROWS = 65_536;

export interface TableOptions {
  /** A folder for what does not fit into memory. */
  readonly scratchFolder?: string;
  readonly memoryLimitBytes?: number;
}

export class Table {
  readonly path: string;
  readonly format: TableFormat;
  readonly columns: readonly TableColumn[];
  readonly rowCount: number;
  /** Columns that stayed text for a few values, with the lines. */
  readonly warnings: readonly string[];
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;

  private constructor(
    path: string,
    format: TableFormat,
    instance: DuckDBInstance,
    connection: DuckDBConnection,
    columns: readonly TableColumn[],
    rowCount: number,
    warnings: readonly string[],
  ) {
    this.path = path;
    this.format = format;
    this.columns = columns;
    this.rowCount = rowCount;
    this.warnings = warnings;
    this.#instance = instance;
    this.#connection = connection;
  }

  /** Reads the whole file. @throws FormatError with the line of the first wrong row. */
  static async open(path: string, format: TableFormat, options: TableOptions = {}): Promise<Table> {
    const { instance, connection } = await connect(options);
    try {
      const dialect = await loadRaw(connection, path, format);
      const { definitions, warnings } =
        dialect === undefined
          ? { definitions: await nativeTypes(connection), warnings: [] }
          : await inferTypes(connection, path, dialect);
      if (definitions.length === 0)
        throw new FormatError(format, 'empty', 'The table has no columns.', { path }, 'Choose another file.');
      const expressions = definitions.map(({ name, expression }) => `${expression} AS ${identifier(name)}`).join(', ');
      await connection.run(`CREATE TABLE data AS SELECT ${expressions} FROM raw; DROP TABLE raw`);
      const counts = definitions
        .map(
          ({ name }, i) =>
            `count(${identifier(name)}) AS present${i}, count(DISTINCT ${identifier(name)}) AS distinct${i}`,
        )
        .join(', ');
      const [summary] = await readRows(connection, `SELECT count(*) AS total, ${counts} FROM data`);
      const rowCount = Number(summary.total);
      if (rowCount === 0)
        throw new FormatError(format, 'empty', 'The table has no rows.', { path }, 'Choose another file.');
      const columns = definitions.map(
        ({ name, type }, i): TableColumn => ({
          name,
          type,
          missing: rowCount - Number(summary[`present${i}`]),
          distinct: Number(summary[`distinct${i}`]),
        }),
      );
      return new Table(path, format, instance, connection, columns, rowCount, warnings);
    } catch (error) {
      connection.closeSync();
      instance.closeSync();
      throw error instanceof FormatError ? error : duckError(error as Error, path, format);
    }
  }

  /** The first rows. */
  async preview(count: number): Promise<readonly TableRow[]> {
    return plainRows(await readRows(this.#connection, `SELECT * FROM data LIMIT ${count}`), this.columns);
  }

  /** Distinct values as text; numbers in their order, all else by code units. */
  async distinctValues(column: string): Promise<readonly string[]> {
    const { type } = this.columns.find(({ name }) => name === column)!;
    const rows = await readRows(
      this.#connection,
      `SELECT DISTINCT ${identifier(column)}::VARCHAR AS value FROM data WHERE ${identifier(column)} IS NOT NULL`,
    );
    const values = rows.map((row) => String(row.value));
    return type === 'integer' || type === 'number'
      ? values.sort((a, b) => Number(a) - Number(b))
      : values.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  }

  /** One column as text, in the order of the rows; null where there is no value. */
  async values(column: string): Promise<readonly (string | null)[]> {
    const reader = await this.#connection.runAndReadAll(`SELECT ${identifier(column)}::VARCHAR AS value FROM data`);
    return reader.getColumnsJson()[0] as (string | null)[];
  }

  /**
   * SHA-256 of names, types and values in their order: the same whether the table came from CSV, Parquet or JSON, and
   * whatever the version of DuckDB writes into a Parquet file.
   */
  async contentDigest(): Promise<string> {
    const header = JSON.stringify(this.columns.map(({ name, type }) => [name, type]));
    const cells = this.columns
      .map(({ name }) => `coalesce('=' || replace(${identifier(name)}::VARCHAR, chr(31), chr(31) || chr(31)), '-')`)
      .join(`, chr(31) || '|', `);
    const [row] = await readRows(
      this.#connection,
      `SELECT sha256(${literal(header)} || string_agg(block, '' ORDER BY number)) AS digest FROM (
         SELECT rowid // ${DIGEST_BLOCK_ROWS} AS number, sha256(string_agg(sha256(concat(${cells})), '' ORDER BY rowid)) AS block FROM data GROUP BY 1)`,
    );
    return String(row.digest);
  }

  /** Groups of rows that are equal in every column, ascending. */
  async duplicateRows(): Promise<readonly (readonly number[])[]> {
    const names = this.columns.map(({ name }) => identifier(name)).join(', ');
    const rows = await readRows(
      this.#connection,
      `SELECT list(rowid ORDER BY rowid) AS rows FROM data GROUP BY ${names} HAVING count(*) > 1 ORDER BY min(rowid)`,
    );
    return rows.map((row) => (row.rows as Json[]).map(Number));
  }

  /** Rows without a value in some column, ascending. */
  async rowsWithMissing(): Promise<readonly number[]> {
    const condition = this.columns.map(({ name }) => `${identifier(name)} IS NULL`).join(' OR ');
    return (await readRows(this.#connection, `SELECT rowid AS row FROM data WHERE ${condition} ORDER BY 1`)).map(
      (row) => Number(row.row),
    );
  }

  async writeParquet(path: string): Promise<void> {
    await this.#connection.run(
      `COPY data TO ${literal(path)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 20480)`,
    );
  }

  close(): void {
    this.#connection.closeSync();
    this.#instance.closeSync();
  }
}

/** Random access to the rows of a Parquet file that `writeParquet` made. */
export class ParquetRows {
  readonly #path: string;
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;

  private constructor(path: string, instance: DuckDBInstance, connection: DuckDBConnection) {
    this.#path = path;
    this.#instance = instance;
    this.#connection = connection;
  }

  static async open(path: string): Promise<ParquetRows> {
    const { instance, connection } = await connect({});
    return new ParquetRows(path, instance, connection);
  }

  /** The rows at these positions, in the order asked for. */
  async read(
    indices: readonly number[],
    columns: readonly Pick<TableColumn, 'name' | 'type'>[],
  ): Promise<readonly TableRow[]> {
    if (indices.length === 0) return [];
    const rows = await readRows(
      this.#connection,
      `SELECT * FROM read_parquet(${literal(this.#path)}, file_row_number = true) WHERE file_row_number IN (${indices.map(Math.floor).join(', ')})`,
    );
    const byNumber = new Map(rows.map((row) => [Number(row.file_row_number), row]));
    return plainRows(
      indices.map((index) => byNumber.get(index)!),
      columns,
    );
  }

  /** Rows that hold the text in one of these columns, whatever its case. */
  async search(text: string, columns: readonly string[]): Promise<ReadonlySet<number>> {
    const found = columns
      .map((name) => `contains(lower(${identifier(name)}::VARCHAR), ${literal(text.toLowerCase())})`)
      .join(' OR ');
    const rows = await readRows(
      this.#connection,
      `SELECT file_row_number AS row FROM read_parquet(${literal(this.#path)}, file_row_number = true) WHERE ${found}`,
    );
    return new Set(rows.map((row) => Number(row.row)));
  }

  /**
   * Columns as float64, missing values as NaN; text columns give their index in `categories`, NaN for a value that is not
   * in it. Row-major, rows × columns.
   */
  async readNumbers(
    columns: readonly { readonly name: string; readonly categories?: readonly string[] }[],
  ): Promise<Float64Array> {
    const expressions = columns.map(({ name, categories }) =>
      categories === undefined
        ? `try_cast(${identifier(name)} AS DOUBLE)`
        : `nullif(list_position([${categories.map(literal).join(', ')}]::VARCHAR[], ${identifier(name)}::VARCHAR), 0)::DOUBLE - 1`,
    );
    const reader = await this.#connection.runAndReadAll(
      `SELECT ${expressions.join(', ')} FROM read_parquet(${literal(this.#path)})`,
    );
    const values = reader.getColumns();
    const rowCount = values[0]?.length ?? 0;
    const numbers = new Float64Array(rowCount * columns.length);
    for (const [c, column] of values.entries())
      for (let row = 0; row < rowCount; row++)
        numbers[row * columns.length + c] = column[row] === null ? Number.NaN : Number(column[row]);
    return numbers;
  }

  /** One column as text, in the order of the rows; null where there is no value. */
  async readTexts(column: string): Promise<readonly (string | null)[]> {
    const reader = await this.#connection.runAndReadAll(
      `SELECT ${identifier(column)}::VARCHAR FROM read_parquet(${literal(this.#path)})`,
    );
    return reader.getColumnsJson()[0] as (string | null)[];
  }

  /** The rows by rising value of a column; equal ones, and those without a value at the end, in their order. */
  async orderBy(column: string): Promise<Int32Array> {
    const reader = await this.#connection.runAndReadAll(
      `SELECT file_row_number FROM read_parquet(${literal(this.#path)}, file_row_number = true) ORDER BY ${identifier(column)} NULLS LAST, file_row_number`,
    );
    return Int32Array.from(reader.getColumns()[0] ?? [], Number);
  }

  close(): void {
    this.#connection.closeSync();
    this.#instance.closeSync();
  }
}

interface ColumnDefinition {
  readonly name: string;
  readonly type: TableColumnType;
  /** How to get it from `raw`. */
  readonly expression: string;
}

async function connect(options: TableOptions): Promise<{ instance: DuckDBInstance; connection: DuckDBConnection }> {
  const instance = await DuckDBInstance.create(':memory:', {
    autoinstall_known_extensions: 'false',
    ...(options.scratchFolder === undefined ? {} : { temp_directory: options.scratchFolder }),
    ...(options.memoryLimitBytes === undefined
      ? {}
      : { memory_limit: `${Math.round(options.memoryLimitBytes / 1_000_000)}MB` }),
  });
  return { instance, connection: await instance.connect() };
}

async function readRows(connection: DuckDBConnection, sql: string): Promise<Record<string, Json>[]> {
  return (await connection.runAndReadAll(sql)).getRowObjectsJson();
}

/** DuckDB's JSON has 64-bit integers as text. */
function plainRows(
  rows: readonly Record<string, Json>[],
  columns: readonly Pick<TableColumn, 'name' | 'type'>[],
): readonly TableRow[] {
  return rows.map((row) =>
    Object.fromEntries(
      columns.map(({ name, type }) => {
        const value = row[name] ?? null;
        if (value === null || typeof value === 'boolean') return [name, value];
        if (type === 'integer' || type === 'number')
          return [name, Number.isSafeInteger(Number(value)) || type === 'number' ? Number(value) : String(value)];
        return [name, typeof value === 'object' ? JSON.stringify(value) : String(value)];
      }),
    ),
  );
}

/** The types that Parquet and JSON bring along. */
async function nativeTypes(connection: DuckDBConnection): Promise<readonly ColumnDefinition[]> {
  const rows = await readRows(connection, 'SELECT column_name, column_type FROM (DESCRIBE raw)');
  return rows.map((row): ColumnDefinition => {
    const name = String(row.column_name);
    const sqlType = String(row.column_type);
    const own = identifier(name);
    if (/^(TINYINT|SMALLINT|INTEGER|BIGINT|UTINYINT|USMALLINT|UINTEGER)$/.test(sqlType))
      return { name, type: 'integer', expression: `${own}::BIGINT` };
    if (/^(FLOAT|DOUBLE|DECIMAL.*|U?HUGEINT|UBIGINT)$/.test(sqlType))
      return { name, type: 'number', expression: `${own}::DOUBLE` };
    if (sqlType === 'BOOLEAN') return { name, type: 'boolean', expression: own };
    if (/^(DATE|TIME)/.test(sqlType))
      return { name, type: 'time', expression: sqlType === 'DATE' ? own : `${own}::VARCHAR` };
    if (/(STRUCT|MAP|UNION|\[\d*\]$|JSON)/.test(sqlType))
      return { name, type: 'text', expression: `to_json(${own})::VARCHAR` };
    return { name, type: 'text', expression: `${own}::VARCHAR` };
  });
}

/** The strictest type that fits every value of a text column. */
async function inferTypes(
  connection: DuckDBConnection,
  path: string,
  dialect: Dialect,
): Promise<{ definitions: readonly ColumnDefinition[]; warnings: readonly string[] }> {
  const missing = MISSING_WORDS.map(literal).join(', ');
  const present = (name: string) =>
    `CASE WHEN trim(${identifier(name)}) IN (${missing}) THEN NULL ELSE ${identifier(name)} END`;
  const typed = (name: string, { sql, pattern }: (typeof CANDIDATES)[number]) =>
    `CASE WHEN regexp_full_match(trim(${identifier(name)}), ${literal(pattern)}) THEN try_cast(${present(name)} AS ${sql}) END`;
  const counts = dialect.names.flatMap((name, i) => [
    `count(${present(name)}) AS present${i}`,
    ...CANDIDATES.map((candidate, c) => `count(${typed(name, candidate)}) AS fit${i}_${c}`),
  ]);
  const [row] = await readRows(connection, `SELECT ${counts.join(', ')} FROM raw`);
  const warnings: string[] = [];
  const definitions: ColumnDefinition[] = [];
  for (const [i, name] of dialect.names.entries()) {
    const total = Number(row[`present${i}`]);
    const candidate = CANDIDATES.find((_, c) => total > 0 && Number(row[`fit${i}_${c}`]) === total);
    if (candidate !== undefined) definitions.push({ name, type: candidate.type, expression: typed(name, candidate) });
    else {
      definitions.push({ name, type: 'text', expression: `nullif(${identifier(name)}, '')` });
      const numbers = Number(row[`fit${i}_1`]);
      if (total > 0 && numbers / total >= MOSTLY)
        warnings.push(await describeBadValues(connection, path, dialect, name, total - numbers));
    }
  }
  return { definitions, warnings };
}

async function describeBadValues(
  connection: DuckDBConnection,
  path: string,
  dialect: Dialect,
  name: string,
  count: number,
): Promise<string> {
  const rejections = await findBadValues(connection, path, dialect, { [name]: 'DOUBLE' });
  const missing = new Set(MISSING_WORDS);
  const index = dialect.names.indexOf(name);
  const named = rejections
    .map((rejection) => ({ line: rejection.line, value: rejection.text.split(dialect.delimiter)[index]?.trim() ?? '' }))
    .filter(({ value }) => !missing.has(value))
    .slice(0, NAMED_VALUES)
    .map(({ line, value }) => `line ${line}: ${JSON.stringify(value.slice(0, 40))}`);
  return `Column "${name}" is text because ${count === 1 ? 'one value is no number' : `${count} values are no numbers`} (${named.join(', ')}${count > named.length ? ' …' : ''}).`;
}
