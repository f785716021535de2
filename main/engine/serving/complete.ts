import { seededRandom } from '../../base/random.ts';
import { LightbenchError } from '../../contract/errors.ts';
import type { ParsedInput } from '../../contract/index.ts';
import type { Completion } from '../../contract/serving.ts';
import { FIRST_WORD, PADDING } from '../../graph/index.ts';
import { Tokenizer } from '../../models/index.ts';
import type { InputLayout } from '../training/index.ts';
import { ask, type Exchange, type PredictionTarget } from './predict.ts';

type Wanted = Pick<ParsedInput<'deployments.complete'>, 'text' | 'tokens' | 'temperature' | 'seed'>;

/** How many of the likeliest tokens are told. */
const CANDIDATES = 5;

/**
 * Has a language model on a model server go on with a text: what it reads ends where the text does, and each token that it
 * says is put behind. @throws LightbenchError deployment.not_ready, deployment.bad_input
 */
export async function complete(
  target: PredictionTarget,
  layout: InputLayout,
  { text, tokens, temperature, seed }: Wanted,
  signal?: AbortSignal,
): Promise<Completion> {
  if (layout.tokens === undefined || layout.tokens.target !== undefined)
    throw new LightbenchError('deployment.bad_input', `${target.endpoint} serves no language model.`, {
      suggestion: 'Send it an item of a dataset.',
    });
  const { unit, vocabulary, length, lowercase } = layout.tokens;
  const tokenizer = new Tokenizer(unit, vocabulary);
  const random = seededRandom(seed);
  const ids = tokenizer.ids(Tokenizer.split(text, unit, lowercase));
  const given = ids.length;
  if (given === 0) throw new LightbenchError('deployment.bad_input', `The text holds no ${unit}.`);
  let first: { readonly exchange: Exchange; readonly candidates: Completion['candidates'] } | undefined;
  let durationMs = 0;
  for (let done = 0; done < tokens; done++) {
    const seen = ids.slice(-length);
    const data = new BigInt64Array(length).fill(BigInt(PADDING));
    data.set(seen.map(BigInt));
    const input = { name: layout.input.name, datatype: 'INT64', shape: [1, length], data } as const;
    const { answer, exchange } = await ask(target, [input], ['probabilities'], signal);
    const [{ shape, data: said }] = answer.outputs;
    const next = (said as Float32Array).subarray((seen.length - 1) * shape[2], seen.length * shape[2]);
    first ??= { exchange, candidates: candidatesOf(next, tokenizer) };
    durationMs += exchange.durationMs;
    ids.push(chosen(next, temperature, random.uniform()));
  }
  if (first === undefined) throw new Error('No token was asked for.');
  return {
    ...first.exchange,
    durationMs,
    // Words stand apart.
    text: `${unit === 'words' ? ' ' : ''}${tokenizer.text(ids.slice(given))}`,
    requests: tokens,
    candidates: first.candidates,
  };
}

function candidatesOf(probabilities: Float32Array, tokenizer: Tokenizer): Completion['candidates'] {
  return Array.from(probabilities, (probability, id) => ({ id, probability }))
    .filter(({ id }) => id >= FIRST_WORD)
    .sort((a, b) => b.probability - a.probability)
    .slice(0, CANDIDATES)
    .map(({ id, probability }) => ({ token: tokenizer.text([id]), probability }));
}

/** The likeliest word, or one by its probability to the power of 1 / temperature; neither padding nor the unknown. */
function chosen(probabilities: Float32Array, temperature: number, uniform: number): number {
  const words = probabilities.subarray(FIRST_WORD);
  if (temperature === 0) return words.indexOf(words.reduce((most, value) => Math.max(most, value), 0)) + FIRST_WORD;
  const weights = Array.from(words, (value) => value ** (1 / temperature));
  let rest = uniform * weights.reduce((sum, weight) => sum + weight, 0);
  const place = weights.findIndex((weight) => {
    rest -= weight;
    return rest <= 0;
  });
  return (place === -1 ? words.length - 1 : place) + FIRST_WORD;
}
