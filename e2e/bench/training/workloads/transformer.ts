import { buildModel } from '../../../../main/models/index.ts';
import type { Workload } from './workload.ts';
import { adamw, ids } from './workload.ts';

const BATCH = 64;
const LENGTH = 64;
const VOCABULARY = 1000;

export const transformer: Workload = {
  name: 'transformer',
  stepsPerRun: 1,
  model: buildModel(
    { kind: 'transformer_encoder', width: 128, heads: 4, layers: 4, feedForward: 512 },
    { kind: 'tokens', length: LENGTH, vocabulary: VOCABULARY },
    { kind: 'classification', classes: 10 },
  ),
  loss: { kind: 'cross_entropy' },
  optimizer: adamw,
  data: { x: ids([BATCH, LENGTH], VOCABULARY), y: ids([BATCH], 10) },
};
