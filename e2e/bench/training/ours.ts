import * as ort from 'onnxruntime-node';
import type { CompiledGraph, Target } from '../../../main/graph/index.ts';
import {
  compileBlockProbe,
  compileForward,
  compileTrainStep,
  initializeParameters,
  STANDARD,
} from '../../../main/graph/index.ts';
import type { Clock, Mode } from './peer.ts';
import type { StepData, Workload } from './workloads/workload.ts';
import { noise } from './workloads/workload.ts';

/** Milliseconds. */
const readings: Readonly<Record<Clock, () => number>> = {
  wall: () => performance.now(),
  cpu: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
};

type Tensors = Record<string, ort.Tensor>;

const openSession = (onnx: Uint8Array, threads: number): Promise<ort.InferenceSession> =>
  ort.InferenceSession.create(onnx, {
    executionProviders: ['cpu'],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
    extra: { session: { set_denormal_as_zero: '1' } },
  });

/** The CPU lowering whose self-test passes here, or the standard one. */
export async function localTarget(): Promise<Target> {
  for (const blockSize of [16, 8] as const) {
    const probe = compileBlockProbe(blockSize);
    const x = tensorOf(noise(probe.inputShape));
    const outputs: Float32Array[] = [];
    try {
      for (const graph of [probe.blocked, probe.standard]) outputs.push(await runOnce(graph, { x }));
    } catch {
      continue;
    }
    const [blocked, standard] = outputs;
    if (blocked?.every((value, index) => Math.abs(value - (standard?.[index] ?? 0)) <= probe.tolerance)) {
      return { provider: 'cpu', blockSize };
    }
  }
  return { provider: 'cpu' };
}

/** Our side of one workload: sessions for the training steps and for the forward pass with constant weights. */
export class OurWorkload {
  readonly #stepsPerRun: number;
  readonly #train: ort.InferenceSession;
  readonly #forward: ort.InferenceSession;
  readonly #inputs: Tensors;
  readonly #batches: Tensors;
  readonly #seeded: boolean;
  readonly #outputOf: ReadonlyMap<string, string>;
  #state: Tensors;
  #step = 1;

  private constructor(
    stepsPerRun: number,
    train: ort.InferenceSession,
    forward: ort.InferenceSession,
    inputs: Tensors,
    batches: Tensors,
    seeded: boolean,
    outputOf: ReadonlyMap<string, string>,
    state: Tensors,
  ) {
    this.#stepsPerRun = stepsPerRun;
    this.#train = train;
    this.#forward = forward;
    this.#inputs = inputs;
    this.#batches = batches;
    this.#seeded = seeded;
    this.#outputOf = outputOf;
    this.#state = state;
  }

  static async open(workload: Workload, target: Target, threads: number): Promise<OurWorkload> {
    const { model, loss, optimizer, data, stepsPerRun } = workload;
    const step = compileTrainStep(model, {
      loss,
      optimizer,
      manySteps: true,
      // PyTorch's side computes none either. A run reports it, which costs a dense network about 5 % of its step.
      reportGradientNorm: false,
      target,
    });
    const forward = compileForward(model, { parameters: initializeParameters(model.module, 0), target: STANDARD });
    const read = forward.inputs.flatMap(({ name }) => (data[name] ? [[name, tensorOf(data[name])] as const] : []));
    const batches = step.inputs.flatMap(({ name, shape }) => {
      const once = data[name];
      return once ? [[name, tensorOf(shape[0] === 'steps' ? repeated(once, stepsPerRun) : once)] as const] : [];
    });
    const rates = new ort.Tensor('float32', new Float32Array(stepsPerRun).fill(1e-3), [stepsPerRun]);
    return new OurWorkload(
      stepsPerRun,
      await openSession(step.onnx, threads),
      await openSession(forward.onnx, threads),
      Object.fromEntries(read),
      { ...Object.fromEntries(batches), learningRate: rates },
      step.inputs.some(({ name }) => name === 'seed'),
      new Map(step.state.map(({ name, outputName }) => [name, outputName])),
      Object.fromEntries(
        step.state.map(({ name, shape, initial }) => [name, new ort.Tensor('float32', initial.slice(), [...shape])]),
      ),
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
    await this.#train.release();
    await this.#forward.release();
  }

  async #runSteps(): Promise<void> {
    const scalars: Tensors = { step: int32(this.#step), ...(this.#seeded ? { seed: int32(0) } : {}) };
    const result = await this.#train.run({ ...this.#batches, ...scalars, ...this.#state });
    this.#step += this.#stepsPerRun;
    for (const [name, outputName] of this.#outputOf) this.#state[name] = result[outputName] as ort.Tensor;
  }
}

async function runOnce(graph: CompiledGraph, feed: Tensors): Promise<Float32Array> {
  const session = await openSession(graph.onnx, 1);
  const result = await session.run(feed);
  await session.release();
  return result.output?.data as Float32Array;
}

const int32 = (value: number): ort.Tensor => new ort.Tensor('int32', Int32Array.of(value), []);

const tensorOf = ({ dtype, dims, data }: StepData): ort.Tensor => new ort.Tensor(dtype, data as never, [...dims]);

/** The same data for each of several steps. */
function repeated({ dtype, dims, data }: StepData, steps: number): StepData {
  const all = new (data.constructor as new (length: number) => typeof data)(data.length * steps);
  for (let step = 0; step < steps; step++) all.set(data as never, step * data.length);
  return { dtype, dims: [steps, ...dims], data: all };
}
