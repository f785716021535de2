import type { z } from 'zod';
import type { Preprocessing } from '../../../contract/checkpoint.ts';
import { LightbenchError } from '../../../contract/errors.ts';
import { sequenceData } from '../../../contract/run-config.ts';
import { compileDecoding, END, FIRST_WORD, type ParameterValues, START } from '../../../graph/index.ts';
import { lossFor, sequenceMarks, Tokenizer, untilEnd, vocabularyOf } from '../../../models/index.ts';
import { floats } from '../../../runtime/index.ts';
import { editDistance } from '../../../stats/edit-distance.ts';
import { evaluationLoss } from '../evaluation-loss.ts';
import { columnSet, memoryColumn, type PreparedSet } from '../feeds.ts';
import { splitItems } from '../item-sets.ts';
import { type Computing, forEachBatch } from '../predict.ts';
import type { OpenTask, Task } from './task.ts';

type TokensPreprocessing = Extract<Preprocessing, { kind: 'tokens' }>;
type TokensOptions = z.infer<typeof sequenceData>['source'];
type Texts = readonly (string | null)[];

const EXAMPLES = 100;

/** The target text of a source text, token by token. In training the tokens before each are given (Williams & Zipser 1989). */
export const openSequenceToSequence: OpenTask = async ({ input, raw, known, modelOf }): Promise<Task> => {
  const { config, columns } = input;
  const [sources, targets] = [await raw.texts(columns[0].name), await raw.texts(columns[1].name)];
  const isPair = (item: number) => sources[item] !== null && targets[item] !== null;
  const sets = splitItems(raw.splits, null, isPair, config, sources);
  if (sets.train.length === 0)
    throw new LightbenchError('source.empty', 'No row of train has both a source and a target.');
  const preprocessing = known?.preprocessing ?? pairPreprocessing(config.data.sequences, sources, targets, sets.train);
  if (preprocessing.kind !== 'tokens' || preprocessing.target === undefined)
    throw new LightbenchError('workspace.damaged', 'The checkpoint is not of a model that writes sequences.');
  const [from, to] = [new Side(preprocessing, sources), new Side(preprocessing.target, targets)];
  const loss = lossFor(config.task, config.loss);
  const sourceColumn = (items: Int32Array) => {
    const x = new BigInt64Array(items.length * from.length);
    items.forEach((item, row) => {
      x.set(from.ids(item), row * from.length);
    });
    return memoryColumn('x', [from.length], x);
  };
  const prepare = async (items: Int32Array): Promise<PreparedSet> => {
    const { length } = to;
    const [before, y] = [new BigInt64Array(items.length * length), new BigInt64Array(items.length * length)];
    items.forEach((item, row) => {
      const ids = [...to.ids(item), BigInt(END)].slice(0, length);
      y.set(ids, row * length);
      before.set([BigInt(START), ...ids].slice(0, length), row * length);
    });
    const [target, truth] = [memoryColumn('target', [length], before), memoryColumn('y', [length], y)];
    return columnSet(items.length, [sourceColumn(items), target, truth]);
  };
  const judge = async (computing: Computing, parameters: ParameterValues, set: PreparedSet) => {
    let [correct, tokens] = [0, 0];
    const found = await evaluationLoss(computing, parameters, set, loss, ({ outputs }) => {
      correct += floats(outputs.correct, 'correct')[0];
      tokens += floats(outputs.tokens, 'tokens')[0];
    });
    return { loss: found, accuracy: correct / tokens };
  };
  const itemsOf = new Map<string, number[]>();
  sources.forEach((source, item) => {
    if (source === null || targets[item] === null) return;
    const items = itemsOf.get(source);
    if (items === undefined) itemsOf.set(source, [item]);
    else items.push(item);
  });
  return {
    sets,
    preprocessing,
    targetScale: null,
    model: await modelOf(preprocessing),
    loss,
    figures: [{ figure: 'correct', metric: 'train_accuracy', kind: 'count', of: 'tokens', unit: 1 }],
    notes: [
      ...cutNote('sources', from, from.length, sets.train),
      ...cutNote('targets', to, to.length - 1, sets.train),
      ...sharedNote(sets.train, sets.test, sources),
    ],
    prepare,
    validate: async (computing, parameters, set) => {
      const found = await judge(computing, parameters, set);
      return { validation_loss: found.loss, validation_accuracy: found.accuracy };
    },
    evaluate: async (computing, parameters, split, items, onProgress) => {
      const found = await judge(computing, parameters, await prepare(items));
      const firstOf = new Map(Array.from(items, (item) => [sources[item], item] as const).toReversed());
      const pairs = Int32Array.from([...firstOf.values()].toReversed());
      const set = columnSet(pairs.length, [sourceColumn(pairs)]);
      const written = await write(computing, parameters, set, (done) => onProgress(done, pairs.length));
      const scored = written.map((ids, row) => {
        const source = sources[pairs[row]] ?? '';
        const tokens = to.tokensOf(ids);
        const nearest = (itemsOf.get(source) ?? [])
          .map((item) => ({ item, errors: editDistance(tokens, to.tokens(item)), length: to.tokens(item).length }))
          .reduce((best, other) => (other.errors < best.errors ? other : best));
        return { ...nearest, source, target: targets[nearest.item] ?? '', written: to.text(ids) };
      });
      const total = (pick: (pair: (typeof scored)[number]) => number) =>
        scored.reduce((sum, pair) => sum + pick(pair), 0);
      const exactMatch = total(({ errors }) => (errors === 0 ? 1 : 0)) / scored.length;
      const tokenErrorRate =
        total(({ errors }) => errors) /
        Math.max(
          1,
          total(({ length }) => length),
        );
      const examples = scored.filter(
        (_, place) =>
          Math.floor((place * EXAMPLES) / scored.length) !== Math.floor(((place - 1) * EXAMPLES) / scored.length),
      );
      return {
        evaluation: {
          split,
          count: items.length,
          loss: found.loss,
          classification: null,
          regression: null,
          sequence: {
            pairs: pairs.length,
            exactMatch,
            tokenErrorRate,
            accuracy: found.accuracy,
            examples: examples.map(({ source, target, written: text, errors }) => ({
              source,
              target,
              written: text,
              errors,
            })),
          },
        },
        predictions: [
          ['indices', { shape: [pairs.length], data: pairs }],
          ['tokens', { shape: [pairs.length, to.length], data: Int32Array.from(written.flat()) }],
        ],
        metrics: { loss: found.loss, exact_match: exactMatch, token_error_rate: tokenErrorRate },
      };
    },
  };
};

