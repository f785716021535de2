import type { GenerationDescription } from '../../formats/bundle/generation.ts';
import { float32Tensor, floats, int64Tensor, type RuntimeFeeds, type RuntimeSession } from '../../runtime/index.ts';

export type ReadingGraph = Pick<GenerationDescription, 'input' | 'cache' | 'length'>;

/** Reads a text that grows, and says what may follow. Of what it has read it keeps keys and values, if the graph has them. */
export class TokenReader {
  readonly #session: RuntimeSession;
  readonly #graph: ReadingGraph;
  #past: RuntimeFeeds = {};
  /** Tokens whose keys and values are kept. */
  #kept = 0;

  constructor(session: RuntimeSession, graph: ReadingGraph) {
    this.#session = session;
    this.#graph = graph;
  }

  /**
   * @param ids all so far: those of the last time, and more; a model sees the last `length` of them
   * @returns the probability of each id to be the next, [V]
   */
  async next(ids: readonly number[]): Promise<Float32Array> {
    const { input, cache, length } = this.#graph;
    // Where the beginning falls out of sight every token has another place: all is read again.
    if (cache.length === 0 || this.#kept === 0 || ids.length > length) this.#forget();
    const seen = ids.slice(-length).slice(this.#kept);
    const size = cache.length === 0 ? length : seen.length;
    const data = new BigInt64Array(size);
    data.set(seen.map(BigInt));
    const said = await this.#session.run({ [input]: int64Tensor(data, [1, size]), ...this.#past });
    if (cache.length > 0) {
      this.#past = Object.fromEntries(cache.map(({ past, present }) => [past, said[present]]));
      this.#kept += seen.length;
    }
    const probabilities = floats(said.probabilities, 'probabilities');
    const vocabulary = probabilities.length / size;
    return probabilities.subarray((seen.length - 1) * vocabulary, seen.length * vocabulary);
  }

  #forget(): void {
    this.#kept = 0;
    this.#past = Object.fromEntries(
      this.#graph.cache.map(({ past, shape }) => [past, float32Tensor(new Float32Array(0), shape)]),
    );
  }
}
