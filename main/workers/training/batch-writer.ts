import type { Experiment } from './experiment.ts';
import type { PreparedSet } from './prepared-set.ts';

/** Gathers the samples and targets of a batch into buffers that every batch reuses. */
export class BatchWriter {
  readonly #experiment: Experiment;
  readonly #set: PreparedSet;
  readonly #truth: BigInt64Array | Float32Array;
  #x = new Float32Array();
  #y: BigInt64Array | Float32Array;

  constructor(experiment: Experiment, set: PreparedSet) {
    this.#experiment = experiment;
    this.#set = set;
    const { sets, targetScale, truth } = experiment;
    if (targetScale === null) {
      this.#truth = BigInt64Array.from(sets.train, (item) => BigInt(truth(item)));
      this.#y = new BigInt64Array();
    } else {
      this.#truth = Float32Array.from(sets.train, (item) => (truth(item) - targetScale.mean) / targetScale.deviation);
      this.#y = new Float32Array();
    }
  }

  /** @param count of steps that the rows are for, equally many each */
  async write(
    rows: Uint32Array,
    count: number,
  ): Promise<{
    readonly x: { readonly data: Float32Array; readonly dims: readonly number[] };
    readonly y: BigInt64Array | Float32Array;
  }> {
    const length = rows.length * this.#set.sampleLength;
    if (this.#x.length < length) this.#x = new Float32Array(length);
    if (this.#y.length < rows.length)
      this.#y = this.#truth instanceof BigInt64Array ? new BigInt64Array(rows.length) : new Float32Array(rows.length);
    const data = this.#x.subarray(0, length);
    const filled = this.#set.fill(rows, data);
    if (filled !== undefined) await filled;
    for (let place = 0; place < rows.length; place++) this.#y[place] = this.#truth[rows[place]];
    return {
      x: { data, dims: [rows.length / count, ...this.#experiment.model.inputShape] },
      y: this.#y.subarray(0, rows.length),
    };
  }
}
