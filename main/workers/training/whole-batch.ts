import { type CompilableModel, compileTrainStep, type TrainStepOptions } from '../../graph/index.ts';
import {
  float32Tensor,
  int32Scalar,
  RuntimeSession,
  type RuntimeTensor,
  type SessionSettings,
} from '../../runtime/index.ts';
import { feedTensor } from './feeds.ts';
import type { StepCall, StepSessions } from './step-sessions.ts';

/** The sessions of a training step that takes each batch as a whole: one for a single step, one for several in one go. */
export class WholeBatch implements StepSessions {
  readonly stepsAtOnce = true;
  readonly #single: RuntimeSession;
  readonly #openMany: () => Promise<RuntimeSession>;
  #many: RuntimeSession | null = null;

  private constructor(single: RuntimeSession, openMany: () => Promise<RuntimeSession>) {
    this.#single = single;
    this.#openMany = openMany;
  }

  static async create(
    onnx: Uint8Array,
    model: CompilableModel,
    options: TrainStepOptions,
    settings: SessionSettings,
  ): Promise<WholeBatch> {
    const open = (bytes: Uint8Array) => RuntimeSession.create(bytes, { ...settings, flushDenormals: true });
    const openMany = () => open(compileTrainStep(model, { ...options, manySteps: true }).onnx);
    return new WholeBatch(await open(onnx), openMany);
  }

  async run({
    first,
    learningRates,
    seed,
    inputs,
    whole,
    state,
    into,
  }: StepCall): Promise<Record<string, RuntimeTensor>> {
    const count = learningRates.length;
    const steps = count === 1 ? [] : [count];
    const feeds: Record<string, RuntimeTensor> = {
      ...Object.fromEntries(Object.entries(inputs).map(([name, feed]) => [name, feedTensor(feed, whole ? [] : steps)])),
      ...state,
      learningRate: float32Tensor(learningRates, steps),
      step: int32Scalar(first),
      seed: int32Scalar(seed),
    };
    if (count > 1) this.#many ??= await this.#openMany();
    return (count > 1 && this.#many !== null ? this.#many : this.#single).run(feeds, into);
  }

  async dispose(): Promise<void> {
    await this.#single.dispose();
    await this.#many?.dispose();
  }
}
