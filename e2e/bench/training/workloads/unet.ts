import { buildModel } from '../../../../main/models/index.ts';
import type { Workload } from './workload.ts';
import { adamw, ids, noise } from './workload.ts';

const BATCH = 16;
const SIZE = 64;

export const unet: Workload = {
  name: 'unet',
  stepsPerRun: 1,
  model: buildModel(
    { kind: 'unet', channels: [16, 32, 64, 128] },
    { kind: 'image', channels: 1, height: SIZE, width: SIZE },
    { kind: 'segmentation', classes: 1 },
  ),
  loss: { kind: 'pixel_cross_entropy' },
  optimizer: adamw,
  data: { x: noise([BATCH, 1, SIZE, SIZE]), y: ids([BATCH, SIZE, SIZE], 2) },
};
