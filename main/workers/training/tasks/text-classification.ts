import type { Preprocessing } from '../../../contract/checkpoint.ts';
import { LightbenchError } from '../../../contract/errors.ts';
import { textData } from '../../../contract/run-config.ts';
import type { ExperimentInput } from '../../../contract/training-worker.ts';
import { compilePreprocessing } from '../../../graph/index.ts';
import { vocabularyOf, wordsOf } from '../../../models/index.ts';
import { elementTensor, RuntimeSession } from '../../../runtime/index.ts';
import { memoryColumn } from '../feeds.ts';
import { learnable, splitItems } from '../item-sets.ts';
import { inMemory, type PreparedInput } from '../prepared-set.ts';
import { classifier } from './classifier.ts';
import { preparing } from './image-classification.ts';
import type { OnProgress, OpenTask } from './task.ts';

type TextPreprocessing = Extract<Preprocessing, { kind: 'text' }>;

const CHUNK_TEXTS = 128;

/** The class of a text. Its words become tokens by the very graph that ships; the vocabulary is that of train. */
export const openTextClassification: OpenTask = async (source) => {
  const { input, raw, known } = source;
  const { config, columns, labels } = input;
  const texts = await raw.texts(columns[0].name);
  const sets = learnable(splitItems(raw.splits, labels, (item) => texts[item] !== null, config));
  const preprocessing = known?.preprocessing ?? textPreprocessing(input, texts, sets.train);
  if (preprocessing.kind !== 'text')
    throw new LightbenchError('workspace.damaged', 'The checkpoint is not of a model that reads text.');
  const { length } = preprocessing;
  const cut = Array.from(sets.train).filter((item) => wordsOf(texts[item] ?? '', preprocessing).length > length).length;
  return classifier(source, {
    sets,
    preprocessing,
    notes: cut === 0 ? [] : [`${cut} of ${sets.train.length} texts have more than ${length} words and are cut there.`],
    prepareInput: (items, onProgress) => prepareTexts(texts, items, preprocessing, input, onProgress),
  });
};

function textPreprocessing(
  { config }: ExperimentInput,
  texts: readonly (string | null)[],
  train: Int32Array,
): TextPreprocessing {
  const { length, vocabulary, minimumCount, ...options } = textData.parse(config.data.text ?? {});
  const { lowercase, punctuation, shapes } = options;
  // What lies behind the cut is never learned.
  const words = Array.from(train, (item) => wordsOf(texts[item] ?? '', options).slice(0, length));
  const known = vocabularyOf(words, vocabulary, minimumCount);
  if (known.length === 0)
    throw new LightbenchError('source.empty', `No word occurs ${minimumCount} times in the texts of train.`, {
      suggestion: 'Make data.text.minimumCount smaller, or train on more texts.',
    });
  return { kind: 'text', vocabulary: known, length, lowercase, punctuation, shapes };
}

async function prepareTexts(
  texts: readonly (string | null)[],
  items: Int32Array,
  preprocessing: TextPreprocessing,
  input: ExperimentInput,
  onProgress: OnProgress = () => {},
): Promise<PreparedInput> {
  const { length } = preprocessing;
  const tokens = new BigInt64Array(items.length * length);
  const session = await RuntimeSession.create(compilePreprocessing(preprocessing).onnx, preparing(input));
  try {
    for (let start = 0; start < items.length; start += CHUNK_TEXTS) {
      const chunk = Array.from(items.subarray(start, start + CHUNK_TEXTS), (item) => texts[item] ?? '');
      const { x } = await session.run({ text: elementTensor('string', chunk, [chunk.length]) });
      tokens.set(x.data as BigInt64Array, start * length);
      onProgress(start + chunk.length, items.length);
    }
  } finally {
    await session.dispose();
  }
  return inMemory(memoryColumn('x', [length], tokens));
}
