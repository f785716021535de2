import { cnn } from './cnn.ts';
import { embedding } from './embedding.ts';
import { gcn } from './gcn.ts';
import { mlp } from './mlp.ts';
import { gru, lstm } from './recurrent.ts';
import { resnet8, resnet8BatchNorm } from './residual.ts';
import { transformer } from './transformer.ts';
import { unet } from './unet.ts';
import type { Workload } from './workload.ts';

/** In the order in which they are measured; each has a twin in peers/. */
export const workloads: readonly Workload[] = [
  mlp,
  cnn,
  resnet8,
  resnet8BatchNorm,
  unet,
  gcn,
  transformer,
  lstm,
  gru,
  embedding,
];
