/** Plain text: one paragraph per row. */
import { open, readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { FormatError } from '../format-error.ts';

const FORMAT = 'text';
const START_BYTES = 64 * 1024;
const LOOKED_AT_LINES = 50;
const DELIMITERS = [',', ';', '\t', '|'];

/** Markdown and text by name; of `.txt`, what does not look like a table. */
export async function isTextFile(path: string): Promise<boolean> {
  const name = basename(path).toLowerCase();
  if (/\.(md|text)$/.test(name)) return true;
  return name.endsWith('.txt') && !looksLikeTable(await readStart(path));
}

/** Paragraphs, which stand between empty lines, in their order. @throws FormatError empty, syntax (no UTF-8) */
export async function readTextFile(path: string): Promise<readonly { readonly text: string }[]> {
  const bytes = await readFile(path);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new FormatError(FORMAT, 'syntax', 'The text is not UTF-8.', { path }, 'Save the file as UTF-8.', error);
  }
  const rows = text
    .replaceAll('\r\n', '\n')
    .split(/\n[ \t]*\n+/)
    .map((paragraph) => ({ text: paragraph.trim() }))
    .filter((row) => row.text !== '');
  if (rows.length === 0)
    throw new FormatError(FORMAT, 'empty', 'The file holds no text.', { path }, 'Choose another file.');
  return rows;
}

/** Every line has as many cells as the first, and that is more than one. */
function looksLikeTable(start: string): boolean {
  const lines = start
    .split(/\r?\n/)
    .slice(0, -1)
    .filter((line) => line.trim() !== '')
    .slice(0, LOOKED_AT_LINES);
  return DELIMITERS.some((delimiter) => {
    const cells = lines.map((line) => line.split(delimiter).length);
    return lines.length > 0 && cells[0] > 1 && cells.every((count) => count === cells[0]);
  });
}

async function readStart(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(START_BYTES), 0, START_BYTES, 0);
    return `${buffer.toString('utf8', 0, bytesRead)}\n`;
  } finally {
    await file.close();
  }
}
