import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededRandom } from '../../base/random.ts';

const SEED = 0;
const [VALIDATION, TEST] = [0.05, 0.1];
/** A line of the package's module: `  "record(2)": "R IH0 K AO1 R D",`. */
const ENTRY = /^ {2}"([a-z'-]+)(?:\(\d\))?": "([A-Z0-2 ]+)",?$/gm;

/**
 * Words and their phonemes in ARPAbet as a CSV, without digits, abbreviations with dots, and stress, as is usual (Bisani &
 * Ney 2008). All pronunciations of a word stand in one split, drawn with a seed.
 */
export function composePronunciations(source: string, target: string): string {
  const phonemesOf = new Map<string, Set<string>>();
  for (const [, word, stressed] of readFileSync(source, 'utf8').matchAll(ENTRY)) {
    const known = phonemesOf.get(word) ?? new Set();
    phonemesOf.set(word, known.add(stressed.replace(/[012]/g, '')));
  }
  const random = seededRandom(SEED);
  const rows = [...phonemesOf].flatMap(([word, all]) => {
    const draw = random.uniform();
    const split = draw < TEST ? 'test' : draw < TEST + VALIDATION ? 'validation' : 'train';
    return Array.from(all, (phonemes) => `${word},${phonemes},${split}`);
  });
  mkdirSync(target, { recursive: true });
  const path = join(target, 'pronunciations.csv');
  writeFileSync(path, `word,phonemes,split\n${rows.join('\n')}\n`);
  return path;
}
