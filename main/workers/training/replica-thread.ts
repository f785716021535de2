import { extname, join } from 'node:path';
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import type { ReplicatedStep } from '../../graph/index.ts';

import { floats, RuntimeError, type RuntimeTensor, type SessionSettings } from '../../runtime/index.ts';
import { type BatchPart, figureNames, rowsOf, type SharedEntry } from './batch-share.ts';
import type { FeedData, Feeds } from './feeds.ts';
import { COMMAND, DONE, DRAW, FAILED, ROWS, SEED, SET, STATUS, TASK, TASKS } from './replica-words.ts';
import type { UpdatePhase, UpdateTask } from './update-task.ts';

/** Shared memory for what a replica reads of its samples; `sample` is the shape without the batch. */
export type ReplicaInputs = Readonly<Record<string, { readonly data: FeedData; readonly sample: readonly number[] }>>;

/** What a replica's thread starts with. All arrays but the graph lie in shared memory. */
export interface ReplicaTask {
  readonly control: Int32Array;
  /** Brings `ReplicaInputs` whenever they moved; takes the message of an error. */
  readonly port: MessagePort;
  /** Null for a thread that only updates. */
  readonly share: ShareTask | null;
  /** Null where a graph updates. */
  readonly update: { readonly task: UpdateTask; readonly thread: number } | null;
}

/** What computes the gradients of a share of the batch. */
export interface ShareTask {
  readonly backward: Uint8Array;
  readonly settings: SessionSettings;
  /** Both sets of the state: a step reads one while the other is written. */
  readonly parameters: readonly SharedEntry<{ readonly sets: readonly [Float32Array, Float32Array] }>[];
  readonly figureNames: readonly string[];
  readonly parts: readonly BatchPart[];
}

/** Both sets of the state by name. */
export type StateSets = readonly [ReadonlyMap<string, RuntimeTensor>, ReadonlyMap<string, RuntimeTensor>];

/** The thread's entry lies among the workers: one folder up in the sources, beside the folder of shared parts when built. */
const EXTENSION = extname(import.meta.filename);
const WORKERS = join(import.meta.dirname, EXTENSION === '.ts' ? '..' : '../workers');
const PROGRAM = join(WORKERS, `replica${EXTENSION}`);

/** How long to wait for a replica before looking whether its thread still lives, in milliseconds. */
const PATIENCE_MS = 1000;

/** A further thread, with a session of its own where it takes a share of the batch. */
export class Replica {
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #control = new Int32Array(new SharedArrayBuffer(8 * 4));
  #inputs: ReplicaInputs = {};
  #answers = 0;
  #ended = false;

  constructor(
    step: ReplicatedStep,
    settings: SessionSettings,
    sets: StateSets,
    parts: readonly BatchPart[] | null,
    update: ReplicaTask['update'],
  ) {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    const task: ReplicaTask = {
      control: this.#control,
      port: port2,
      share: parts && { ...shareOf(step, sets), settings, parts },
      update,
    };
    this.#worker = new Worker(PROGRAM, { workerData: task, transferList: [port2], argv: [] });
    this.#worker.on('error', () => {
      this.#ended = true;
    });
    this.#worker.on('exit', () => {
      this.#ended = true;
    });
  }

  /** Hands over rows `first` to `end` of a batch; see `BatchShare` for the others. */
  start(set: 0 | 1, inputs: Feeds, [first, end]: readonly [number, number], firstDraw: number, seed: number): void {
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
      [DRAW, firstDraw],
      [SEED, seed],
    ])
      Atomics.store(this.#control, place, value);
    this.#command('backward');
  }

  /** Does its part of an update. */
  update(phase: UpdatePhase, set: 0 | 1): void {
    Atomics.store(this.#control, SET, set);
    this.#command(phase);
  }

  #command(task: (typeof TASKS)[number]): void {
    Atomics.store(this.#control, TASK, TASKS.indexOf(task));
    Atomics.add(this.#control, COMMAND, 1);
    Atomics.notify(this.#control, COMMAND);
  }

  /** @throws RuntimeError run-failed with what the thread said */
  async finished(): Promise<void> {
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

  async close(): Promise<void> {
    this.#port.close();
    await this.#worker.terminate();
  }
}

/** What is the same for all who share the batch. */
function shareOf(step: ReplicatedStep, sets: StateSets): Pick<ShareTask, 'backward' | 'parameters' | 'figureNames'> {
  const reads = new Set(step.backward.inputs.map(({ name }) => name));
  const parameters = step.state.flatMap(({ name, shape }) => {
    if (!reads.has(name)) return [];
    return [{ name, shape, sets: [floats(sets[0].get(name), name), floats(sets[1].get(name), name)] as const }];
  });
  return { backward: step.backward.onnx, parameters, figureNames: figureNames(step) };
}

function sharedLike(data: FeedData): FeedData {
  const buffer = new SharedArrayBuffer(data.byteLength);
  return (data instanceof BigInt64Array ? new BigInt64Array(buffer) : new Float32Array(buffer)) as unknown as FeedData;
}
