import { type Random, seededRandom } from '../../base/random.ts';
import { FIRST_WORD } from '../../graph/index.ts';
import type { RuntimeSession } from '../../runtime/index.ts';
import { type ReadingGraph, TokenReader } from './token-reader.ts';

export interface WritingOrder {
  readonly ids: readonly number[];
  readonly maxTokens: number;
  readonly temperature: number;
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
    const { ids, maxTokens, temperature, topTokens } = this.#order;
    const probabilities = await this.#reader.next(this.#ids);
    const id = chosen(probabilities, temperature, this.#random.uniform());
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
