import { END, FIRST_WORD, PADDING, PUNCTUATION, UNKNOWN } from '../graph/index.ts';

/** What the shipped graph takes for white space. */
const WHITE_SPACE = /[ \t\n\v\f\r]+/;
const MARKS = new Set(PUNCTUATION);
const NO_LETTERS = /[^\p{L}\p{N}\s]/gu;
const BYTES = 256;

/** What a target's vocabulary has first: `START` and `END`. */
export const sequenceMarks: readonly string[] = ['<s>', '</s>'];

export type TokenUnit = 'words' | 'characters' | 'bytes';

export interface WordOptions {
  readonly lowercase: boolean;
  /** Whether punctuation marks are words of their own. */
  readonly punctuation?: boolean;
}

/**
 * Words of a text as the shipped graph splits it. A letter that the two put into lower case in different ways would make
 * a word that the graph does not know, in training as in use.
 */
export function wordsOf(text: string, { lowercase, punctuation = false }: WordOptions): string[] {
  const cased = lowercase ? text.toLowerCase() : text;
  const apart = punctuation ? cased.replace(NO_LETTERS, (mark) => (MARKS.has(mark) ? ` ${mark} ` : mark)) : cased;
  return apart.split(WHITE_SPACE).filter((word) => word !== '');
}

/** The most frequent tokens of some texts, the most frequent first; equally frequent ones by code units. */
export function vocabularyOf(texts: Iterable<readonly string[]>, size: number, minimumCount: number): string[] {
  const counts = new Map<string, number>();
  for (const tokens of texts) for (const token of tokens) counts.set(token, (counts.get(token) ?? 0) + 1);
  return [...counts]
    .filter(([, count]) => count >= minimumCount)
    .sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1))
    .slice(0, Math.max(1, size - FIRST_WORD))
    .map(([token]) => token);
}

/** All bytes, as two hexadecimal digits each. */
export const byteVocabulary: readonly string[] = Array.from({ length: BYTES }, (_, byte) =>
  byte.toString(16).padStart(2, '0'),
);

/** The ids before the end of a sequence. */
export function untilEnd(ids: readonly number[]): readonly number[] {
  const end = ids.indexOf(END);
  return end < 0 ? ids : ids.slice(0, end);
}

/** Text to token ids and back. */
export class Tokenizer {
  readonly #unit: TokenUnit;
  readonly #vocabulary: readonly string[];
  readonly #ids: ReadonlyMap<string, number>;

  constructor(unit: TokenUnit, vocabulary: readonly string[]) {
    this.#unit = unit;
    this.#vocabulary = vocabulary;
    this.#ids = new Map(vocabulary.map((token, place) => [token, place + FIRST_WORD]));
  }

  static split(text: string, unit: TokenUnit, lowercase: boolean): readonly string[] {
    if (unit === 'words') return wordsOf(text, { lowercase });
    const cased = lowercase ? text.toLowerCase() : text;
    return unit === 'bytes' ? Array.from(Buffer.from(cased), (byte) => byteVocabulary[byte]) : [...cased];
  }

  ids(tokens: readonly string[]): number[] {
    return tokens.map((token) => this.#ids.get(token) ?? UNKNOWN);
  }

  /** The text of what was written, up to its end. */
  sequence(ids: readonly number[]): string {
    return this.text(untilEnd(ids));
  }

  /** Text of ids that come one by one: of a character in bytes, none until all of them are there, or nothing follows. */
  continuation(): (id: number, last: boolean) => string {
    // Words stand apart.
    if (this.#unit !== 'bytes') return (id) => `${this.#unit === 'words' ? ' ' : ''}${this.text([id])}`;
    const decoder = new TextDecoder();
    return (id, last) => decoder.decode(Uint8Array.of(this.#byte(id)), { stream: !last });
  }

  text(ids: readonly number[]): string {
    const written = ids.filter((id) => id !== PADDING);
    if (this.#unit === 'bytes') return Buffer.from(written.map((id) => this.#byte(id))).toString();
    return written.map((id) => this.#vocabulary[id - FIRST_WORD] ?? '�').join(this.#unit === 'words' ? ' ' : '');
  }

  /** A question mark where it is unknown. */
  #byte(id: number): number {
    return Number.parseInt(this.#vocabulary[id - FIRST_WORD] ?? '3f', 16);
  }
}
