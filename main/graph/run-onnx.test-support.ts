import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import type { CompiledGraph, StateTensor } from './compile/model.ts';
import type { TrainStep } from './compile/train-step.ts';
import type { DataType, TensorData } from './data-type.ts';
import { elementCount } from './dimension.ts';
import { NATIVE_DOMAIN } from './lowering/lowering.ts';

export type Feed = Readonly<Record<string, ort.Tensor>>;

export const threads = (count: number): ort.InferenceSession.SessionOptions => ({
  executionProviders: ['cpu'],
  intraOpNumThreads: count,
  interOpNumThreads: 1,
  graphOptimizationLevel: 'all',
  logSeverityLevel: 3,
  extra: { session: { set_denormal_as_zero: '1', intra_op: { allow_spinning: '0' } } },
});

export const tensor = (dtype: DataType, data: TensorData, shape: readonly number[]): ort.Tensor =>
  new ort.Tensor(dtype as 'float32', data as Float32Array, [...shape]);

export const floats = (data: ArrayLike<number>, shape: readonly number[]): ort.Tensor =>
  tensor('float32', Float32Array.from(data), shape);

export const classIds = (ids: readonly number[]): ort.Tensor =>
  tensor(
    'int64',
    BigInt64Array.from(ids, (id) => BigInt(id)),
    [ids.length],
  );

export interface TestSession {
  readonly inputNames: readonly string[];
  run(feed: Feed): Promise<Record<string, ort.Tensor>>;
  release(): Promise<void>;
}

export const openSession = async (onnx: Uint8Array, threadCount = 2): Promise<TestSession> =>
  Buffer.from(onnx).includes(NATIVE_DOMAIN)
    ? nativeSession(onnx, threadCount)
    : ((await ort.InferenceSession.create(onnx, threads(threadCount))) as TestSession);

const require = createRequire(import.meta.url);
const ADDON = join(import.meta.dirname, '../../out/native/lightbench.node');

/** Whether the addon was built here. `npm run build:native` says why not. */
export const hasNative = existsSync(ADDON);

/** What main/runtime does for graphs with the addon's operators, as far as tests need it. */
function nativeSession(onnx: Uint8Array, threadCount: number): TestSession {
  const addon = require(ADDON);
  const binaries = join(require.resolve('onnxruntime-node'), '../../bin/napi-v6', process.platform, process.arch);
  addon.load(join(binaries, 'libonnxruntime.so.1'));
  const [session, inputs, outputs] = addon.create(onnx, threadCount, ['session.set_denormal_as_zero', '1']);
  const codes: Readonly<Record<string, number>> = { float32: 1, uint8: 2, int32: 6, int64: 7 };
  return {
    inputNames: inputs,
    run: async (feed) => {
      const given = inputs.map((name: string) => [codes[feed[name]?.type ?? ''], feed[name]?.data, feed[name]?.dims]);
      const made = addon.run(
        session,
        given,
        outputs.map(() => null),
      );
      return Object.fromEntries(
        outputs.map((name: string, index: number) => {
          const [code, buffer, dims] = made[index];
          return [
            name,
            code === 1 ? floats(new Float32Array(buffer), dims) : tensor('int64', new BigInt64Array(buffer), dims),
          ];
        }),
      );
    },
    release: async () => addon.dispose(session),
  };
}

/** Runs a compiled graph once; inputs it does not list are left out. */
export async function runOnce(graph: CompiledGraph, feed: Feed): Promise<Record<string, ort.Tensor>> {
  const session = await openSession(graph.onnx);
  const listed = Object.fromEntries(
    graph.inputs.map(({ name }) => {
      const value = feed[name];
      if (!value) throw new Error(`The test feeds no ${name}.`);
      return [name, value];
    }),
  );
  const result = await session.run(listed);
  await session.release();
  return result as Record<string, ort.Tensor>;
}

export const numbers = (value: ort.Tensor | undefined): Float32Array => value?.data as Float32Array;

export interface StepFigures {
  readonly loss: number;
  /** The loss's first figure. */
  readonly metric: number;
  /** All scalar outputs by name. */
  readonly all: Readonly<Record<string, number>>;
  readonly gradientNorm: number | undefined;
}

/** The smallest honest training loop over a compiled step. */
export class StepRunner {
  readonly #session: TestSession;
  readonly #compiled: TrainStep;
  readonly #state: Map<string, ort.Tensor>;
  step = 0;

  constructor(session: TestSession, compiled: TrainStep) {
    this.#session = session;
    this.#compiled = compiled;
    this.#state = new Map(compiled.state.map((entry) => [entry.name, fresh(entry)]));
  }

  /** @param data `x`, `y` and what else the model reads */
  async run(data: Readonly<Record<string, ort.Tensor>>, learningRate: number, seed = 0): Promise<StepFigures> {
    this.step++;
    const scalars: Record<string, ort.Tensor> = {
      ...data,
      learningRate: floats([learningRate], []),
      step: tensor('int32', Int32Array.of(this.step), []),
      seed: tensor('int32', Int32Array.of(seed), []),
    };
    const feed: Record<string, ort.Tensor> = {};
    for (const { name } of this.#compiled.inputs) {
      const value = this.#state.get(name) ?? scalars[name];
      if (!value) throw new Error(`The test feeds no ${name}.`);
      feed[name] = value;
    }
    const result = await this.#session.run(feed);
    for (const { name, outputName } of this.#compiled.state) this.#state.set(name, result[outputName] as ort.Tensor);
    const names = ['loss', ...this.#compiled.figures, 'gradientNorm'].filter((name) => result[name] !== undefined);
    const all = Object.fromEntries(names.map((name) => [name, numbers(result[name])[0] as number]));
    const [first = ''] = this.#compiled.figures;
    return { loss: all.loss as number, metric: all[first] as number, gradientNorm: all.gradientNorm, all };
  }

  state(name: string): Float32Array {
    return numbers(this.#state.get(name));
  }

  /** Copies of all state, as a checkpoint would hold them. */
  snapshot(): ReadonlyMap<string, Float32Array> {
    return new Map([...this.#state].map(([name, value]) => [name, Float32Array.from(value.data as Float32Array)]));
  }

  restore(snapshot: ReadonlyMap<string, Float32Array>, step: number): void {
    this.step = step;
    for (const { name, shape } of this.#compiled.state) {
      this.#state.set(name, tensor('float32', snapshot.get(name) as Float32Array, shape));
    }
  }
}

/** ‖a − b‖ / ‖b‖. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let [difference, norm] = [0, 0];
  for (let index = 0; index < expected.length; index++) {
    difference += ((actual[index] ?? 0) - (expected[index] ?? 0)) ** 2;
    norm += (expected[index] ?? 0) ** 2;
  }
  return Math.sqrt(difference / (norm + 1e-30));
}

function fresh(entry: StateTensor): ort.Tensor {
  if (entry.initial.length !== elementCount(entry.shape)) throw new Error(`${entry.name} has a wrong initial value.`);
  return tensor('float32', entry.initial.slice(), entry.shape);
}
