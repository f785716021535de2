import { type AdamPlan, type BatchPlan, REPLICA_WEIGHT, type ReplicatedStep } from '../../graph/index.ts';
import {
  float32Scalar,
  floats,
  RuntimeSession,
  type RuntimeTensor,
  type SessionSettings,
} from '../../runtime/index.ts';
import { type BatchPart, BatchShare, figureNames, rowsOf, stretch } from './batch-share.ts';
import { elementsOf } from './feeds.ts';
import { Replica, type StateSets } from './replica-thread.ts';
import { GraphUpdate, type ReplicaUpdate, ThreadsUpdate } from './replica-update.ts';
import { SharedMemory, sharedFloats } from './shared-memory.ts';
import { SharedUpdate } from './shared-update.ts';
import type { StepCall, StepSessions } from './step-sessions.ts';

/**
 * The sessions of a replicated training step: this thread's and those of further threads, which share each batch, read the
 * same parameters and update them together. The result depends on the number of replicas, not on how fast they are.
 */
export class Replicas implements StepSessions {
  readonly stepsAtOnce = false;
  readonly #step: Pick<ReplicatedStep, 'figures' | 'buffers'>;
  readonly #backward: RuntimeSession;
  readonly #own: BatchShare;
  /** Those that share the batch. */
  readonly #others: readonly Replica[];
  /** Those and further ones, which only update. */
  readonly #threads: readonly Replica[];
  /** Of all threads. */
  readonly #parts: readonly BatchPart[];
  readonly #update: ReplicaUpdate;
  readonly #counts: ReadonlySet<string>;

  private constructor(
    { figures, buffers }: ReplicatedStep,
    backward: RuntimeSession,
    threads: readonly Replica[],
    others: readonly Replica[],
    parts: readonly BatchPart[],
    update: ReplicaUpdate,
  ) {
    this.#step = { figures, buffers };
    this.#backward = backward;
    this.#threads = threads;
    this.#others = others;
    this.#parts = parts;
    this.#own = new BatchShare(backward, figureNames({ figures }), parts.slice(0, parts.length / (others.length + 1)));
    this.#update = update;
    this.#counts = new Set(figures.filter(({ isCount }) => isCount).map(({ name }) => name));
  }

  /**
   * @param memory what the sets lie in, where `sharedMemoryOf` gave one
   * @param sets tensors in shared memory
   */
  static async create(
    step: ReplicatedStep,
    { replicas, partsEach }: BatchPlan,
    settings: SessionSettings,
    memory: SharedMemory | null,
    sets: StateSets,
  ): Promise<Replicas> {
    const each: SessionSettings = { ...settings, threads: Math.max(1, Math.floor(settings.threads / replicas)) };
    const given = { flushDenormals: true, outputsGiven: true };
    const backward = await RuntimeSession.create(step.backward.onnx, { ...each, ...given });
    const allocate = memory ? (length: number) => memory.floats(length) : sharedFloats;
    const parts = Array.from({ length: replicas * partsEach }, () => ({
      gradients: step.gradients.map(({ name, shape }) => ({ name, shape, data: allocate(elementsOf(shape)) })),
      figures: sharedFloats(figureNames(step).length),
    }));
    const shared = memory && step.adam ? updateIn(memory, step.adam, settings.threads, sets, parts) : null;
    const threads = Array.from({ length: (shared ? settings.threads : replicas) - 1 }, (_, index) => {
      const own = index + 1 < replicas ? parts.slice((index + 1) * partsEach, (index + 2) * partsEach) : null;
      return new Replica(step, each, sets, own, shared && { task: shared.task, thread: index + 1 });
    });
    try {
      for (const thread of threads) await thread.finished();
    } catch (error) {
      for (const thread of threads) await thread.close();
      throw error;
    }
    const update = shared ? new ThreadsUpdate(shared, threads) : await GraphUpdate.create(step, settings, parts);
    return new Replicas(step, backward, threads, threads.slice(0, replicas - 1), parts, update);
  }

  async run(call: StepCall): Promise<Record<string, RuntimeTensor>> {
    const { set, first: step, seed, inputs, state, into } = call;
    const replicas = this.#others.length + 1;
    const batch = Object.values(inputs)[0].dims[0];
    // Random numbers of their own, as micro-batches have.
    const draw = (replica: number): number => (step * replicas + replica) * (this.#parts.length / replicas);
    this.#others.forEach((other, index) => {
      other.start(set, inputs, stretch(batch, replicas, index + 1), draw(index + 1), seed);
    });
    const [first, end] = stretch(batch, replicas, 0);
    const own = Object.fromEntries(Object.entries(inputs).map(([name, feed]) => [name, rowsOf(feed, first, end)]));
    const buffers = Object.fromEntries(this.#step.buffers.map((name) => [name, into[name]]));
    try {
      await this.#own.run(state, own, end - first, draw(0), seed, buffers);
    } finally {
      for (const other of this.#others) await other.finished();
    }
    const names = ['loss', ...this.#step.figures.map(({ name }) => name)];
    const said = this.#parts.map(({ figures }) =>
      Object.fromEntries(figureNames(this.#step).map((name, place) => [name, figures[place]])),
    );
    const weights = said.map((each) => each[REPLICA_WEIGHT]);
    const results = await this.#update.run(call, weights);
    for (const name of names) {
      const values = said.map((each) => each[name]);
      results[name] = float32Scalar(this.#counts.has(name) ? sum(values) : weightedMean(values, weights));
    }
    return results;
  }

  async dispose(): Promise<void> {
    for (const thread of this.#threads) await thread.close();
    await this.#backward.dispose();
    await this.#update.dispose();
  }
}

/**
 * The memory in which both sets of the state and all gradients lie where threads update them without a graph. Null where
 * the update is another than Adam's, or too much for a kernel.
 */
export function sharedMemoryOf(step: ReplicatedStep, { replicas, partsEach }: BatchPlan): SharedMemory | null {
  if (step.adam === undefined) return null;
  const lengths = (tensors: readonly { readonly shape: readonly number[] }[], times: number): readonly number[] =>
    Array.from({ length: times }, () => tensors.map(({ shape }) => elementsOf(shape))).flat();
  return SharedMemory.forLengths([...lengths(step.state, 2), ...lengths(step.gradients, replicas * partsEach)]);
}

function updateIn(
  { memory }: SharedMemory,
  plan: AdamPlan,
  threads: number,
  sets: StateSets,
  parts: readonly BatchPart[],
): SharedUpdate {
  const [first, second] = sets.map(
    (set) => new Map([...set].map(([name, tensor]) => [name, floats(tensor, name)] as const)),
  );
  // What no update touches, such as frozen parameters, is the same in both.
  for (const [name, value] of first) second.get(name)?.set(value);
  const gradients = parts.map((part) => new Map(part.gradients.map(({ name, data }) => [name, data] as const)));
  return new SharedUpdate(plan, memory, threads, [first, second], gradients);
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Values of parts that count for nothing, whatever they are, do not count. */
function weightedMean(values: readonly number[], weights: readonly number[]): number {
  const total = sum(weights);
  if (total === 0) return 0;
  return sum(values.map((value, index) => (weights[index] === 0 ? 0 : value * weights[index]))) / total;
}
