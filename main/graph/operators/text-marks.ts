import type { EmitAttribute, Lowering } from '../lowering/lowering.ts';
import type { OnnxGraph } from '../onnx/model.ts';

/** The standard domain of classical machine learning. */
export const ML_DOMAIN = 'ai.onnx.ml';

const ANY_SIZE = ['texts', 'pieces'];

/**
 * Texts [N] → the same texts with something else in place of a character. ONNX has no replacement in strings: a text is
 * split at the character and its pieces are put together again, pair by pair.
 *
 * @param texts name of strings [N]
 * @param most how many of the character are replaced in each text, from its start; absent = all
 */
export function replaceCharacter(
  lowering: Lowering,
  texts: string,
  character: string,
  replacement: string,
  most?: number,
): string {
  const one = lowering.int64s([1]);
  const delimiter: Readonly<Record<string, EmitAttribute>> = { delimiter: character };
  const attributes = most === undefined ? delimiter : { ...delimiter, maxsplit: most };
  const [pieces = '', counts = ''] = lowering.emitAll('StringSplit', [texts], attributes, { outputs: 2 });
  const width = lowering.emit('Gather', [lowering.emit('Shape', [pieces]), integer(lowering, 1)]);
  const places = lowering.emit('Range', [integer(lowering, 0), width, integer(lowering, 1)]);
  const followed = lowering.emit('Less', [
    places,
    lowering.emit('Unsqueeze', [lowering.emit('Sub', [counts, one]), one]),
  ]);
  const between = stringOf(lowering, lowering.emit('Cast', [followed], { to: INT64 }), ['', replacement]);
  const joined = joinPieces(lowering, lowering.emit('StringConcat', [pieces, between]), width);
  return lowering.reshape(joined, [-1]);
}

/** Texts [N] with a space behind each: a batch of nothing but empty texts would fall apart into no pieces at all. */
export const withSpace = (lowering: Lowering, texts: string): string =>
  lowering.emit('StringConcat', [texts, stringOf(lowering, lowering.int64s([0]), [' '])]);

/** TensorProto.DataType of int64. */
const INT64 = 7;

const integer = (lowering: Lowering, value: number): string =>
  lowering.constant('int64', [], BigInt64Array.of(BigInt(value)));

/** Numbers to strings: 0 is the first, 1 the second. Graphs of this compiler hold no constants of text. */
const stringOf = (lowering: Lowering, numbers: string, strings: readonly string[]): string =>
  lowering.emit(
    'LabelEncoder',
    [numbers],
    {
      keys_int64s: strings.map((_, index) => index),
      values_strings: { kind: 'strings', value: strings },
      default_string: '',
    },
    { domain: ML_DOMAIN },
  );

/** Strings [N, width] → [N, 1]: neighbours are joined until one is left, so that long texts are copied few times. */
function joinPieces(lowering: Lowering, pieces: string, width: string): string {
  const [zero, one, two] = [0, 1, 2].map((value) => lowering.int64s([value])) as [string, string, string];
  const rows = lowering.emit('Slice', [lowering.emit('Shape', [pieces]), zero, one]);
  const column = lowering.emit('Concat', [rows, one], { axis: 0 });
  const zeros = { name: 'value', dtype: 'int64', dims: [1], data: BigInt64Array.of(0n) } as const;
  const blank = stringOf(
    lowering,
    lowering.emit('ConstantOfShape', [column], { value: { kind: 'tensor', value: zeros } }),
    [''],
  );
  const several = (count: string): string => lowering.emit('Greater', [count, integer(lowering, 1)]);

  const [iteration, condition, before] = ['pair', 'unfinished', 'pieces'].map((stem) => lowering.fresh(stem)) as [
    string,
    string,
    string,
  ];
  const { nodes, result } = lowering.nested(() => {
    // An odd number of pieces gets an empty one at its end; of an even number it is cut off again.
    const filled = lowering.emit('Concat', [before, blank], { axis: 1 });
    const count = lowering.emit('Slice', [lowering.emit('Shape', [filled]), one, two]);
    const half = lowering.emit('Div', [count, two]);
    const end = lowering.emit('Mul', [half, two]);
    const [first, second] = [zero, one].map((start) => lowering.emit('Slice', [filled, start, end, one, two]));
    const after = lowering.emit('StringConcat', [first, second]);
    return { after, more: several(lowering.emit('Squeeze', [half])) };
  });
  const body: OnnxGraph = {
    name: 'join_pairs',
    nodes,
    initializers: [],
    inputs: [
      { name: iteration, dtype: 'int64', shape: [] },
      { name: condition, dtype: 'bool', shape: [] },
      { name: before, dtype: 'string', shape: ANY_SIZE },
    ],
    outputs: [
      { name: result.more, dtype: 'bool', shape: [] },
      { name: result.after, dtype: 'string', shape: ANY_SIZE },
    ],
  };
  return lowering.emit('Loop', [undefined, several(width), pieces], { body: { kind: 'graph', value: body } });
}
