import { type CompilableModel, compileTrainStep, type TrainStep, type TrainStepOptions } from '../../graph/index.ts';
import {
  float32Tensor,
  int32Scalar,
  RuntimeSession,
  type RuntimeTensor,
  type SessionSettings,
} from '../../runtime/index.ts';
import { feedTensor } from './feeds.ts';
import { figureTensors, inShapesOf } from './given-tensors.ts';
import type { StepCall, StepSessions } from './step-sessions.ts';

/** The sessions of a training step that takes each batch as a whole: one for a single step, one for several in one go. */
export class WholeBatch implements StepSessions {
  readonly stepsAtOnce = true;
  readonly #step: Pick<TrainStep, 'inputs' | 'outputs'>;
  readonly #single: RuntimeSession;
  readonly #openMany: () => Promise<RuntimeSession>;
  readonly #givesPlaces: boolean;
  #many: RuntimeSession | null = null;

  private constructor(
    { inputs, outputs }: TrainStep,
    single: RuntimeSession,
    openMany: () => Promise<RuntimeSession>,
    givesPlaces: boolean,
  ) {
    this.#step = { inputs, outputs };
    this.#single = single;
    this.#openMany = openMany;
    this.#givesPlaces = givesPlaces;
  }

  /** @param step compiled with the options given */
  static async create(
    step: TrainStep,
    model: CompilableModel,
    options: TrainStepOptions,
    settings: SessionSettings,
  ): Promise<WholeBatch> {
    const outputsGiven = settings.provider === 'cpu';
    const open = (bytes: Uint8Array) =>
      RuntimeSession.create(bytes, { ...settings, flushDenormals: true, outputsGiven });
    const openMany = () => open(compileTrainStep(model, { ...options, manySteps: true }).onnx);
    return new WholeBatch(step, await open(step.onnx), openMany, outputsGiven);
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
      ...inShapesOf(this.#step.inputs, state),
      learningRate: float32Tensor(learningRates, steps),
      step: int32Scalar(first),
      seed: int32Scalar(seed),
    };
    const places = inShapesOf(this.#step.outputs, into);
    if (this.#givesPlaces) Object.assign(places, figureTensors(this.#step.outputs, into, steps));
    if (count > 1) this.#many ??= await this.#openMany();
    return (count > 1 && this.#many !== null ? this.#many : this.#single).run(feeds, places);
  }

  async dispose(): Promise<void> {
    await this.#single.dispose();
    await this.#many?.dispose();
  }
}
