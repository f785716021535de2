import { extname, join } from 'node:path';
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { REPLICA_WEIGHT, type ReplicatedStep } from '../../graph/index.ts';
import {
  float32Scalar,
  float32Tensor,
  floats,
  int32Scalar,
  RuntimeError,
  type RuntimeFeeds,
  RuntimeSession,
  type RuntimeTensor,
  type SessionSettings,
} from '../../runtime/index.ts';
import { elementsOf, type Feed, type FeedData, type Feeds, feedTensor } from './feeds.ts';
import { figureTensors, inShapesOf } from './given-tensors.ts';
import type { StepCall, StepSessions } from './step-sessions.ts';

/** Places in the control words that a replica shares with the trainer. */
export const [COMMAND, DONE, SET, ROWS, STEP, SEED, STATUS] = [0, 1, 2, 3, 4, 5, 6] as const;
export const [READY, FAILED] = [0, 1] as const;

/** Shared memory for what a replica reads of its samples; `sample` is the shape without the batch. */
export type ReplicaInputs = Readonly<Record<string, { readonly data: FeedData; readonly sample: readonly number[] }>>;

/** What a replica's thread starts with. All arrays but the graph lie in shared memory. */
export interface ReplicaTask {
  readonly control: Int32Array;
  /** Brings `ReplicaInputs` whenever they moved; takes the message of an error. */
  readonly port: MessagePort;
  readonly backward: Uint8Array;
  readonly settings: SessionSettings;
  /** Both sets of the state: a step reads one while the other is written. */
  readonly parameters: readonly SharedEntry<{ readonly sets: readonly [Float32Array, Float32Array] }>[];
  readonly gradients: readonly SharedEntry<{ readonly data: Float32Array }>[];
  readonly figures: { readonly names: readonly string[]; readonly values: Float32Array };
}

type SharedEntry<Data> = { readonly name: string; readonly shape: readonly number[] } & Data;

/** Both sets of the state by name. */
export type StateSets = readonly [ReadonlyMap<string, RuntimeTensor>, ReadonlyMap<string, RuntimeTensor>];

/** The thread's entry lies among the workers: one folder up in the sources, beside the folder of shared parts when built. */
const EXTENSION = extname(import.meta.filename);
const WORKERS = join(import.meta.dirname, EXTENSION === '.ts' ? '..' : '../workers');
const PROGRAM = join(WORKERS, `replica${EXTENSION}`);

/** How long to wait for a replica before looking whether its thread still lives, in milliseconds. */
const PATIENCE_MS = 1000;

export const sharedFloats = (length: number): Float32Array<ArrayBuffer> =>
  // The type of a view names one kind of buffer; everything here works on either.
  new Float32Array(new SharedArrayBuffer(length * 4)) as unknown as Float32Array<ArrayBuffer>;

/**
 * The sessions of a replicated training step: this thread's and those of further threads, which share each batch and
 * read the same parameters. The result depends on the number of replicas, not on how fast they are.
 */
export class Replicas implements StepSessions {
  readonly stepsAtOnce = false;
  readonly #step: ReplicatedStep;
  readonly #backward: RuntimeSession;
  readonly #update: RuntimeSession;
  readonly #others: readonly Replica[];
  /** Where this thread's gradients go, and what the update reads: those of all replicas. */
  readonly #own: RuntimeFeeds;
  readonly #gradients: RuntimeFeeds;
  readonly #counts: ReadonlySet<string>;

  private constructor(
    step: ReplicatedStep,
    backward: RuntimeSession,
    update: RuntimeSession,
    others: readonly Replica[],
    gradients: readonly RuntimeFeeds[],
  ) {
    this.#step = step;
    this.#backward = backward;
    this.#update = update;
    this.#others = others;
    this.#own = gradients[0];
    this.#gradients = Object.assign({}, ...gradients.map(suffixed));
    this.#counts = new Set(step.figures.filter(({ isCount }) => isCount).map(({ name }) => name));
  }

