import { type AdamPlan, REPLICA_WEIGHT, type ReplicatedStep } from '../../graph/index.ts';
import {
  float32Scalar,
  float32Tensor,
  floats,
  int32Scalar,
  type RuntimeFeeds,
  RuntimeSession,
  type RuntimeTensor,
  type SessionSettings,
} from '../../runtime/index.ts';
import { elementsOf, feedTensor } from './feeds.ts';
import { figureTensors } from './given-tensors.ts';
import { Replica, rowsOf, type StateSets } from './replica-thread.ts';
import { GraphUpdate, type ReplicaUpdate, ThreadsUpdate } from './replica-update.ts';
import { SharedMemory, sharedFloats } from './shared-memory.ts';
import { SharedUpdate } from './shared-update.ts';
import type { StepCall, StepSessions } from './step-sessions.ts';

/**
 * The sessions of a replicated training step: this thread's and those of further threads, which share each batch and
 * read the same parameters. The result depends on the number of replicas, not on how fast they are.
 */
export class Replicas implements StepSessions {
  readonly stepsAtOnce = false;
  readonly #step: ReplicatedStep;
  readonly #backward: RuntimeSession;
  readonly #update: ReplicaUpdate;
  readonly #others: readonly Replica[];
  /** Where this thread's gradients go. */
  readonly #own: RuntimeFeeds;
  readonly #counts: ReadonlySet<string>;

  private constructor(
    step: ReplicatedStep,
    backward: RuntimeSession,
    update: ReplicaUpdate,
    others: readonly Replica[],
    own: RuntimeFeeds,
  ) {
    this.#step = step;
    this.#backward = backward;
    this.#update = update;
    this.#others = others;
    this.#own = own;
    this.#counts = new Set(step.figures.filter(({ isCount }) => isCount).map(({ name }) => name));
  }

  /**
   * @param memory what the sets lie in, where `sharedMemoryOf` gave one
   * @param sets tensors in shared memory
   */
  static async create(
    step: ReplicatedStep,
    replicas: number,
    settings: SessionSettings,
    memory: SharedMemory | null,
    sets: StateSets,
  ): Promise<Replicas> {
    const each: SessionSettings = { ...settings, threads: Math.max(1, Math.floor(settings.threads / replicas)) };
    const given = { flushDenormals: true, outputsGiven: true };
    const backward = await RuntimeSession.create(step.backward.onnx, { ...each, ...given });
    const gradients = Array.from({ length: replicas }, () =>
      step.gradients.map(({ name, shape }) => {
        const length = elementsOf(shape);
        return { name, shape, data: memory ? memory.floats(length) : sharedFloats(length) };
      }),
    );
    const shared = memory && step.adam && updateIn(memory, step.adam, sets, gradients);
    const others = gradients.slice(1).map((own, index) => {
      return new Replica(step, each, sets, own, shared ? { task: shared.task, replica: index + 1 } : null);
    });
    try {
      for (const other of others) await other.finished();
    } catch (error) {
      for (const other of others) await other.close();
      throw error;
    }
    const tensors = gradients.map((own) =>
      Object.fromEntries(own.map(({ name, shape, data }) => [`gradient.${name}`, float32Tensor(data, shape)])),
    );
    const update = shared ? new ThreadsUpdate(shared, others) : await GraphUpdate.create(step, settings, tensors);
    return new Replicas(step, backward, update, others, tensors[0]);
  }

  async run(call: StepCall): Promise<Record<string, RuntimeTensor>> {
    const { set, first: step, seed, inputs, state } = call;
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
    const results = await this.#update.run(call, weights);
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

/**
 * The memory in which both sets of the state and all gradients lie where threads update them without a graph. Null where
 * the update is another than Adam's, or too much for a kernel.
 */
export function sharedMemoryOf(step: ReplicatedStep, replicas: number): SharedMemory | null {
  if (step.adam === undefined) return null;
  const lengths = (tensors: readonly { readonly shape: readonly number[] }[], times: number): readonly number[] =>
    Array.from({ length: times }, () => tensors.map(({ shape }) => elementsOf(shape))).flat();
  return SharedMemory.forLengths([...lengths(step.state, 2), ...lengths(step.gradients, replicas)]);
}

function updateIn(
  { memory }: SharedMemory,
  plan: AdamPlan,
  sets: StateSets,
  gradients: readonly (readonly { readonly name: string; readonly data: Float32Array }[])[],
): SharedUpdate {
  const [first, second] = sets.map(
    (set) => new Map([...set].map(([name, tensor]) => [name, floats(tensor, name)] as const)),
  );
  // What no update touches, such as frozen parameters, is the same in both.
  for (const [name, value] of first) second.get(name)?.set(value);
  const byName = gradients.map((own) => new Map(own.map(({ name, data }) => [name, data] as const)));
  return new SharedUpdate(plan, memory, [first, second], byName);
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Values of parts that count for nothing, whatever they are, do not count. */
function weightedMean(values: readonly number[], weights: readonly number[]): number {
  const total = sum(weights);
  if (total === 0) return 0;
  return sum(values.map((value, index) => (weights[index] === 0 ? 0 : value * weights[index]))) / total;
}
