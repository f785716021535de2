import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { float32Tensor, RuntimeSession, type RuntimeTensor } from '../../runtime/index.ts';
import { BatchShare } from './batch-share.ts';
import type { Feed, FeedData } from './feeds.ts';
import type { ReplicaInputs, ShareTask } from './replica-thread.ts';
import { DRAW, ROWS, SEED } from './replica-words.ts';

/** The share of each batch that falls to a further thread. */
export class ReplicaShare {
  readonly #share: BatchShare;
  /** Of both sets of the state. */
  readonly #parameters: readonly Record<string, RuntimeTensor>[];
  #inputs: ReplicaInputs = {};

  private constructor(share: BatchShare, parameters: readonly Record<string, RuntimeTensor>[]) {
    this.#share = share;
    this.#parameters = parameters;
  }

  static async open({ backward, settings, parameters, figureNames, parts }: ShareTask): Promise<ReplicaShare> {
    const session = await RuntimeSession.create(backward, { ...settings, flushDenormals: true, outputsGiven: true });
    const sets = [0, 1].map((set) =>
      Object.fromEntries(parameters.map(({ name, shape, sets }) => [name, float32Tensor(sets[set], shape)])),
    );
    return new ReplicaShare(new BatchShare(session, figureNames, parts), sets);
  }

  /** @param port brings news of where the inputs lie */
  async run(set: 0 | 1, control: Int32Array, port: MessagePort): Promise<void> {
    const news = receiveMessageOnPort(port);
    if (news) this.#inputs = news.message;
    const rows = Atomics.load(control, ROWS);
    const feeds: Record<string, Feed> = {};
    for (const [name, { data, sample }] of Object.entries(this.#inputs)) {
      const length = sample.reduce((product, size) => product * size, rows);
      feeds[name] = { data: data.subarray(0, length) as FeedData, dims: [rows, ...sample] };
    }
    const [draw, seed] = [DRAW, SEED].map((place) => Atomics.load(control, place));
    await this.#share.run(this.#parameters[set], feeds, rows, draw, seed);
  }
}
