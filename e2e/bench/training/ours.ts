import * as ort from 'onnxruntime-node';
import type { CompiledGraph, Target } from '../../../main/graph/index.ts';
import {
  compileBlockProbe,
  compileForward,
  compileTrainStep,
  initializeParameters,
  STANDARD,
} from '../../../main/graph/index.ts';
import type { Mode } from './peer.ts';
import type { Workload } from './workloads.ts';

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
    const x = noise(probe.inputShape);
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

/** Our side of one workload: sessions for the train step and for the forward pass with constant weights. */
export class OurWorkload {
  readonly #train: ort.InferenceSession;
  readonly #forward: ort.InferenceSession;
  readonly #x: ort.Tensor;
  readonly #scalars: Tensors;
  readonly #outputOf: ReadonlyMap<string, string>;
  #state: Tensors;
  #spare: Tensors;
  #step = 0;

  private constructor(
    train: ort.InferenceSession,
    forward: ort.InferenceSession,
    x: ort.Tensor,
    scalars: Tensors,
    outputOf: ReadonlyMap<string, string>,
    state: Tensors,
  ) {
    this.#train = train;
    this.#forward = forward;
    this.#x = x;
    this.#scalars = scalars;
    this.#outputOf = outputOf;
    this.#state = state;
    this.#spare = Object.fromEntries(
      Object.entries(state).map(([name, { data, dims }]) => [
        name,
        new ort.Tensor('float32', new Float32Array(data.length), dims),
      ]),
    );
  }

  static async open({ model, batch }: Workload, target: Target, threads: number): Promise<OurWorkload> {
    const step = compileTrainStep(model, {
      loss: { kind: 'cross_entropy' },
      optimizer: { kind: 'adamw', weightDecay: 0.01 },
      reportGradientNorm: false,
      target,
    });
    const parameters = initializeParameters(model.module, 0);
    const forward = compileForward(model, { parameters, target: STANDARD });
    const y = BigInt64Array.from({ length: batch }, (_, index) => BigInt(index % 10));
    return new OurWorkload(
      await openSession(step.onnx, threads),
      await openSession(forward.onnx, threads),
      noise([batch, ...model.inputShape]),
      {
        y: new ort.Tensor('int64', y, [batch]),
        learningRate: new ort.Tensor('float32', Float32Array.of(1e-3), []),
      },
      new Map(step.state.map(({ name, outputName }) => [name, outputName])),
      Object.fromEntries(
        step.state.map(({ name, shape, initial }) => [name, new ort.Tensor('float32', initial.slice(), [...shape])]),
      ),
    );
  }

  /** Milliseconds of each of `count` runs. */
  async time(mode: Mode, count: number): Promise<readonly number[]> {
    const times: number[] = [];
    for (let index = 0; index < count; index++) {
      const start = performance.now();
      if (mode === 'train') await this.#runStep();
      else await this.#forward.run({ x: this.#x });
      times.push(performance.now() - start);
    }
    return times;
  }

  async close(): Promise<void> {
    await this.#train.release();
    await this.#forward.release();
  }

  /** New state is written into the set of tensors that was read one step ago. */
  async #runStep(): Promise<void> {
    this.#step++;
    const step = new ort.Tensor('int32', Int32Array.of(this.#step), []);
    const fetches: Record<string, ort.Tensor | null> = { loss: null, correct: null };
    for (const [name, outputName] of this.#outputOf) fetches[outputName] = this.#spare[name] ?? null;
    await this.#train.run({ x: this.#x, ...this.#scalars, step, ...this.#state }, fetches);
    [this.#state, this.#spare] = [this.#spare, this.#state];
  }
}

async function runOnce(graph: CompiledGraph, feed: Tensors): Promise<Float32Array> {
  const session = await openSession(graph.onnx, 1);
  const result = await session.run(feed);
  await session.release();
  return result.output?.data as Float32Array;
}

function noise(shape: readonly number[]): ort.Tensor {
  const count = shape.reduce((product, size) => product * size, 1);
  return new ort.Tensor(
    'float32',
    Float32Array.from({ length: count }, (_, index) => Math.sin(index * index)),
    [...shape],
  );
}
