import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dictionary } from 'cmu-pronouncing-dictionary';

/** Licences of the packages in the model server: a text that every build has. */
export const licences = join(import.meta.dirname, '../../out/model-server/third-party-notices.txt');

/** Writes every so many-th word of the CMU Pronouncing Dictionary with its phonemes: pairs that are learned from in seconds. */
export function writeWords(file: string, apart: number): void {
  const words = Object.entries(dictionary).filter(([word], place) => place % apart === 0 && /^[a-z]+$/.test(word));
  const rows = words.map(([word, phonemes]) => `${word},${phonemes.replace(/[012]/g, '')}`);
  writeFileSync(file, `word,phonemes\n${rows.join('\n')}\n`);
}
