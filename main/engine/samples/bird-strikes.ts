import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Half of the species are called "Unknown bird - small" and the like: they would give away the size that is to be told. */
const GIVEN_AWAY = 'Wildlife Species';

/** The wildlife strikes as a table without the species. No value of the file is quoted. */
export function composeBirdStrikes(source: string, target: string): string {
  const rows = readFileSync(source, 'utf8')
    .trimEnd()
    .split(/\r?\n/)
    .map((line) => line.split(','));
  const left = rows[0].indexOf(GIVEN_AWAY);
  mkdirSync(target, { recursive: true });
  const path = join(target, 'bird-strikes.csv');
  writeFileSync(path, `${rows.map((values) => values.toSpliced(left, 1).join(',')).join('\n')}\n`);
  return path;
}