/** One column of a table as token ids. */
class Side {
  readonly length: number;
  readonly #spec: Omit<TokensPreprocessing, 'kind' | 'target'>;
  readonly #texts: Texts;
  readonly #tokenizer: Tokenizer;

  constructor(spec: Omit<TokensPreprocessing, 'kind' | 'target'>, texts: Texts) {
    this.length = spec.length;
    this.#spec = spec;
    this.#texts = texts;
    this.#tokenizer = new Tokenizer(spec.unit, spec.vocabulary);
  }

  tokens(item: number): readonly string[] {
    return tokensOf(this.#texts[item] ?? '', this.#spec);
  }

  ids(item: number): bigint[] {
    return this.#tokenizer.ids(this.tokens(item)).slice(0, this.length).map(BigInt);
  }

  /** What was written, up to its end. */
  tokensOf(ids: readonly number[]): readonly string[] {
    return untilEnd(ids).map((id) => this.#spec.vocabulary[id - FIRST_WORD]);
  }

  text(ids: readonly number[]): string {
    return this.#tokenizer.sequence(ids);
  }
}

/** Words that are written like the marks of a sequence are left out. */
function tokensOf(
  text: string,
  { unit, lowercase }: Pick<TokensOptions, 'lowercase'> & Pick<TokensPreprocessing, 'unit'>,
) {
  return Tokenizer.split(text, unit, lowercase).filter((token) => !sequenceMarks.includes(token));
}

function pairPreprocessing(
  options: z.input<typeof sequenceData> | undefined,
  sources: Texts,
  targets: Texts,
  train: Int32Array,
): TokensPreprocessing {
  const { source, target } = sequenceData.parse(options ?? {});
  const side = (side: TokensOptions, texts: Texts, marks: readonly string[]) => {
    const { unit, length, lowercase } = side;
    const all = Array.from(train, (item) => tokensOf(texts[item] ?? '', side).slice(0, length));
    const vocabulary = [...marks, ...vocabularyOf(all, side.vocabulary - marks.length, side.minimumCount)];
    return { unit, length, lowercase, vocabulary };
  };
  return { kind: 'tokens', ...side(source, sources, []), target: side(target, targets, sequenceMarks) };
}

function cutNote(what: string, side: Side, longest: number, train: Int32Array): string[] {
  const cut = Array.from(train).filter((item) => side.tokens(item).length > longest).length;
  return cut === 0 ? [] : [`${cut} of ${train.length} ${what} have more than ${longest} tokens and are cut there.`];
}

function sharedNote(train: Int32Array, test: Int32Array, sources: Texts): string[] {
  const learned = new Set(Array.from(train, (item) => sources[item]));
  const shared = Array.from(test).filter((item) => learned.has(sources[item])).length;
  return shared === 0 ? [] : [`${shared} of ${test.length} sources of test stand in train as well.`];
}

/** What the model writes for each sample of a set, greedily: ids, and padding behind the end. */
async function write(
  computing: Computing,
  parameters: ParameterValues,
  set: PreparedSet,
  onProgress: (done: number) => void,
): Promise<number[][]> {
  const written: number[][] = [];
  const { model, target } = computing;
  const compile = () => compileDecoding(model, { parameters, target }).onnx;
  await forEachBatch(
    computing,
    parameters,
    set,
    ({ first, count, outputs: { sequences } }) => {
      const ids = Array.from(sequences.data as BigInt64Array, Number);
      const length = ids.length / count;
      for (let row = 0; row < count; row++) written.push(ids.slice(row * length, (row + 1) * length));
      onProgress(first + count);
    },
    compile,
  );
  return written;
}
