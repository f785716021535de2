import { buildModel } from '../../../../main/models/index.ts';
import type { Workload } from './workload.ts';
import { adamw, ids, noise } from './workload.ts';

const BATCH = 64;

export const cnn: Workload = {
  name: 'cnn',
  stepsPerRun: 1,
  model: buildModel(
    { kind: 'cnn', channels: [32, 64], poolAfter: [2], hidden: [128] },
    { kind: 'image', channels: 1, height: 28, width: 28 },
    { kind: 'classification', classes: 10 },
  ),
  loss: { kind: 'cross_entropy' },
  optimizer: adamw,
  data: { x: noise([BATCH, 1, 28, 28]), y: ids([BATCH], 10) },
};
