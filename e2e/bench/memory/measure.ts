import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { compileTrainStep, dimensionSize } from '../../../main/graph/index.ts';

import { caseOf } from './cases.ts';
import type { MeasuredStep } from './child.ts';

const CHILD = path.join(import.meta.dirname, 'child.ts');

/** Peak resident bytes of training steps in a fresh process, above those of one that has run an empty session. */
export function measurePeak(step: Omit<MeasuredStep, 'data'>): number {
  const told: MeasuredStep = { ...step, data: dataOf(step) };
  const output = execFileSync(process.execPath, [CHILD, JSON.stringify(told)], { encoding: 'utf8' });
  return (JSON.parse(output) as { readonly bytes: number }).bytes;
}

function dataOf({ name, batchSize }: Omit<MeasuredStep, 'data'>): MeasuredStep['data'] {
  const { model, loss, sizes } = caseOf(name);
  const { inputs, state } = compileTrainStep(model, { loss, optimizer: { kind: 'adamw' } });
  const others = new Set(['learningRate', 'step', 'seed', ...state.map(({ name }) => name)]);
  return inputs
    .filter(({ name }) => !others.has(name))
    .map(({ name, dtype, shape }) => ({
      name,
      dtype,
      dims: shape.map((size) => dimensionSize(size, { ...sizes, batch: batchSize })),
    }));
}
