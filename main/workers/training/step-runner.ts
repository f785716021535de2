import {
  type CompilableModel,
  compileReplicatedStep,
  compileTrainStep,
  planBatch,
  type StateTensor,
  type TrainStepOptions,
  WHOLE_BATCH,
} from '../../graph/index.ts';
import { trainedWeights } from '../../models/index.ts';
import { float32Tensor, floats, type RuntimeTensor, type SessionSettings } from '../../runtime/index.ts';
import type { Feeds } from './feeds.ts';
import { Replicas, sharedMemoryOf } from './replicas.ts';
import { sharedFloats } from './shared-memory.ts';
import type { StepSessions } from './step-sessions.ts';
import {
  DeviceState,
  HostState,
  type StateEntry,
  type StateValues,
  type StepState,
  type TensorSet,
} from './step-state.ts';
import { WholeBatch } from './whole-batch.ts';

/** The state of a training step and the names of its figures. */
interface Described {
  readonly state: readonly StateTensor[];
  readonly figures: readonly string[];
}

export interface StepFigures {
  readonly loss: number;
  /** Not a number for all but the last of several steps in one go, unless gradients are clipped. */
  readonly gradientNorm: number;
  /** The further figures of the step by name, such as `correct` (count) or `absoluteError` (mean). */
  readonly values: Readonly<Record<string, number>>;
}

/** A compiled training step with its state, which a step that failed has not touched. */
export class StepRunner {
  readonly #module: CompilableModel['module'];
  readonly #figures: readonly string[];
  readonly #entries: readonly StateEntry[];
  readonly #state: StepState;
  readonly #sessions: StepSessions;

  private constructor(
    module: CompilableModel['module'],
    { state: entries, figures }: Described,
    state: StepState,
    sessions: StepSessions,
  ) {
    this.#module = module;
    this.#entries = withoutNumbers(entries);
    this.#figures = figures;
    this.#state = state;
    this.#sessions = sessions;
  }

  /**
   * @param batchSize of a full batch, which decides whether threads share it; 1 keeps it whole
   * @param values the state of a checkpoint; null starts from the initial weights
   */
  static async create(
    model: CompilableModel,
    options: TrainStepOptions,
    settings: SessionSettings,
    batchSize: number,
    values: StateValues | null,
  ): Promise<StepRunner> {
    const plan = settings.provider === 'cpu' ? planBatch(model, options, settings.threads, batchSize) : WHOLE_BATCH;
    const step = plan.updatesApart ? compileReplicatedStep(model, options, plan.replicas * plan.partsEach) : null;
    const memory = step && sharedMemoryOf(step, plan);
    // A batch as a whole leaves its graph only to be applied by threads.
    if (step === null || (memory === null && plan.replicas === 1))
      return StepRunner.#whole(model, options, settings, values);
    const allocate = memory ? (length: number) => memory.floats(length) : sharedFloats;
    const sets = twoSets(step.state, values, allocate);
    const figures = step.figures.map(({ name }) => name);
    const sessions = await Replicas.create(step, plan, settings, memory, sets);
    return new StepRunner(
      model.module,
      { state: step.state, figures },
      new HostState(withoutNumbers(step.state), sets),
      sessions,
    );
  }

