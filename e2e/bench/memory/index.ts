import { parseArgs } from 'node:util';
import { estimateTrainingMemory } from '../../../main/graph/index.ts';
import { localTarget } from '../training/ours.ts';
import { cases } from './cases.ts';
import { measurePeak } from './measure.ts';

const SIZES = [16, 64, 256, 512];
const MEBIBYTE = 2 ** 20;

/**
 * `bench memory [--model cnn] [--batch 64]`: what training steps really hold at most, each in a fresh process, next to
 * `estimateTrainingMemory`. Prints one JSON object last.
 */
export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: { model: { type: 'string' }, batch: { type: 'string' } } });
  const target = await localTarget();
  const results: object[] = [];
  for (const [name, model] of Object.entries(cases)) {
    if (values.model !== undefined && values.model !== name) continue;
    for (const batchSize of values.batch === undefined ? SIZES : [Number(values.batch)]) {
      const options = { loss: { kind: 'cross_entropy' }, optimizer: { kind: 'adamw' }, target } as const;
      const estimate = estimateTrainingMemory(model, options, batchSize);
      const measured = measurePeak({ model, options, dims: { x: [batchSize, ...model.inputShape], y: [batchSize] } });
      const parts = Object.entries(estimate).map(([part, bytes]) => [part, round(Number(bytes) / MEBIBYTE)]);
      const ratio = round(estimate.totalBytes / measured);
      results.push({ name, batchSize, measuredMiB: round(measured / MEBIBYTE), ratio, ...Object.fromEntries(parts) });
      console.error(`${name} ${batchSize}: ${JSON.stringify(results.at(-1))}`);
    }
  }
  console.log(JSON.stringify({ memory: results }));
}

const round = (value: number): number => Math.round(value * 100) / 100;
