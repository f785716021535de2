import { REPLICA_WEIGHT, type ReplicatedStep } from '../../graph/index.ts';
import {
  float32Tensor,
  int32Scalar,
  type RuntimeFeeds,
  type RuntimeSession,
  type RuntimeTensor,
} from '../../runtime/index.ts';
import { elementsOf, type Feed, type FeedData, type Feeds, feedTensor } from './feeds.ts';

export type SharedEntry<Data> = { readonly name: string; readonly shape: readonly number[] } & Data;
export type SharedGradients = readonly SharedEntry<{ readonly data: Float32Array }>[];

/** What a part of a batch leaves behind, in shared memory. */
export interface BatchPart {
  readonly gradients: SharedGradients;
  /** One value per name of `figureNames`. */
  readonly figures: Float32Array;
}

/** What a part tells besides its gradients: what they count for, the loss, and the figures of the loss. */
export const figureNames = (step: Pick<ReplicatedStep, 'figures'>): readonly string[] => [
  REPLICA_WEIGHT,
  'loss',
  ...step.figures.map(({ name }) => name),
];

/** The parts of a batch that fall to one thread, which takes them one after the other. */
export class BatchShare {
  readonly #session: RuntimeSession;
  readonly #parts: readonly BatchPart[];
  readonly #into: readonly RuntimeFeeds[];

  /**
   * @param session whose outputs are given places
   * @param names of the figures
   */
  constructor(session: RuntimeSession, names: readonly string[], parts: readonly BatchPart[]) {
    this.#session = session;
    this.#parts = parts;
    this.#into = parts.map(({ gradients, figures }) =>
      Object.fromEntries([
        ...gradients.map(({ name, shape, data }) => [`gradient.${name}`, float32Tensor(data as Float32Array, shape)]),
        ...names.map((name, place) => [name, float32Tensor(figures.subarray(place, place + 1) as Float32Array, [])]),
      ]),
    );
  }

  /**
   * @param inputs the rows of this share
   * @param firstDraw the number by which the first part draws random numbers; the next part has the next
   * @param buffers places of the running statistics, which only a batch in one part has
   */
  async run(
    state: RuntimeFeeds,
    inputs: Feeds,
    rows: number,
    firstDraw: number,
    seed: number,
    buffers: RuntimeFeeds = {},
  ): Promise<void> {
    for (const [index, { gradients, figures }] of this.#parts.entries()) {
      const [first, end] = stretch(rows, this.#parts.length, index);
      if (first === end) {
        // Parts of no rows count for nothing.
        figures.fill(0);
        for (const { data } of gradients) data.fill(0);
        continue;
      }
      const feeds: Record<string, RuntimeTensor> = {
        ...state,
        step: int32Scalar(firstDraw + index),
        seed: int32Scalar(seed),
      };
      for (const [name, feed] of Object.entries(inputs)) feeds[name] = feedTensor(rowsOf(feed, first, end));
      await this.#session.run(feeds, { ...this.#into[index], ...buffers });
    }
  }
}

/** Which of `count` rows are the part of number `index` among `parts`: from the first, as many as all but the last have. */
export function stretch(count: number, parts: number, index: number): readonly [number, number] {
  const size = Math.ceil(count / parts);
  return [Math.min(count, index * size), Math.min(count, (index + 1) * size)];
}

/** Rows `first` to `end` of what a batch holds of an input. */
export function rowsOf({ data, dims }: Feed, first: number, end: number): Feed {
  const [, ...sample] = dims;
  const size = elementsOf(sample);
  return { data: data.subarray(first * size, end * size) as FeedData, dims: [end - first, ...sample] };
}
