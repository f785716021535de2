import { buildModel } from '../../../../main/models/index.ts';
import type { Workload } from './workload.ts';
import { adamw, ids, noise } from './workload.ts';

const BATCH = 64;

export const mlp: Workload = {
  name: 'mlp',
  stepsPerRun: 32,
  model: buildModel(
    { kind: 'mlp', hidden: [512, 256] },
    { kind: 'table', features: 784 },
    { kind: 'classification', classes: 10 },
  ),
  loss: { kind: 'cross_entropy' },
  optimizer: adamw,
  data: { x: noise([BATCH, 784]), y: ids([BATCH], 10) },
};
