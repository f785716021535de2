import type { PreparedSet } from './feeds.ts';

/** Batches that are announced beyond the present ones: one to be learned from next, and some for slow pictures. */
const BATCHES_AHEAD = 4;

/** Tells a set which rows the steps to come will ask for, each batch once, also those of the next epoch. */
export class UpcomingRows {
  readonly #set: PreparedSet;
  readonly #batchSize: number;
  readonly #orderOf: (epoch: number) => Uint32Array;
  readonly #stepsPerEpoch: number;
  /** The first step that was not announced yet. */
  #next = 0;

  constructor(set: PreparedSet, batchSize: number, stepsPerEpoch: number, orderOf: (epoch: number) => Uint32Array) {
    this.#set = set;
    this.#batchSize = batchSize;
    this.#orderOf = orderOf;
    this.#stepsPerEpoch = stepsPerEpoch;
  }

  /** @param step the first that has not asked for its rows, counted from 0; @param end where there are no more */
  announce(step: number, end: number): void {
    if (this.#set.expect === undefined) return;
    this.#next = Math.max(this.#next, step);
    for (; this.#next < Math.min(end, step + BATCHES_AHEAD); this.#next++) {
      const place = this.#next % this.#stepsPerEpoch;
      const rows = this.#orderOf(Math.floor(this.#next / this.#stepsPerEpoch));
      if (!this.#set.expect(rows.subarray(place * this.#batchSize, (place + 1) * this.#batchSize))) return;
    }
  }
}
