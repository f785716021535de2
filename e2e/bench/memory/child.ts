import { readFileSync } from 'node:fs';
import * as ort from 'onnxruntime-node';

/** What a measuring process is told, as JSON in its only argument. */
export interface Plan {
  readonly emptyPath: string;
  readonly onnxPath: string;
  readonly inputs: readonly { readonly name: string; readonly dtype: string; readonly dims: readonly number[] }[];
  readonly state: readonly { readonly name: string; readonly outputName: string; readonly dims: readonly number[] }[];
  readonly steps: number;
  readonly threads: number;
  readonly options: ort.InferenceSession.SessionOptions;
}

/**
 * Trains a few steps as the trainer does (state in two sets that take turns) in a process of its own, and prints by how
 * many bytes the most memory that it ever held exceeds that of an empty session.
 */
async function main(plan: Plan): Promise<void> {
  const settings: ort.InferenceSession.SessionOptions = {
    executionProviders: ['cpu'],
    intraOpNumThreads: plan.threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
    extra: { session: { intra_op: { allow_spinning: '0' }, set_denormal_as_zero: '1' } },
    ...plan.options,
  };
  const empty = await ort.InferenceSession.create(plan.emptyPath, settings);
  await empty.run({ x: new ort.Tensor('float32', Float32Array.of(1), [1]) });
  await empty.release();
  const baseline = status('VmRSS');

  const session = await ort.InferenceSession.create(plan.onnxPath, settings);
  const feeds: Record<string, ort.Tensor> = {};
  for (const { name, dtype, dims } of plan.inputs) feeds[name] = tensor(dtype, dims);
  const zeros = (dims: readonly number[]): ort.Tensor => tensor('float32', dims);
  let current = plan.state.map(({ dims }) => zeros(dims));
  let spare = plan.state.map(({ dims }) => zeros(dims));
  for (let step = 1; step <= plan.steps; step++) {
    const into: Record<string, ort.Tensor | null> = Object.fromEntries(session.outputNames.map((name) => [name, null]));
    const all: Record<string, ort.Tensor> = {
      ...feeds,
      learningRate: new ort.Tensor('float32', Float32Array.of(1e-3), []),
      step: new ort.Tensor('int32', Int32Array.of(step), []),
      seed: new ort.Tensor('int32', Int32Array.of(1), []),
    };
    plan.state.forEach(({ name, outputName }, place) => {
      all[name] = current[place] as ort.Tensor;
      into[outputName] = spare[place] as ort.Tensor;
    });
    const results = await session.run(
      Object.fromEntries(session.inputNames.map((name) => [name, all[name] as ort.Tensor])),
      into,
    );
    // Outputs that were given a place come back as copies too: see RuntimeSession.
    for (const { outputName } of plan.state) {
      const copy = (results[outputName] as ort.Tensor).data as Float32Array;
      (copy.buffer as ArrayBuffer).transfer(0);
    }
    [current, spare] = [spare, current];
  }
  console.log(JSON.stringify({ bytes: status('VmHWM') - baseline }));
}

/** Bytes, from /proc. */
function status(field: string): number {
  const line = readFileSync('/proc/self/status', 'utf8').match(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm'));
  return Number(line?.[1]) * 1024;
}

function tensor(dtype: string, dims: readonly number[]): ort.Tensor {
  const length = dims.reduce((product, size) => product * size, 1);
  if (dtype === 'int64') {
    // Noughts and ones are classes, tokens and nodes wherever there are two of them.
    return new ort.Tensor(
      'int64',
      BigInt64Array.from({ length }, (_, index) => BigInt(index % 2)),
      [...dims],
    );
  }
  const data = new Float32Array(length);
  // Written to, so that its pages are there; small, so that nothing grows without bound.
  for (let index = 0; index < length; index++) data[index] = 1e-3 * ((index % 17) - 8);
  return new ort.Tensor('float32', data, [...dims]);
}

await main(JSON.parse(process.argv[2] ?? '{}') as Plan);
