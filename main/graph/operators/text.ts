import { GraphError } from '../graph-error.ts';
import type { OperatorTable } from '../operator.ts';
import type { Attributes } from '../tensor.ts';
import { inputOf, need, numberOf, outputOf } from './rule-inputs.ts';

/** The standard domain of classical machine learning. */
const ML_DOMAIN = 'ai.onnx.ml';
/** Case is changed by the rules that every system has; languages with rules of their own would need their locale installed. */
const LOCALE = 'C';
/** What `StringSplit` fills short rows with. */
const EMPTY = '';

/** Token ids that no vocabulary has: filling at the end of short texts, and words that are not in it. */
export const PADDING = 0;
export const UNKNOWN = 1;
export const FIRST_WORD = 2;

function wordsOf(attributes: Attributes): readonly string[] {
  if (!Array.isArray(attributes.vocabulary)) throw new GraphError('invalid-argument', 'Tokenize needs a vocabulary.');
  return (attributes.vocabulary as readonly string[]).map(String);
}

export const textOperators: OperatorTable = {
  /**
   * Texts [N] (string) → ids of their first `length` words [N, length] (int64). Words stand between white space; 0 fills
   * the rest of a row, 1 is a word that the vocabulary lacks, the n-th word of the vocabulary is n + 2.
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
        const words = wordsOf(node.attributes);
        const length = numberOf(node.attributes, 'length');
        const text = lowering.plain(inputOf(node, 0));
        const cased = node.attributes.lowercase
          ? lowering.emit('StringNormalizer', [text], { case_change_action: 'LOWER', locale: LOCALE })
          : text;
        // The piece after the last split is the rest of the text: it is cut off.
        const [pieces] = lowering.emitAll('StringSplit', [cased], { maxsplit: length }, { outputs: 2 });
        const ids = lowering.emit(
          'LabelEncoder',
          [pieces],
          {
            keys_strings: { kind: 'strings', value: [EMPTY, ...words] },
            values_int64s: { kind: 'ints', value: [PADDING, ...words.map((_, place) => place + FIRST_WORD)] },
            default_int64: UNKNOWN,
          },
          { domain: ML_DOMAIN },
        );
        const columns = lowering.int64s([1]);
        const filled = lowering.emit('Pad', [ids, lowering.int64s([0, length]), undefined, columns]);
        const cut = [filled, lowering.int64s([0]), lowering.int64s([length]), columns];
        lowering.define(outputOf(node), lowering.emit('Slice', cut));
      },
    },
    gradient: 'none',
  },
};
