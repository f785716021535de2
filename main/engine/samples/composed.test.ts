import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { composePronunciations } from './pronunciations.ts';
import { composeSunspots } from './sunspots.ts';

const folder = mkdtempSync(join(tmpdir(), 'samples-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const rowsOf = (path: string): string[][] =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','));

it('pronunciations: every word stands in one split, with all ways to say it', () => {
  const source = join(import.meta.dirname, '../../../node_modules/cmu-pronouncing-dictionary/index.js');
  const rows = rowsOf(composePronunciations(source, folder));
  expect(rows).toHaveLength(134_703);
  expect(new Set(rows.map(([word, phonemes]) => `${word},${phonemes}`)).size).toBe(rows.length);
  expect(new Set(rows.flatMap(([, phonemes]) => phonemes.split(' '))).size).toBe(39);
  const splitOf = new Map(rows.map(([word, , split]) => [word, split]));
  expect(rows.filter(([word, , split]) => splitOf.get(word) !== split)).toEqual([]);
  const share = (wanted: string) => [...splitOf.values()].filter((split) => split === wanted).length / splitOf.size;
  expect(share('test')).toBeCloseTo(0.1, 2);
  expect(share('validation')).toBeCloseTo(0.05, 2);
  const ways = rows.filter(([word]) => word === 'tomato').map(([, phonemes]) => phonemes);
  expect(ways).toEqual(['T AH M EY T OW', 'T AH M AA T OW']);
});

it('sunspots: a year after the other, with the maxima that are known', () => {
  const rows = rowsOf(composeSunspots(folder)).map(([year, mean]) => [Number(year), Number(mean)]);
  expect(rows.map(([year]) => year)).toEqual(Array.from({ length: 309 }, (_, place) => 1700 + place));
  const strongest = rows.toSorted((a, b) => b[1] - a[1]).slice(0, 3);
  expect(strongest).toEqual([
    [1957, 190.2],
    [1958, 184.8],
    [1959, 159],
  ]);
});
