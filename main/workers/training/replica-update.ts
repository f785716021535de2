import type { CompiledGraph, ReplicatedStep } from '../../graph/index.ts';
import {
  float32Scalar,
  float32Tensor,
  int32Scalar,
  type RuntimeFeeds,
  RuntimeSession,
  type RuntimeTensor,
  type SessionSettings,
} from '../../runtime/index.ts';
import type { BatchPart } from './batch-share.ts';
import { figureTensors, inShapesOf } from './given-tensors.ts';
import type { Replica } from './replica-thread.ts';
import type { SharedUpdate } from './shared-update.ts';
import type { StepCall } from './step-sessions.ts';

/** What follows once every part of a batch has its gradients. */
export interface ReplicaUpdate {
  /**
   * Writes the state that comes next.
   * @param weights what the gradients of each part count for
   * @returns the other outputs of an update by name, `gradientNorm` among them
   */
  run(call: StepCall, weights: readonly number[]): Promise<Record<string, RuntimeTensor>>;
  dispose(): Promise<void>;
}

/** The update as a graph, on one session: for every optimiser. */
export class GraphUpdate implements ReplicaUpdate {
  readonly #session: RuntimeSession;
  readonly #update: CompiledGraph;
  readonly #gradients: RuntimeFeeds;

  private constructor(session: RuntimeSession, update: CompiledGraph, gradients: RuntimeFeeds) {
    this.#session = session;
    this.#update = update;
    this.#gradients = gradients;
  }

  static async create(
    step: ReplicatedStep,
    settings: SessionSettings,
    parts: readonly BatchPart[],
  ): Promise<GraphUpdate> {
    const update = step.update();
    const given = { flushDenormals: true, outputsGiven: true };
    const session = await RuntimeSession.create(update.onnx, { ...settings, ...given });
    const gradients = parts.flatMap((part, index) =>
      part.gradients.map(({ name, shape, data }) => [
        `gradient.${name}.${index}`,
        float32Tensor(data as Float32Array, shape),
      ]),
    );
    return new GraphUpdate(session, update, Object.fromEntries(gradients));
  }

  run(
    { state, into, learningRates: [learningRate], first, seed }: StepCall,
    weights: readonly number[],
  ): Promise<Record<string, RuntimeTensor>> {
    const scalars = {
      learningRate: float32Scalar(learningRate),
      step: int32Scalar(first),
      seed: int32Scalar(seed),
      ...Object.fromEntries(weights.map((weight, part) => [`weight.${part}`, float32Scalar(weight)])),
    };
    const { inputs, outputs } = this.#update;
    const places = { ...inShapesOf(outputs, into), ...figureTensors(outputs, into, []) };
    return this.#session.run({ ...inShapesOf(inputs, state), ...scalars, ...this.#gradients }, places);
  }

  dispose(): Promise<void> {
    return this.#session.dispose();
  }
}

/** The update by all threads where the gradients lie, where it is Adam's. */
export class ThreadsUpdate implements ReplicaUpdate {
  readonly #shared: SharedUpdate;
  readonly #others: readonly Replica[];

  constructor(shared: SharedUpdate, others: readonly Replica[]) {
    this.#shared = shared;
    this.#others = others;
  }

  async run(
    { set, learningRates: [learningRate], first }: StepCall,
    weights: readonly number[],
  ): Promise<Record<string, RuntimeTensor>> {
    const norm = await this.#shared.run({ set, step: first, learningRate, weights }, async (phase, meanwhile) => {
      for (const other of this.#others) other.update(phase, set);
      meanwhile();
      for (const other of this.#others) await other.finished();
    });
    return { gradientNorm: float32Scalar(norm) };
  }

  async dispose(): Promise<void> {}
}
