import { readFileSync } from 'node:fs';
import { compileForward, Module, type Target, type Tensor } from '../../../main/graph/index.ts';
import { RuntimeSession } from '../../../main/runtime/index.ts';
import type { Feed, Feeds } from '../../../main/workers/training/feeds.ts';
import { StepRunner } from '../../../main/workers/training/step-runner.ts';
import { caseOf } from './cases.ts';

/** What a measuring process is told, as JSON in its only argument. */
export interface MeasuredStep {
  /** See `cases`. */
  readonly name: string;
  readonly batchSize: number;
  /** What one step reads of the samples. */
  readonly data: readonly { readonly name: string; readonly dtype: string; readonly dims: readonly number[] }[];
  readonly target: Target;
  readonly threads: number;
  /** Steps in one go after the first ones; 1 for none. */
  readonly stepsAtOnce: number;
}

/** After so many, nothing grows any more. */
const SINGLE_STEPS = 8;
const RUNS_OF_MANY = 3;

class Nothing extends Module {
  readonly kind = 'Nothing';
  forward(x: Tensor): Tensor {
    return x;
  }
}

/** Trains a few steps as a run does, in a process of its own, and prints how much memory that took at most. */
async function main({ name, batchSize, data, target, threads, stepsAtOnce }: MeasuredStep): Promise<void> {
  const { model, loss } = caseOf(name);
  const settings = { provider: 'cpu', threads, spinning: true } as const;
  const empty = await RuntimeSession.create(compileForward({ module: new Nothing(), inputShape: [] }).onnx, settings);
  await empty.dispose();
  const baseline = status('VmRSS');

  const options = { loss, optimizer: { kind: 'adamw' }, target } as const;
  const runner = await StepRunner.create(model, options, settings, batchSize, null);
  const many = runner.stepsAtOnce ? stepsAtOnce : 1;
  const feeds = feedsOf(data, model.fullBatch ? 1 : many);
  const single: Feeds = Object.fromEntries(
    Object.entries(feeds).map(([name, { data, dims }]) => [
      name,
      {
        dims,
        data: data.subarray(
          0,
          dims.reduce((product, size) => product * size, 1),
        ),
      } as Feed,
    ]),
  );
  for (let step = 1; step <= SINGLE_STEPS; step++) await runner.run(step, Float32Array.of(1e-3), 0, single);
  const rates = new Float32Array(many).fill(1e-3);
  for (let run = 0; many > 1 && run < RUNS_OF_MANY; run++)
    await runner.run(SINGLE_STEPS + 1 + run * many, rates, 0, feeds, model.fullBatch);
  console.log(JSON.stringify({ bytes: status('VmHWM') - baseline }));
  await runner.dispose();
}

/** Their values matter little: noughts and ones are classes, tokens and nodes wherever there are two of them. */
function feedsOf(data: MeasuredStep['data'], steps: number): Feeds {
  return Object.fromEntries(
    data.map(({ name, dtype, dims }) => {
      const length = steps * dims.reduce((product, size) => product * size, 1);
      const values =
        dtype === 'int64'
          ? BigInt64Array.from({ length }, (_, index) => BigInt(index % 2))
          : Float32Array.from({ length }, (_, index) => 1e-3 * ((index % 17) - 8));
      return [name, { data: values, dims }];
    }),
  );
}

/** Bytes, from /proc. */
function status(field: string): number {
  const line = readFileSync('/proc/self/status', 'utf8').match(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm'));
  return Number(line?.[1]) * 1024;
}

await main(JSON.parse(process.argv[2] ?? '{}') as MeasuredStep);
