import * as ort from 'onnxruntime-node';
import { seededRandom } from '../../../main/base/random.ts';
import type { CompiledGraph, LossSpec, ParameterValues, Target, TrainStep } from '../../../main/graph/index.ts';
import { compileTrainStep } from '../../../main/graph/index.ts';
import type { Model } from '../../../main/models/index.ts';
import { type Digits, PIXELS, SIDE } from './digits.ts';

export interface Training {
  readonly model: Model;
  readonly loss: LossSpec;
  readonly steps: number;
  readonly batch: number;
  readonly learningRate: number;
  readonly target: Target;
}

const STEPS_PER_RUN = 10;

export const openSession = (onnx: Uint8Array): Promise<ort.InferenceSession> =>
  ort.InferenceSession.create(onnx, {
    executionProviders: ['cpu'],
    intraOpNumThreads: 2,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
    extra: { session: { set_denormal_as_zero: '1', intra_op: { allow_spinning: '0' } } },
  });

/** Trains with AdamW and a cosine to zero; the weights are averaged over the last steps, with decay 0.995. */
export async function train(training: Training, digits: Digits, log: (line: string) => void): Promise<ParameterValues> {
  const { model, loss, batch, learningRate, target } = training;
  const step = compileTrainStep(model, { loss, optimizer: { kind: 'adamw' }, clipNorm: 1, manySteps: true, target });
  const session = await openSession(step.onnx);
  let state = startOf(step);
  const random = seededRandom(1, 0);
  const averages = new Map<string, Float32Array>();
  for (let done = 0; done < training.steps; done += STEPS_PER_RUN) {
    const rates = Float32Array.from(
      { length: STEPS_PER_RUN },
      (_, index) =>
        learningRate *
        Math.min(1, (done + index + 1) / 100) *
        (0.5 + 0.5 * Math.cos((Math.PI * (done + index)) / training.steps)),
    );
    const picked = Int32Array.from({ length: STEPS_PER_RUN * batch }, () =>
      Math.floor(random.uniform() * digits.count),
    );
    const x = new Float32Array(picked.length * PIXELS);
    picked.forEach((item, place) => {
      x.set(digits.pixels.subarray(item * PIXELS, (item + 1) * PIXELS), place * PIXELS);
    });
    const all: Record<string, ort.Tensor> = {
      ...state,
      x: new ort.Tensor('float32', x, [STEPS_PER_RUN, batch, 1, SIDE, SIDE]),
      y: new ort.Tensor(
        'int64',
        BigInt64Array.from(picked, (item) => BigInt(digits.labels[item] ?? 0)),
        [STEPS_PER_RUN, batch],
      ),
      learningRate: new ort.Tensor('float32', rates, [STEPS_PER_RUN]),
      step: new ort.Tensor('int32', Int32Array.of(done + 1), []),
      seed: new ort.Tensor('int32', Int32Array.of(3), []),
    };
    const feed = Object.fromEntries(step.inputs.map(({ name }) => [name, all[name] as ort.Tensor]));
    const result = await session.run(feed);
    state = Object.fromEntries(step.state.map(({ name, outputName }) => [name, result[outputName] as ort.Tensor]));
    average(averages, step, state, 0.995 ** STEPS_PER_RUN);
    if (done % 500 === 0) log(`step ${done}: ${figuresOf(step, result)}`);
  }
  await session.release();
  return Object.fromEntries(averages);
}

/** Runs a graph over rows in turns of at most `rows`; yields the outputs joined. */
export async function runInTurns(
  graph: CompiledGraph,
  inputs: readonly { readonly name: string; readonly dims: readonly number[]; readonly data: Float32Array }[],
  rows: number,
): Promise<Readonly<Record<string, Float32Array>>> {
  const session = await openSession(graph.onnx);
  const count = inputs[0]?.dims[0] ?? 0;
  const joined: Record<string, number[][]> = {};
  for (let start = 0; start < count; start += rows) {
    const feed: Record<string, ort.Tensor> = {};
    for (const { name, dims, data } of inputs) {
      const size = data.length / count;
      const part = data.slice(start * size, Math.min(count, start + rows) * size);
      feed[name] = new ort.Tensor('float32', part, [part.length / size, ...dims.slice(1)]);
    }
    const result = await session.run(feed);
    for (const { name } of graph.outputs) {
      joined[name] ??= [];
      joined[name].push(Array.from(result[name]?.data as Float32Array));
    }
  }
  await session.release();
  return Object.fromEntries(Object.entries(joined).map(([name, parts]) => [name, Float32Array.from(parts.flat())]));
}

const startOf = (step: TrainStep): Record<string, ort.Tensor> =>
  Object.fromEntries(
    step.state.map(({ name, shape, initial }) => [name, new ort.Tensor('float32', initial.slice(), [...shape])]),
  );

function average(
  averages: Map<string, Float32Array>,
  step: TrainStep,
  state: Readonly<Record<string, ort.Tensor>>,
  decay: number,
): void {
  for (const { name, kind } of step.state) {
    if (kind === 'optimizer') continue;
    const now = state[name]?.data as Float32Array;
    const kept = averages.get(name);
    if (!kept || kind === 'buffer') averages.set(name, now.slice());
    else for (let i = 0; i < kept.length; i++) kept[i] = decay * (kept[i] ?? 0) + (1 - decay) * (now[i] ?? 0);
  }
}

const figuresOf = (step: TrainStep, result: ort.InferenceSession.OnnxValueMapType): string =>
  ['loss', ...step.figures].map((name) => `${name} ${Number(result[name]?.data[0]).toFixed(4)}`).join(', ');
