import type { Preprocessing } from '../../../contract/checkpoint.ts';
import type { Split } from '../../../contract/datasets.ts';
import { LightbenchError } from '../../../contract/errors.ts';
import { textData } from '../../../contract/run-config.ts';
import type { ExperimentInput } from '../../../contract/training-worker.ts';
import { compileForward, FIRST_WORD, type ParameterValues } from '../../../graph/index.ts';
import { byteVocabulary, lossFor, Tokenizer, vocabularyOf } from '../../../models/index.ts';
import { floats, int64Tensor, RuntimeSession } from '../../../runtime/index.ts';
import { evaluationLoss } from '../evaluation-loss.ts';
import { columnSet, memoryColumn, type PreparedSet } from '../feeds.ts';
import type { ItemSets } from '../item-sets.ts';
import type { Computing } from '../predict.ts';
import { accuracyReading } from './classifier.ts';
import type { OpenTask, Task } from './task.ts';

type TokensPreprocessing = Extract<Preprocessing, { kind: 'tokens' }>;

const SAMPLES = 3;
/** Tokens that the model goes on from, and tokens that it writes. */
const PROMPT_TOKENS = 16;
const WRITTEN_TOKENS = 120;
const BETWEEN_TEXTS = '\n\n';

/** The next token at each place of a text. Items are blocks of consecutive tokens; texts of a split follow each other. */
export const openLanguageModeling: OpenTask = async ({ input, raw, known, modelOf }): Promise<Task> => {
  const { config, columns } = input;
  const options = textData.parse(config.data.text ?? {});
  const unit = options.unit ?? 'characters';
  const texts = await raw.texts(columns[0].name);
  const streams = { train: '', validation: '', test: '' };
  texts.forEach((text, row) => {
    if (text !== null) streams[raw.splits[row]] += `${text}${BETWEEN_TEXTS}`;
  });
  const lowercase = unit === 'words' && options.lowercase;
  const tokensOf = (split: Split) => Tokenizer.split(streams[split], unit, lowercase);
  const preprocessing = known?.preprocessing ?? tokensPreprocessing(input, tokensOf('train'));
  if (preprocessing.kind !== 'tokens')
    throw new LightbenchError('workspace.damaged', 'The checkpoint is not of a model that reads tokens.');
  const { length } = preprocessing;
  const tokenizer = new Tokenizer(unit, preprocessing.vocabulary);
  const ids = (['train', 'validation', 'test'] as const).flatMap((split) => ({
    split,
    ids: tokenizer.ids(tokensOf(split)),
  }));
  const { starts, sets } = blocksOf(ids, length, config.data.validationFraction);
  const all = ids.flatMap((stream) => stream.ids);
  const loss = lossFor(config.task, config.loss);
  const prepare = async (items: Int32Array): Promise<PreparedSet> => {
    const x = new BigInt64Array(items.length * length);
    const y = new BigInt64Array(items.length * length);
    items.forEach((item, row) => {
      for (let place = 0; place < length; place++) {
        x[row * length + place] = BigInt(all[starts[item] + place]);
        y[row * length + place] = BigInt(all[starts[item] + place + 1]);
      }
    });
    return columnSet(items.length, [memoryColumn('x', [length], x), memoryColumn('y', [length], y)]);
  };
  const judge = async (computing: Computing, parameters: ParameterValues, set: PreparedSet) => {
    let correct = 0;
    const found = await evaluationLoss(computing, parameters, set, loss, ({ outputs }) => {
      correct += floats(outputs.correct, 'correct')[0];
    });
    return { loss: found, accuracy: correct / (set.count * length) };
  };
  return {
    sets,
    preprocessing,
    targetScale: null,
    model: await modelOf(preprocessing),
    loss,
    figures: [{ ...accuracyReading, unit: 1 / length }],
    notes: [],
    prepare,
    validate: async (computing, parameters, set) => {
      const found = await judge(computing, parameters, set);
      return {
        validation_loss: found.loss,
        validation_accuracy: found.accuracy,
        validation_perplexity: perplexityOf(found.loss),
      };
    },
    evaluate: async (computing, parameters, split, items, onProgress) => {
      const set = await prepare(items);
      const found = await judge(computing, parameters, set);
      onProgress(items.length, items.length);
      const prompts = Array.from({ length: Math.min(SAMPLES, items.length) }, (_, sample) => {
        const start = starts[items[Math.floor((sample * items.length) / SAMPLES)]];
        return all.slice(start, start + Math.min(PROMPT_TOKENS, length));
      });
      const written = await write(computing, parameters, prompts, length);
      return {
        evaluation: {
          split,
          count: items.length,
          loss: found.loss,
          classification: null,
          regression: null,
          language: {
            tokens: items.length * length,
            perplexity: perplexityOf(found.loss),
            bitsPerToken: found.loss / Math.LN2,
            accuracy: found.accuracy,
            samples: prompts.map((prompt, row) => ({
              prompt: tokenizer.text(prompt),
              text: tokenizer.text(written[row].slice(prompt.length)),
            })),
          },
        },
        predictions: [['indices', { shape: [items.length], data: items }]],
        metrics: { loss: found.loss, perplexity: perplexityOf(found.loss), accuracy: found.accuracy },
      };
    },
  };
};

