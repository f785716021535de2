import { GraphError } from '../graph-error.ts';
import type { Lowering } from '../lowering/lowering.ts';
import type { OperatorTable } from '../operator.ts';
import type { Attributes } from '../tensor.ts';
import { inputOf, need, numberOf, outputOf } from './rule-inputs.ts';
import { ML_DOMAIN, replaceCharacter, withSpace } from './text-marks.ts';

/** Case is changed by the rules that every system has; languages with rules of their own would need their locale installed. */
const LOCALE = 'C';
/** What `StringSplit` fills short rows with. */
const EMPTY = '';

/** Token ids that no vocabulary has: filling at the end of short texts, and words that are not in it. */
export const PADDING = 0;
export const UNKNOWN = 1;
export const FIRST_WORD = 2;
/** The first words of the vocabulary of targets, between which a written sequence stands. */
export const START = 2;
export const END = 3;

/** ONNX Runtime's `StringSplit` without a delimiter splits at spaces alone. */
const OTHER_WHITE_SPACE = '\n\t\r\v\f';

/** Marks that can stand apart from the words around them; ASCII, so that they are one byte and no part of a letter. */
export const PUNCTUATION = '!"#$%&\'()*+,-./:;<=>?@[]_{|}~';

/**
 * What is still known of a word that a vocabulary lacks, by the first pattern (RE2) that it matches whole: ids after those
 * of the vocabulary, in this order.
 */
export const wordShapes: readonly { readonly name: string; readonly pattern: string }[] = [
  { name: 'number', pattern: '[0-9]+' },
  { name: 'letters beyond ASCII', pattern: '.*[^ -~].*' },
  { name: 'letters and digits', pattern: '.*[0-9].*' },
];

function wordsOf(attributes: Attributes): readonly string[] {
  if (!Array.isArray(attributes.vocabulary)) throw new GraphError('invalid-argument', 'Tokenize needs a vocabulary.');
  return (attributes.vocabulary as readonly string[]).map(String);
}

export const textOperators: OperatorTable = {
  /**
   * Texts [N] (string) → ids of their first `length` words [N, length] (int64). Words stand between white space; with
   * `punctuation` each mark of `PUNCTUATION` is a word of its own. 0 fills the rest of a row, 1 is a word that the
   * vocabulary lacks, the n-th word of the vocabulary is n + 2; with `shapes` words that it lacks have one id per shape.
   */
  Tokenize: {
    inferTypes: (inputs, attributes) => {
      const text = need(inputs[0]);
      if (text.dtype !== 'string' || text.shape.length !== 1)
        throw new GraphError('shape-mismatch', `Texts are a list of strings, not ${text.dtype} [${text.shape}].`);
      return [{ dtype: 'int64', shape: [need(text.shape[0]), numberOf(attributes, 'length')] }];
    },
    lower: {
      standard: (lowering, node) => {
        const { lowercase, punctuation, shapes } = node.attributes;
        const words = wordsOf(node.attributes);
        const length = numberOf(node.attributes, 'length');
        const text = lowering.plain(inputOf(node, 0));
        const cased = lowercase
          ? lowering.emit('StringNormalizer', [text], { case_change_action: 'LOWER', locale: LOCALE })
          : text;
        const spaced = [...OTHER_WHITE_SPACE].reduce(
          (texts, space) => replaceCharacter(lowering, texts, space, ' '),
          withSpace(lowering, cased),
        );
        // Each mark is a word: those after the first `length` lie behind what is cut off below.
        const apart = punctuation
          ? [...PUNCTUATION].reduce(
              (texts, mark) => replaceCharacter(lowering, texts, mark, ` ${mark} `, length),
              spaced,
            )
          : spaced;
        // The piece after the last split is the rest of the text: it is cut off.
        const [pieces = ''] = lowering.emitAll('StringSplit', [apart], { maxsplit: length }, { outputs: 2 });
        const known = lowering.emit(
          'LabelEncoder',
          [pieces],
          {
            keys_strings: { kind: 'strings', value: [EMPTY, ...words] },
            values_int64s: { kind: 'ints', value: [PADDING, ...words.map((_, place) => place + FIRST_WORD)] },
            default_int64: UNKNOWN,
          },
          { domain: ML_DOMAIN },
        );
        const ids = shapes ? shapesOf(lowering, pieces, known, FIRST_WORD + words.length) : known;
        const columns = lowering.int64s([1]);
        const filled = lowering.emit('Pad', [ids, lowering.int64s([0, length]), undefined, columns]);
        const cut = [filled, lowering.int64s([0]), lowering.int64s([length]), columns];
        lowering.define(outputOf(node), lowering.emit('Slice', cut));
      },
    },
    gradient: 'none',
  },
};

/** Ids of unknown words, told apart by `wordShapes`. */
function shapesOf(lowering: Lowering, words: string, known: string, firstId: number): string {
  const id = (value: number): string => lowering.constant('int64', [], BigInt64Array.of(BigInt(value)));
  return wordShapes.reduce((ids, { pattern }, place) => {
    const matches = lowering.emit('RegexFullMatch', [words], { pattern });
    const isUnknown = lowering.emit('Equal', [ids, id(UNKNOWN)]);
    return lowering.emit('Where', [lowering.emit('And', [isUnknown, matches]), id(firstId + place), ids]);
  }, known);
}
