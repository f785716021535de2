import { Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../base/random.ts';
import { compilePreprocessing, type TextSpec } from '../index.ts';
import { numbers, runOnce } from '../run-onnx.test-support.ts';
import { FIRST_WORD, PADDING, PUNCTUATION, UNKNOWN, wordShapes } from './text.ts';

const vocabulary = ['the', 'cat', '.', '!', "don't", 'don', "'", 't'];
const id = (word: string): number => vocabulary.indexOf(word) + FIRST_WORD;
const [NUMBER, BEYOND_ASCII, WITH_DIGITS] = wordShapes.map((_, place) => FIRST_WORD + vocabulary.length + place);

async function idsOf(texts: readonly string[], spec: Partial<TextSpec> = {}): Promise<readonly (readonly number[])[]> {
  const length = spec.length ?? 8;
  const graph = compilePreprocessing({ kind: 'text', vocabulary, length, lowercase: true, ...spec });
  const { x } = await runOnce(graph, { text: new Tensor('string', [...texts], [texts.length]) });
  const ids = Array.from(numbers(x), Number);
  return texts.map((_, row) => ids.slice(row * length, (row + 1) * length));
}

const filled = (ids: readonly number[], length = 8): readonly number[] =>
  Array.from({ length }, (_, place) => ids[place] ?? PADDING);

describe('Tokenize', () => {
  it('takes every kind of white space, alone or in rows, for the space between words', async () => {
    const texts = ['the cat', 'the\ncat', '\r\nthe \t\n\n  cat\f', '', ' \n\n'];
    const both = filled([id('the'), id('cat')]);
    expect(await idsOf(texts)).toEqual([both, both, both, filled([]), filled([])]);
  });

  it('fills where there is nothing to read in any of the texts', async () => {
    expect(await idsOf([''], { punctuation: true, shapes: true })).toEqual([filled([])]);
    expect(await idsOf(['', ''])).toEqual([filled([]), filled([])]);
  });

  it('keeps punctuation with its word unless asked, and then makes every mark a word', async () => {
    const texts = ["Don't!!", '.the.cat'];
    expect(await idsOf(texts)).toEqual([filled([UNKNOWN]), filled([UNKNOWN])]);
    expect(await idsOf(texts, { punctuation: true })).toEqual([
      filled(['don', "'", 't', '!', '!'].map(id)),
      filled(['.', 'the', '.', 'cat'].map(id)),
    ]);
  });

  it('cuts a text of more marks than words fit', async () => {
    const ids = await idsOf(['the....!!!!..cat', '!cat'], { punctuation: true, length: 4 });
    expect(ids).toEqual([filled(['the', '.', '.', '.'].map(id), 4), filled(['!', 'cat'].map(id), 4)]);
  });

  it('knows unknown words by their shape', async () => {
    const text = 'cat 42 x42 größe dog the';
    expect(await idsOf([text], { shapes: true })).toEqual([
      filled([id('cat'), NUMBER, WITH_DIGITS, BEYOND_ASCII, UNKNOWN, id('the')]),
    ]);
  });

  it('splits texts of any length beside each other as a replacement in strings would', async () => {
    const random = seededRandom(5, 0);
    const parts = [...PUNCTUATION, ' ', '\n', '\t', 'the', 'cat', 'don', 'Ä', '7'];
    const texts = Array.from({ length: 20 }, () =>
      Array.from({ length: random.below(200) }, () => parts[random.below(parts.length)]).join(''),
    );
    const words = [...new Set(parts)].filter((part) => part.trim() !== '');
    const expected = texts.map((text) => {
      const apart = [...text].map((letter) => (PUNCTUATION.includes(letter) ? ` ${letter} ` : letter)).join('');
      return filled(
        apart
          .split(/\s+/)
          .filter((word) => word !== '')
          .map((word) => (words.includes(word) ? words.indexOf(word) + FIRST_WORD : UNKNOWN)),
        60,
      );
    });
    const options = { vocabulary: words, punctuation: true, lowercase: false, length: 60 };
    expect(await idsOf(texts, options)).toEqual(expected);
  });
});