function tokensPreprocessing({ config }: ExperimentInput, tokens: readonly string[]): TokensPreprocessing {
  const options = textData.parse(config.data.text ?? {});
  const { length, unit = 'characters' } = options;
  const vocabulary =
    unit === 'bytes'
      ? [...byteVocabulary]
      : vocabularyOf([tokens], options.vocabulary, unit === 'words' ? options.minimumCount : 1);
  return { kind: 'tokens', unit, vocabulary, length, lowercase: unit === 'words' && options.lowercase };
}

/**
 * Blocks of `length` tokens and the one that follows, by their first token among those of all splits.
 *
 * @param validationFraction taken from the end of train when there is no validation split
 * @throws LightbenchError source.empty when train is shorter than two blocks
 */
function blocksOf(
  streams: readonly { readonly split: Split; readonly ids: readonly number[] }[],
  length: number,
  validationFraction: number,
): { readonly starts: readonly number[]; readonly sets: ItemSets } {
  const starts: number[] = [];
  const sets: Record<Split, number[]> = { train: [], validation: [], test: [] };
  let first = 0;
  for (const { split, ids } of streams) {
    for (let at = 0; at + length < ids.length; at += length) {
      sets[split].push(starts.length);
      starts.push(first + at);
    }
    first += ids.length;
  }
  if (sets.train.length < 2)
    throw new LightbenchError('source.empty', `The text of train is shorter than two blocks of ${length} tokens.`, {
      suggestion: 'Make data.text.length smaller, or train on more text.',
    });
  if (sets.validation.length === 0 && validationFraction > 0) {
    const taken = Math.max(1, Math.round(sets.train.length * validationFraction));
    sets.validation = sets.train.splice(-taken);
  }
  return {
    starts,
    sets: {
      train: Int32Array.from(sets.train),
      validation: Int32Array.from(sets.validation),
      test: Int32Array.from(sets.test),
    },
  };
}

/** The most probable token, again and again; each from the last `length` tokens. */
async function write(
  { model, target, settings }: Computing,
  parameters: ParameterValues,
  prompts: readonly (readonly number[])[],
  length: number,
): Promise<number[][]> {
  const texts = prompts.map((prompt) => [...prompt]);
  if (texts.length === 0) return texts;
  const session = await RuntimeSession.create(compileForward(model, { parameters, target }).onnx, settings);
  try {
    for (let written = 0; written < WRITTEN_TOKENS; written++) {
      const x = new BigInt64Array(texts.length * length);
      const filled = Math.min(length, texts[0].length);
      // What stands behind the newest token cannot be seen from its place.
      texts.forEach((text, row) => {
        text.slice(-length).forEach((id, place) => {
          x[row * length + place] = BigInt(id);
        });
      });
      const { output } = await session.run({ x: int64Tensor(x, [texts.length, length]) });
      const logits = floats(output, 'output');
      const vocabulary = logits.length / (texts.length * length);
      texts.forEach((text, row) => {
        const start = (row * length + filled - 1) * vocabulary;
        let best = FIRST_WORD;
        for (let id = FIRST_WORD; id < vocabulary; id++) if (logits[start + id] > logits[start + best]) best = id;
        text.push(best);
      });
    }
    return texts;
  } finally {
    await session.dispose();
  }
}

/** As large as a number gets, where the loss is beyond what exponents hold: infinity has no JSON form. */
function perplexityOf(loss: number): number {
  return Math.min(Math.exp(loss), Number.MAX_VALUE);
}
