import { buildModel } from '../../../../main/models/index.ts';
import type { Workload } from './workload.ts';
import { adamw, ids, noise } from './workload.ts';

const BATCH = 64;

/** Eight layers with weights: a stem, three blocks of two convolutions at 16, 32 and 64 channels, and the head. */
const residual = (name: string, normalization: 'none' | 'batch'): Workload => ({
  name,
  stepsPerRun: 1,
  model: buildModel(
    { kind: 'resnet', channels: [16, 32, 64], normalization },
    { kind: 'image', channels: 3, height: 32, width: 32 },
    { kind: 'classification', classes: 10 },
  ),
  loss: { kind: 'cross_entropy' },
  optimizer: adamw,
  data: { x: noise([BATCH, 3, 32, 32]), y: ids([BATCH], 10) },
});

export const resnet8 = residual('resnet8', 'none');
export const resnet8BatchNorm = residual('resnet8-batchnorm', 'batch');
