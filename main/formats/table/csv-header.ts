/** The first record of a delimited text file: which delimiter, whether it names the columns, and how. */
import { open } from 'node:fs/promises';
import { gunzipSync, constants as zlib } from 'node:zlib';
import { FormatError } from '../format-error.ts';

const DELIMITERS = [',', ';', '\t', '|'];
const START_BYTES = 1 << 20;

export interface Dialect {
  readonly delimiter: string;
  readonly header: boolean;
  readonly names: readonly string[];
}

/**
 * The delimiter is the one that the first record holds most of, outside of quotes. The record is a header unless one of
 * its values is a number. DuckDB's own sniffer takes broken files for tables of one column, so it cannot be asked.
 *
 * @param delimiter given by the file name, as for TSV
 */
export async function readDialect(path: string, format: string, delimiter?: string): Promise<Dialect> {
  const text = await readStart(path);
  const chosen = delimiter ?? chooseDelimiter(text);
  const cells = firstRecord(text, chosen);
  const header = cells.every((cell) => cell.trim() === '' || Number.isNaN(Number(cell)));
  const names = cells.map((cell, i) => (header && cell.trim() !== '' ? cell.trim() : `column_${i + 1}`));
  const lower = names.map((name) => name.toLowerCase());
  const repeated = names.find((_, i) => lower.indexOf(lower[i]) !== i);
  if (repeated !== undefined)
    throw new FormatError(
      format,
      'syntax',
      `The header names the column "${repeated}" twice.`,
      { path, line: 1 },
      'Give every column a name of its own.',
    );
  return { delimiter: chosen, header, names };
}

function chooseDelimiter(text: string): string {
  const sizes = DELIMITERS.map((delimiter) => firstRecord(text, delimiter).length);
  return DELIMITERS[sizes.indexOf(Math.max(...sizes))];
}

/** Cells of the first record that is not empty; quotes are doubled inside of quotes (RFC 4180). */
function firstRecord(text: string, delimiter: string): string[] {
  const cells: string[] = [];
  let cell = '';
  let quoted = false;
  for (let i = /[^\r\n]/.exec(text)?.index ?? 0; i < text.length; i++) {
    const character = text[i];
    if (quoted) {
      if (character !== '"') cell += character;
      else if (text[i + 1] === '"') cell += text[++i];
      else quoted = false;
    } else if (character === '"' && cell === '') quoted = true;
    else if (character === delimiter) {
      cells.push(cell);
      cell = '';
    } else if (character === '\n' || character === '\r') break;
    else cell += character;
  }
  return [...cells, cell];
}

async function readStart(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(START_BYTES), 0, START_BYTES, 0);
    const start = buffer.subarray(0, bytesRead);
    // A prefix of a gzip stream is enough for the first record.
    const plain =
      start[0] === 0x1f && start[1] === 0x8b ? gunzipSync(start, { finishFlush: zlib.Z_SYNC_FLUSH }) : start;
    return plain.toString('utf8').replace(/^\uFEFF/, '');
  } finally {
    await file.close();
  }
}