  /** One session for everything. */
  static async #whole(
    model: CompilableModel,
    options: TrainStepOptions,
    settings: SessionSettings,
    values: StateValues | null,
  ): Promise<StepRunner> {
    // Only WebGPU lets tensors stay between runs.
    if (settings.provider === 'webgpu') {
      const step = compileTrainStep(model, options);
      const onDevice = step.state.map(({ outputName }) => outputName);
      const sessions = await WholeBatch.create(step, model, options, { ...settings, onDevice });
      return new StepRunner(model.module, step, new DeviceState(step.state, values, settings), sessions);
    }
    const inParts = { ...options, stateInParts: true };
    const step = compileTrainStep(model, inParts);
    const sets = twoSets(step.state, values, (length) => new Float32Array(length));
    const sessions = await WholeBatch.create(step, model, inParts, settings);
    return new StepRunner(model.module, step, new HostState(withoutNumbers(step.state), sets), sessions);
  }

  /** Whether several steps can be run in one go; otherwise they come one by one. */
  get stepsAtOnce(): boolean {
    return this.#sessions.stepsAtOnce;
  }

  /**
   * Runs one step, or several in one go, which gives the same bits and saves handing the state over in between.
   *
   * @param first number of the first step, from 1
   * @param learningRates one per step
   * @param inputs what the step reads of the samples, those of all steps one after the other
   * @param whole all steps read the same: a graph, whose nodes cannot be separated
   * @returns one entry per step; when a loss is no number, the state stays as it was before the first
   */
  async run(
    first: number,
    learningRates: Float32Array,
    seed: number,
    inputs: Feeds,
    whole = false,
  ): Promise<readonly StepFigures[]> {
    const results = await this.#sessions.run({
      first,
      learningRates: learningRates as Float32Array<ArrayBuffer>,
      seed: seed | 0,
      inputs,
      whole,
      set: this.#state.set,
      state: Object.fromEntries(this.#state.current),
      into: this.#state.into(),
    });
    const [loss, gradientNorm] = ['loss', 'gradientNorm'].map((name) => floats(results[name], name));
    const named = this.#figures.map((name) => [name, floats(results[name], name)] as const);
    const figures = Array.from(loss, (value, index) => ({
      loss: value,
      gradientNorm: gradientNorm[index],
      values: Object.fromEntries(named.map(([name, values]) => [name, values[index]])),
    }));
    // A loss that is no number leaves the state as it was: the checkpoint that follows must be of use.
    if (loss.every((value) => Number.isFinite(value))) this.#state.advance(results);
    else this.#state.discard(results);
    return figures;
  }

  /** The state as it is after the last step; views, valid until the next one. */
  async state(): Promise<(readonly [StateEntry, Float32Array])[]> {
    const values = await this.#state.read();
    return this.#entries.map((entry) => [entry, values.get(entry.name) as Float32Array] as const);
  }

  /** The state as tensors to feed to another graph; valid until the next step. */
  tensors(): ReadonlyMap<string, RuntimeTensor> {
    return this.#state.current;
  }

  /**
   * `layer.<path>.weightNorm`, and `layer.<path>.updateRatio`: the norm of what the last run of steps changed, divided by
   * that of the weights.
   */
  async changes(): Promise<Record<string, number>> {
    const [after, before] = [await this.#state.read(), await this.#state.readBefore()];
    const squares = new Map<string, { weight: number; change: number }>();
    for (const { name, kind } of this.#entries) {
      if (kind !== 'parameter') continue;
      const path = name.slice(0, Math.max(0, name.lastIndexOf('.')));
      const sum = squares.get(path) ?? { weight: 0, change: 0 };
      const [now, then] = [after.get(name) as Float32Array, before.get(name) as Float32Array];
      for (let place = 0; place < now.length; place++) {
        sum.weight += now[place] ** 2;
        sum.change += (now[place] - then[place]) ** 2;
      }
      squares.set(path, sum);
    }
    return Object.fromEntries(
      [...squares].flatMap(([path, { weight, change }]) => [
        [`layer.${path}.weightNorm`, Math.sqrt(weight)],
        ...(weight === 0 ? [] : [[`layer.${path}.updateRatio`, Math.sqrt(change / weight)]]),
      ]),
    );
  }

  /** Parameters and buffers by name as the next step reads them, copied. */
  async parameters(): Promise<Record<string, Float32Array>> {
    const values: Record<string, Float32Array> = {};
    for (const [{ name, kind }, value] of await this.state())
      if (kind === 'parameter' || kind === 'buffer') values[name] = value.slice();
    return values;
  }

  /** What is evaluated and shipped: averages where they are kept. Copies. */
  async weights(): Promise<Record<string, Float32Array>> {
    const state = new Map((await this.state()).map(([{ name }, value]) => [name, value]));
    return Object.fromEntries(
      Object.entries(trainedWeights(this.#module, state)).map(([name, value]) => [name, value.slice()]),
    );
  }

  async dispose(): Promise<void> {
    // What lies on a device belongs to the sessions there: released after the last of them, it takes the process down.
    await this.#state.dispose();
    await this.#sessions.dispose();
  }
}

const withoutNumbers = (state: readonly StateTensor[]): readonly StateEntry[] =>
  state.map(({ name, outputName, kind, dtype, shape }) => ({ name, outputName, kind, dtype, shape }));

/** The state twice: as it is now, and room for what comes next. */
function twoSets(
  state: readonly StateTensor[],
  values: ReadonlyMap<string, Float32Array> | null,
  allocate: (length: number) => Float32Array<ArrayBuffer>,
): readonly [TensorSet, TensorSet] {
  const [first, second] = [new Map<string, RuntimeTensor>(), new Map<string, RuntimeTensor>()];
  for (const { name, shape, initial } of state) {
    const value = values?.get(name) ?? initial;
    const data = allocate(value.length);
    data.set(value);
    first.set(name, float32Tensor(data, shape));
    second.set(name, float32Tensor(allocate(value.length), shape));
  }
  return [first, second];
}
