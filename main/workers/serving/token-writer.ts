import { type Random, seededRandom } from '../../base/random.ts';
import { FIRST_WORD } from '../../graph/index.ts';
import type { RuntimeSession } from '../../runtime/index.ts';
import { type ReadingGraph, TokenReader } from './token-reader.ts';

export interface WritingOrder {
  readonly ids: readonly number[];
  readonly maxTokens: number;
  readonly temperature: number;
  /** What is drawn from: the likeliest tokens with so much probability together, and so many of them at most (0: all). */
  readonly topP: number;
  readonly topK: number;
  readonly seed: number;
  readonly topTokens: number;
}

export interface LikelyToken {
  readonly id: number;
  readonly probability: number;
}

export interface WrittenToken extends LikelyToken {
  /** The likeliest ones there, the first first. */
  readonly top: readonly LikelyToken[];
  readonly last: boolean;
}

/** Goes on with a text, token by token. */
export class TokenWriter {
  readonly #reader: TokenReader;
  readonly #order: WritingOrder;
  readonly #random: Random;
  readonly #ids: number[];

  constructor(session: RuntimeSession, graph: ReadingGraph, order: WritingOrder) {
    this.#reader = new TokenReader(session, graph);
    this.#order = order;
    this.#random = seededRandom(order.seed);
    this.#ids = [...order.ids];
  }

  async next(): Promise<WrittenToken> {
    const { ids, maxTokens, topTokens } = this.#order;
    const probabilities = await this.#reader.next(this.#ids);
    const id = chosen(probabilities, this.#order, this.#random.uniform());
    this.#ids.push(id);
    return {
      id,
      probability: probabilities[id],
      top: topTokens === 0 ? [] : likeliest(probabilities, topTokens),
      last: this.#ids.length === ids.length + maxTokens,
    };
  }
}

function likeliest(probabilities: Float32Array, count: number): LikelyToken[] {
  return Array.from(probabilities, (probability, id) => ({ id, probability }))
    .slice(FIRST_WORD)
    .sort((a, b) => b.probability - a.probability)
    .slice(0, count);
}

type Drawing = Pick<WritingOrder, 'temperature' | 'topP' | 'topK'>;

/**
 * The likeliest word, or one by its probability to the power of 1 / temperature among the likeliest (nucleus sampling,
 * Holtzman et al. 2020); neither padding nor the unknown.
 */
function chosen(probabilities: Float32Array, { temperature, topP, topK }: Drawing, uniform: number): number {
  const words = probabilities.subarray(FIRST_WORD);
  if (temperature === 0) return words.indexOf(words.reduce((most, value) => Math.max(most, value), 0)) + FIRST_WORD;
  const weights = Array.from(words, (value) => value ** (1 / temperature));
  const kept = topP < 1 || topK > 0 ? likeliestOf(weights, topP, topK) : weights;
  let rest = uniform * sum(kept);
  const place = kept.findIndex((weight) => {
    rest -= weight;
    return rest <= 0 && weight > 0;
  });
  return (place === -1 ? kept.findLastIndex((weight) => weight > 0) : place) + FIRST_WORD;
}

/** The weights with 0 for all but the likeliest. */
function likeliestOf(weights: readonly number[], topP: number, topK: number): readonly number[] {
  const order = weights.map((_, place) => place).sort((a, b) => weights[b] - weights[a]);
  const first = topK > 0 ? order.slice(0, topK) : order;
  let rest = topP * sum(first.map((place) => weights[place]));
  const kept = new Set<number>();
  for (const place of first) {
    if (kept.size > 0 && rest <= 0) break;
    kept.add(place);
    rest -= weights[place];
  }
  return weights.map((weight, place) => (kept.has(place) ? weight : 0));
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
