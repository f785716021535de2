import { parseArgs } from 'node:util';
import { estimateTrainingMemory, planBatch, type Target } from '../../../main/graph/index.ts';
import { localTarget } from '../training/ours.ts';
import { caseOf, cases } from './cases.ts';
import { measurePeak } from './measure.ts';

const MEBIBYTE = 2 ** 20;
/** Of the measured peak, what the estimate may be off by. */
const TOLERANCE = 0.15;
/** Of steps that are quick. */
const STEPS_AT_ONCE = 8;

/**
 * `bench memory [--model cnn] [--batch 64] [--threads 2]`: what training steps really hold at most, each in a fresh
 * process, next to `estimateTrainingMemory`: on one thread with the lowering of this machine and, for one size, with
 * standard operators and several steps in one go; on all threads where
 * they share batches or update the weights. Prints one JSON object last.
 */
export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { model: { type: 'string' }, batch: { type: 'string' }, threads: { type: 'string', default: '2' } },
  });
  const local = await localTarget();
  const threads = Number(values.threads);
  const results: { readonly name: string; readonly way: string; readonly ratio: number }[] = [];
  for (const name of values.model === undefined ? Object.keys(cases) : [values.model]) {
    const { model, loss, batchSizes, sizes } = caseOf(name);
    for (const batchSize of values.batch === undefined ? batchSizes : [Number(values.batch)]) {
      const optionsOn = (target: Target) => ({ loss, optimizer: { kind: 'adamw' }, target }) as const;
      for (const { way, target, ...execution } of waysOf(local, threads, batchSize === batchSizes[0])) {
        const options = optionsOn(target);
        if (execution.threads > 1 && !planBatch(model, options, threads, batchSize).updatesApart) continue;
        const estimate = estimateTrainingMemory(model, options, batchSize, { ...execution, sizes });
        const bytes = measurePeak({ name, batchSize, target, ...execution });
        const parts = Object.entries(estimate).map(([part, bytes]) => [part, round(Number(bytes) / MEBIBYTE)]);
        const ratio = round(estimate.totalBytes / bytes);
        const measuredMiB = round(bytes / MEBIBYTE);
        const said = { name, batchSize, way, ratio, measuredMiB, ...Object.fromEntries(parts) };
        results.push(said);
        console.error(`${isOff(said) ? '!' : ' '} ${JSON.stringify(said)}`);
      }
    }
  }
  console.error(`${results.filter(isOff).length} of ${results.length} are off by more than ${TOLERANCE * 100} %`);
  console.log(JSON.stringify({ memory: results }));
}

const isOff = ({ ratio }: { readonly ratio: number }): boolean => Math.abs(ratio - 1) > TOLERANCE;

/** How steps are run, and the lowering. */
function waysOf(local: Target, threads: number, all: boolean) {
  return [
    { way: 'one thread', target: local, threads: 1, stepsAtOnce: 1 },
    { way: 'all threads', target: local, threads, stepsAtOnce: 1 },
    ...(all
      ? [
          { way: 'standard operators', target: { provider: 'standard' } as const, threads: 1, stepsAtOnce: 1 },
          { way: 'steps in one go', target: local, threads: 1, stepsAtOnce: STEPS_AT_ONCE },
        ]
      : []),
  ];
}

const round = (value: number): number => Math.round(value * 100) / 100;
