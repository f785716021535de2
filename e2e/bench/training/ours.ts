import type { Target } from '../../../main/graph/index.ts';
import { compileForward, cpuTarget, initializeParameters, STANDARD } from '../../../main/graph/index.ts';
import {
  type Execute,
  findBlockSize,
  nativeRuntime,
  type RuntimeFeeds,
  RuntimeSession,
  type SessionSettings,
} from '../../../main/runtime/index.ts';
import { type Feeds, feedTensor } from '../../../main/workers/training/feeds.ts';
import { StepRunner } from '../../../main/workers/training/step-runner.ts';
import type { Clock, Mode } from './peer.ts';
import type { StepData, Workload } from './workloads/workload.ts';

/** Milliseconds. */
const readings: Readonly<Record<Clock, () => number>> = {
  wall: () => performance.now(),
  cpu: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
};

/** The CPU lowering whose self-test passes here, or the standard one. */
export async function localTarget(): Promise<Target> {
  const execute: Execute = async (onnx, feeds) => {
    const session = await RuntimeSession.create(onnx, { provider: 'cpu', threads: 1 });
    const result = await session.run(feeds);
    await session.dispose();
    return result;
  };
  return cpuTarget({ blockSize: await findBlockSize(execute), native: nativeRuntime() !== null });
}

/** Our side of one workload: training steps as a run executes them, and the forward pass with constant weights. */
export class OurWorkload {
  readonly #stepsPerRun: number;
  readonly #train: StepRunner;
  readonly #whole: boolean;
  readonly #batches: Feeds;
  readonly #rates: Float32Array;
  readonly #forward: RuntimeSession;
  readonly #inputs: RuntimeFeeds;
  #step = 1;

  private constructor(
    { stepsPerRun, model }: Workload,
    train: StepRunner,
    batches: Feeds,
    forward: RuntimeSession,
    inputs: RuntimeFeeds,
  ) {
    this.#stepsPerRun = stepsPerRun;
    this.#train = train;
    this.#whole = model.fullBatch ?? false;
    this.#batches = batches;
    this.#rates = new Float32Array(stepsPerRun).fill(1e-3);
    this.#forward = forward;
    this.#inputs = inputs;
  }

  static async open(workload: Workload, target: Target, threads: number): Promise<OurWorkload> {
    const { model, loss, optimizer, data, stepsPerRun } = workload;
    const settings: SessionSettings = { provider: 'cpu', threads, spinning: true };
    const forward = compileForward(model, { parameters: initializeParameters(model.module, 0), target: STANDARD });
    const options = { loss, optimizer, target };
    const train = await StepRunner.create(model, options, settings, data.x?.dims[0] ?? 1, null);
    const steps = model.fullBatch || !train.stepsAtOnce ? 1 : stepsPerRun;
    return new OurWorkload(
      workload,
      train,
      mapValues(data, (each) => repeated(each, steps)),
      await RuntimeSession.create(forward.onnx, settings),
      mapValues(data, (each) => feedTensor(repeated(each, 1))),
    );
  }

  /** Milliseconds per step or forward pass, of at least `count` of them. */
  async time(mode: Mode, count: number, clock: Clock): Promise<readonly number[]> {
    const perRun = mode === 'train' ? this.#stepsPerRun : 1;
    const times: number[] = [];
    for (let done = 0; done < count; done += perRun) {
      const start = readings[clock]();
      if (mode === 'train') await this.#runSteps();
      else await this.#forward.run(this.#inputs);
      times.push((readings[clock]() - start) / perRun);
    }
    return times;
  }

  async close(): Promise<void> {
    await this.#train.dispose();
    await this.#forward.dispose();
  }

  async #runSteps(): Promise<void> {
    const atOnce = this.#train.stepsAtOnce ? this.#stepsPerRun : 1;
    for (let done = 0; done < this.#stepsPerRun; done += atOnce) {
      await this.#train.run(this.#step, this.#rates.subarray(0, atOnce), 0, this.#batches, this.#whole);
      this.#step += atOnce;
    }
  }
}

/** The same data for each of several steps. @throws TypeError for other types than samples have */
function repeated({ dtype, dims, data }: StepData, steps: number): Feeds[string] {
  if (data instanceof Float32Array) {
    const all = new Float32Array(data.length * steps);
    for (let step = 0; step < steps; step++) all.set(data, step * data.length);
    return { dims, data: all };
  }
  if (!(data instanceof BigInt64Array)) throw new TypeError(`A step is not fed ${dtype}.`);
  const all = new BigInt64Array(data.length * steps);
  for (let step = 0; step < steps; step++) all.set(data, step * data.length);
  return { dims, data: all };
}

function mapValues<Value, Mapped>(
  values: Readonly<Record<string, Value>>,
  map: (value: Value) => Mapped,
): Record<string, Mapped> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, map(value)]));
}
