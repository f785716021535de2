import { buildModel } from '../../../../main/models/index.ts';
import type { Workload } from './workload.ts';
import { adamw, ids, noise } from './workload.ts';

const BATCH = 64;
const LENGTH = 64;
const FEATURES = 64;

const recurrent = (cell: 'lstm' | 'gru'): Workload => ({
  name: cell,
  stepsPerRun: 1,
  model: buildModel(
    { kind: 'recurrent', cell, hidden: 128 },
    { kind: 'series', length: LENGTH, features: FEATURES },
    { kind: 'classification', classes: 10 },
  ),
  loss: { kind: 'cross_entropy' },
  optimizer: adamw,
  data: { x: noise([BATCH, LENGTH, FEATURES]), y: ids([BATCH], 10) },
});

export const lstm = recurrent('lstm');
export const gru = recurrent('gru');