  /** @param sets tensors in shared memory, see `sharedFloats` */
  static async create(step: ReplicatedStep, replicas: number, settings: SessionSettings, sets: StateSets) {
    const each: SessionSettings = { ...settings, threads: Math.max(1, Math.floor(settings.threads / replicas)) };
    const given = { flushDenormals: true, outputsGiven: true };
    const backward = await RuntimeSession.create(step.backward.onnx, { ...each, ...given });
    const update = await RuntimeSession.create(step.update.onnx, { ...settings, ...given });
    const gradients = Array.from({ length: replicas }, () =>
      step.gradients.map(({ name, shape }) => ({ name, shape, data: sharedFloats(elementsOf(shape)) })),
    );
    const others = gradients.slice(1).map((own) => new Replica(step, each, sets, own));
    try {
      for (const other of others) await other.finished();
    } catch (error) {
      for (const other of others) await other.close();
      throw error;
    }
    const tensors = gradients.map((own) =>
      Object.fromEntries(own.map(({ name, shape, data }) => [`gradient.${name}`, float32Tensor(data, shape)])),
    );
    return new Replicas(step, backward, update, others, tensors);
  }

  async run({
    set,
    first: step,
    learningRates: [learningRate],
    seed,
    inputs,
    state,
    into,
  }: StepCall): Promise<Record<string, RuntimeTensor>> {
    const count = this.#others.length + 1;
    const batch = Object.values(inputs)[0].dims[0];
    const share = Math.ceil(batch / count);
    const part = (replica: number) =>
      [Math.min(batch, replica * share), Math.min(batch, (replica + 1) * share)] as const;
    // Random numbers of their own, as micro-batches have.
    const drawn = (replica: number): number => step * count + replica;
    this.#others.forEach((other, index) => {
      const [first, end] = part(index + 1);
      other.start(set, inputs, first, end, drawn(index + 1), seed);
    });
    const [, end] = part(0);
    const feeds: Record<string, RuntimeTensor> = { ...state, step: int32Scalar(drawn(0)), seed: int32Scalar(seed) };
    for (const [name, feed] of Object.entries(inputs)) feeds[name] = feedTensor(rowsOf(feed, 0, end));
    let own: Record<string, RuntimeTensor>;
    try {
      const figures = figureTensors(this.#step.backward.outputs, this.#own, []);
      own = await this.#backward.run(feeds, { ...this.#own, ...figures });
    } finally {
      for (const other of this.#others) await other.finished();
    }
    const names = ['loss', ...this.#step.figures.map(({ name }) => name)];
    const said = [
      Object.fromEntries([REPLICA_WEIGHT, ...names].map((name) => [name, floats(own[name], name)[0]])),
      ...this.#others.map((other) => other.figures()),
    ];
    const weights = said.map((each) => each[REPLICA_WEIGHT]);
    const places = inShapesOf(this.#step.update.outputs, into);
    const results = await this.#update.run(
      {
        ...inShapesOf(this.#step.update.inputs, state),
        learningRate: float32Scalar(learningRate),
        step: int32Scalar(step),
        seed: int32Scalar(seed),
        ...Object.fromEntries(weights.map((weight, replica) => [`weight.${replica}`, float32Scalar(weight)])),
        ...this.#gradients,
      },
      { ...places, ...figureTensors(this.#step.update.outputs, into, []) },
    );
    for (const name of names) {
      const values = said.map((each) => each[name]);
      results[name] = float32Scalar(this.#counts.has(name) ? sum(values) : weightedMean(values, weights));
    }
    return results;
  }

  async dispose(): Promise<void> {
    for (const other of this.#others) await other.close();
    await this.#backward.dispose();
    await this.#update.dispose();
  }
}

/** A further thread with a session of its own. */
class Replica {
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #control = new Int32Array(new SharedArrayBuffer(7 * 4));
  readonly #names: readonly string[];
  readonly #values: Float32Array;
  readonly #gradients: readonly SharedEntry<{ readonly data: Float32Array }>[];
  #inputs: ReplicaInputs = {};
  #answers = 0;
  #idle = false;
  #ended = false;

  constructor(
    step: ReplicatedStep,
    settings: SessionSettings,
    sets: StateSets,
    gradients: readonly SharedEntry<{ readonly data: Float32Array }>[],
  ) {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#gradients = gradients;
    this.#names = [REPLICA_WEIGHT, 'loss', ...step.figures.map(({ name }) => name)];
    this.#values = sharedFloats(this.#names.length);
    const reads = new Set(step.backward.inputs.map(({ name }) => name));
    const task: ReplicaTask = {
      control: this.#control,
      port: port2,
      backward: step.backward.onnx,
      settings,
      parameters: step.state.flatMap(({ name, shape }) => {
        if (!reads.has(name)) return [];
        return [{ name, shape, sets: [floats(sets[0].get(name), name), floats(sets[1].get(name), name)] as const }];
      }),
      gradients: gradients.map((entry) => ({ ...entry, name: `gradient.${entry.name}` })),
      figures: { names: this.#names, values: this.#values },
    };
    this.#worker = new Worker(PROGRAM, { workerData: task, transferList: [port2], argv: [] });
    this.#worker.on('error', () => {
      this.#ended = true;
    });
    this.#worker.on('exit', () => {
      this.#ended = true;
    });
  }

  /** Hands over rows `first` to `end` of a batch; none at all count for nothing. */
  start(set: 0 | 1, inputs: Feeds, first: number, end: number, step: number, seed: number): void {
    this.#idle = first === end;
    if (this.#idle) {
      this.#values.fill(0);
      for (const { data } of this.#gradients) data.fill(0);
      return;
    }
    const parts = Object.entries(inputs).map(([name, feed]) => [name, rowsOf(feed, first, end)] as const);
    if (parts.some(([name, { data }]) => (this.#inputs[name]?.data.length ?? 0) < data.length)) {
      this.#inputs = Object.fromEntries(
        parts.map(([name, { data, dims }]) => [name, { data: sharedLike(data), sample: dims.slice(1) }]),
      );
      this.#port.postMessage(this.#inputs);
    }
    for (const [name, { data }] of parts) (this.#inputs[name].data as Float32Array).set(data as Float32Array);
    for (const [place, value] of [
      [SET, set],
      [ROWS, end - first],
      [STEP, step],
      [SEED, seed],
    ])
      Atomics.store(this.#control, place, value);
    Atomics.add(this.#control, COMMAND, 1);
    Atomics.notify(this.#control, COMMAND);
  }

  /** @throws RuntimeError run-failed with what the thread said */
  async finished(): Promise<void> {
    if (this.#idle) return;
    while (Atomics.wait(this.#control, DONE, this.#answers, PATIENCE_MS) === 'timed-out') {
      // Only a thread that waits for events hears of the end of another.
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#ended) throw new RuntimeError('run-failed', 'A thread that shared the batch ended unexpectedly.');
    }
    this.#answers = Atomics.load(this.#control, DONE);
    if (Atomics.load(this.#control, STATUS) === FAILED) {
      const said: unknown = receiveMessageOnPort(this.#port)?.message;
      throw new RuntimeError('run-failed', typeof said === 'string' ? said : 'A thread that shared the batch failed.');
    }
  }

  figures(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#names.map((name, place) => [name, this.#values[place]]));
  }

  async close(): Promise<void> {
    this.#port.close();
    await this.#worker.terminate();
  }
}

function rowsOf({ data, dims }: Feed, first: number, end: number): Feed {
  const [, ...sample] = dims;
  const size = elementsOf(sample);
  return { data: data.subarray(first * size, end * size) as FeedData, dims: [end - first, ...sample] };
}

function sharedLike(data: FeedData): FeedData {
  const buffer = new SharedArrayBuffer(data.byteLength);
  return (data instanceof BigInt64Array ? new BigInt64Array(buffer) : new Float32Array(buffer)) as unknown as FeedData;
}

const suffixed = (tensors: RuntimeFeeds, replica: number): RuntimeFeeds =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [`${name}.${replica}`, tensor]));

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Values of parts that count for nothing, whatever they are, do not count. */
function weightedMean(values: readonly number[], weights: readonly number[]): number {
  const total = sum(weights);
  if (total === 0) return 0;
  return sum(values.map((value, index) => (weights[index] === 0 ? 0 : value * weights[index]))) / total;
}
